import "@/shared/theme.css";
import { createApp } from "vue";
import { followTheme } from "@/shared/theme";
import App from "./App.vue";

followTheme();
createApp(App).mount("#app");
