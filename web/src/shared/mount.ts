// Starts a page: its words, its theme, its component. An entry's main.ts is
//
//   import { sidebar } from "@/locales/zh-CN/sidebar";
//   void mount(App, [sidebar, () => import("@/locales/en/sidebar").then((m) => m.sidebar)]);
import "./theme.css";
import { createApp, type Component } from "vue";
import { speak, t, type Area } from "./t";
import { followTheme } from "./theme";
import { say } from "./toast";

export async function mount(page: Component, ...areas: Area[]): Promise<void> {
  followTheme();
  await speak(...areas);
  const app = createApp(page);
  app.config.errorHandler = (error) => {
    // What a page did not foresee must not look as if a button did nothing.
    say(t("error.code"), "bad");
    setTimeout(() => {
      throw error;
    });
  };
  app.mount("#app");
}
