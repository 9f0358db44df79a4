import { workbench } from "@/locales/zh-CN/workbench";
import { mount } from "@/shared/mount";
import App from "./App.vue";

void mount(App, [
  workbench,
  () => import("@/locales/en/workbench").then((words) => words.workbench),
]);
