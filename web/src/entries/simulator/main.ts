import { simulator } from "@/locales/zh-CN/simulator";
import { mount } from "@/shared/mount";
import App from "./App.vue";

void mount(App, [simulator, () => import("@/locales/en/simulator").then((m) => m.simulator)]);
