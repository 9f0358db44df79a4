// A control that is fetched when a form with it is drawn; its place is held meanwhile.
import type { Component } from "vue";
import { late as lately } from "@/shared/late";
import WaitingField from "./fields/WaitingField.vue";

export const late = (loader: () => Promise<{ default: Component }>): Component =>
  lately(loader, WaitingField);
