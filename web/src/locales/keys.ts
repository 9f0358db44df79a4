// Every key that a page can ask for. Types only: a page carries the words of its own areas.
import type { base } from "./zh-CN/base";
import type { form } from "./zh-CN/form";
import type { conversation } from "./zh-CN/conversation";
import type { create } from "./zh-CN/create";
import type { customer } from "./zh-CN/customer";
import type { publicPage } from "./zh-CN/public";
import type { simulator } from "./zh-CN/simulator";
import type { ticket } from "./zh-CN/ticket";
import type { workbench } from "./zh-CN/workbench";

export type Key =
  | keyof typeof base
  | keyof typeof form
  | keyof typeof conversation
  | keyof typeof create
  | keyof typeof customer
  | keyof typeof publicPage
  | keyof typeof simulator
  | keyof typeof ticket
  | keyof typeof workbench;
