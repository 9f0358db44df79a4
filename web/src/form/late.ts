// A component that is fetched when it is drawn; its place is held meanwhile.
import { defineAsyncComponent, type Component } from "vue";
import WaitingField from "./fields/WaitingField.vue";

export const late = (loader: () => Promise<{ default: Component }>): Component =>
  defineAsyncComponent({ loader, loadingComponent: WaitingField, delay: 80 });
