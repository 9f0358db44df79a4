// What the fixed words of tickets are called.
import type { Priority, Status } from "@/api/pages";
import { t, type Key } from "@/shared/t";
import "./words";

const SOURCES: Record<string, Key> = {
  app_message: "ticket.source.app_message",
  menu: "ticket.source.menu",
  bot: "ticket.source.bot",
  api: "ticket.source.api",
  chat_sidebar: "ticket.source.chat_sidebar",
  customer_profile: "ticket.source.customer_profile",
  workbench: "ticket.source.workbench",
  group_menu: "ticket.source.group_menu",
  kf: "ticket.source.kf",
  qr: "ticket.source.qr",
  web_form: "ticket.source.web_form",
  subticket: "ticket.source.subticket",
  trigger: "ticket.source.trigger",
};

export const sourceWords = (source: string): string => {
  const key = SOURCES[source];
  return key ? t(key) : source;
};
export const statusWords = (status: Status): string => t(`ticket.status.${status}`);
export const priorityWords = (priority: Priority): string => t(`ticket.priority.${priority}`);
