// Light or dark: what the person chose here, else what WeCom's browser says in its name, else what
// the system wishes.
import { computed, ref, watchEffect } from "vue";
import { kept } from "./kept";

export type Theme = "auto" | "light" | "dark";

const THEMES: Theme[] = ["auto", "light", "dark"];
const memory = kept("qidan.theme");

export const theme = ref<Theme>(THEMES.find((t) => t === memory.read()) ?? "auto");

const wish = matchMedia("(prefers-color-scheme: dark)");
const systemDark = ref(wish.matches);
// Safari 13 knows only addListener; our floor is 14, which has both.
wish.addEventListener("change", (event) => (systemDark.value = event.matches));

const told = /ColorScheme\/(Dark|Light)/.exec(navigator.userAgent)?.[1];

export const dark = computed(() => {
  if (theme.value !== "auto") return theme.value === "dark";
  return told ? told === "Dark" : systemDark.value;
});

export function followTheme(): void {
  watchEffect(() => {
    document.documentElement.dataset["theme"] = dark.value ? "dark" : "light";
    memory.write(theme.value);
  });
}
