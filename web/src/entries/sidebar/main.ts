import "@/features/conversation/words";
import { mount } from "@/shared/mount";
import App from "./App.vue";

void mount(App);
