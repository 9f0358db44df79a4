import { group } from "@/locales/zh-CN/group";
import { mount } from "@/shared/mount";
import App from "./App.vue";

void mount(App, [group, () => import("@/locales/en/group").then((words) => words.group)]);
