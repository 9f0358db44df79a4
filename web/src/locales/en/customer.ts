import type { customer as zh } from "../zh-CN/customer";

export const customer: Record<keyof typeof zh, string> = {
  "customer.assets.none": "No devices are registered",
  "customer.orders.none": "No orders",
  "customer.opportunities.none": "No opportunities",
  "customer.warranty": "Warranty until {day}",
  "customer.warranty.over": "Warranty ended {day}",
  "customer.served": "Served {count} times",
  "customer.served.last": "last",
  "customer.history": "Service history",
  "customer.history.hide": "Hide history",
  "customer.history.none": "Nothing that you may see",
  "customer.asset.create": "Ticket for it",
  "customer.expected": "expected {day}",
  "customer.tags": "Tags",
  "customer.tags.none": "No tags",
  "customer.followers": "Followed by",
  "customer.followers.none": "Nobody",
  "customer.remark": "known as {text}",
};
