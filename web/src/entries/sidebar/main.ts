import { sidebar } from "@/locales/zh-CN/sidebar";
import { mount } from "@/shared/mount";
import App from "./App.vue";

void mount(App, [sidebar, () => import("@/locales/en/sidebar").then((words) => words.sidebar)]);
