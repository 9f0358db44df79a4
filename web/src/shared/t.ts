// The words of the page. Keys are checked by the compiler; a change of language redraws by itself.
import { ref, watch } from "vue";
import { en } from "@/locales/en";
import { zhCN, type Key } from "@/locales/zh-CN";
import { kept } from "./kept";

export type { Key };
export type Locale = "zh-CN" | "en";

const WORDS: Record<Locale, Record<Key, string>> = { "zh-CN": zhCN, en };

export const locale = ref<Locale>(kept("qidan.locale").read() === "en" ? "en" : "zh-CN");

watch(
  locale,
  (chosen) => {
    kept("qidan.locale").write(chosen);
    document.documentElement.lang = chosen;
  },
  { immediate: true, flush: "sync" },
);

export function t(key: Key, params: Record<string, string | number> = {}): string {
  return WORDS[locale.value][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in params ? String(params[name]) : whole,
  );
}
