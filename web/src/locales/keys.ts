// Every key that a page can ask for. Types only: a page carries the words of its own areas.
import type { base } from "./zh-CN/base";
import type { form } from "./zh-CN/form";
import type { group } from "./zh-CN/group";
import type { profile } from "./zh-CN/profile";
import type { publicPage } from "./zh-CN/public";
import type { sidebar } from "./zh-CN/sidebar";
import type { simulator } from "./zh-CN/simulator";
import type { ticket } from "./zh-CN/ticket";
import type { workbench } from "./zh-CN/workbench";

export type Key =
  | keyof typeof base
  | keyof typeof form
  | keyof typeof group
  | keyof typeof profile
  | keyof typeof publicPage
  | keyof typeof sidebar
  | keyof typeof simulator
  | keyof typeof ticket
  | keyof typeof workbench;
