import { profile } from "@/locales/zh-CN/profile";
import { mount } from "@/shared/mount";
import App from "./App.vue";

void mount(App, [profile, () => import("@/locales/en/profile").then((words) => words.profile)]);
