// How the next messages of this page reach the service. Only what differs from the platform's
// usual way is sent along.
import { computed, reactive } from "vue";
import { t, type Key } from "@/shared/t";
import type { Deliver } from "./types";

export const TAMPERS = ["signature", "ciphertext", "receiveid", "xml", "utf8"] as const;
export const FLAGS = [
  "retry_on_status",
  "same_nonce",
  "lose",
  "json",
  "shuffle",
  "bom",
  "no_cdata",
  "no_agent",
  "empty_agent",
] as const;
export const DELAYS_MS = [0, 500, 2_000, 6_000] as const;

type Settings = Required<Pick<Deliver, "copies" | "retry" | "delay_ms">> &
  Record<(typeof FLAGS)[number], boolean> & { tamper: (typeof TAMPERS)[number] | "" };

const usual = (): Settings => ({
  copies: 1,
  retry: true,
  tamper: "",
  delay_ms: 0,
  retry_on_status: false,
  lose: false,
  empty_agent: false,
  same_nonce: false,
  json: false,
  shuffle: false,
  bom: false,
  no_cdata: false,
  no_agent: false,
});

export const deliverOf = (settings: Settings): Deliver => {
  const options: Deliver = {};
  if (settings.copies > 1) options.copies = settings.copies;
  if (!settings.retry) options.retry = false;
  if (settings.delay_ms > 0) options.delay_ms = settings.delay_ms;
  if (settings.tamper) options.tamper = settings.tamper;
  for (const flag of FLAGS) if (settings[flag]) options[flag] = true;
  return options;
};

export function useDelivery() {
  const settings = reactive(usual());
  const options = computed(() => deliverOf(settings));
  const changed = computed(() => {
    const words: string[] = [];
    if (settings.copies > 1) words.push(t("deliver.copies.short", { n: settings.copies }));
    if (!settings.retry) words.push(`${t("deliver.retry")} ✕`);
    if (settings.delay_ms > 0) words.push(`${t("deliver.delay")} ${settings.delay_ms} ms`);
    if (settings.tamper) {
      words.push(`${t("deliver.tamper")}${t(`deliver.tamper.${settings.tamper}` as Key)}`);
    }
    for (const flag of FLAGS) if (settings[flag]) words.push(t(`deliver.${flag}`));
    return words.join("、");
  });
  return { settings, options, changed, reset: () => void Object.assign(settings, usual()) };
}

export type Delivering = ReturnType<typeof useDelivery>;
