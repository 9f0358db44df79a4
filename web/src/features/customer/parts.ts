// The headings under which a customer's things stand.
import type { CustomerContext } from "@/api/pages";
import { t } from "@/shared/t";

export type Part = "assets" | "orders" | "opportunities" | "people";

export const partsOf = ({ assets, orders, opportunities }: CustomerContext) =>
  [
    { value: "assets", label: t("customer.assets"), count: assets.length },
    { value: "orders", label: t("customer.orders"), count: orders.length },
    { value: "opportunities", label: t("customer.opportunities"), count: opportunities.length },
    { value: "people", label: t("customer.people"), count: 0 },
  ] satisfies { value: Part; label: string; count: number }[];
