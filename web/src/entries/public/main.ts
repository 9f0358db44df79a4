import { publicPage } from "@/locales/zh-CN/public";
import { mount } from "@/shared/mount";
import App from "./App.vue";

void mount(App, [
  publicPage,
  () => import("@/locales/en/public").then((words) => words.publicPage),
]);
