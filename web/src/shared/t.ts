// The words of the page. Keys are checked by the compiler; a change of language redraws by itself.
// Chinese is in the page's own file; English is fetched by those who read it. An entry names the
// areas it speaks: `await speak([sidebar, () => import("@/locales/en/sidebar").then(…)])`.
import { ref, shallowRef, watch } from "vue";
import type { Key } from "@/locales/keys";
import { base } from "@/locales/zh-CN/base";
import { kept } from "./kept";

export type { Key };
export type Locale = "zh-CN" | "en";
export type Dictionary = Record<string, string>;
/** The words of an area: in Chinese, and where its English is. */
export type Area = readonly [zh: Dictionary, en: () => Promise<Dictionary>];

const BASE: Area = [base, () => import("@/locales/en/base").then((module) => module.base)];
const areas: Area[] = [BASE];
const words: Record<Locale, ReturnType<typeof shallowRef<Dictionary>>> = {
  "zh-CN": shallowRef<Dictionary>(base),
  en: shallowRef<Dictionary>({}),
};

const memory = kept("qidan.locale");

function wished(): Locale {
  const chosen = memory.read();
  if (chosen) return chosen === "en" ? "en" : "zh-CN";
  // WeCom says in its name which language its owner reads.
  return /\bLanguage\/en\b/i.test(navigator.userAgent) ? "en" : "zh-CN";
}

export const locale = ref<Locale>(wished());

async function fetchEnglish(): Promise<void> {
  const parts = await Promise.all(areas.map(([, en]) => en()));
  words.en.value = Object.assign({}, ...parts) as Dictionary;
}

watch(
  locale,
  (chosen) => {
    memory.write(chosen);
    document.documentElement.lang = chosen;
    // Until English is here the page stays readable in Chinese.
    if (chosen === "en") void fetchEnglish();
  },
  { flush: "sync" },
);
document.documentElement.lang = locale.value;

/** Adds areas; waits for their English where it is read. */
export async function speak(...more: Area[]): Promise<void> {
  areas.push(...more);
  words["zh-CN"].value = Object.assign({}, ...areas.map(([zh]) => zh)) as Dictionary;
  if (locale.value === "en") await fetchEnglish().catch(() => undefined);
}

/** Several of a kind in one line. */
export const among = (all: readonly string[]): string =>
  all.join(locale.value === "en" ? ", " : "、");

export function t(key: Key, params: Record<string, string | number> = {}): string {
  const text = words[locale.value].value?.[key] ?? words["zh-CN"].value?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in params ? String(params[name]) : whole,
  );
}
