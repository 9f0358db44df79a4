// Hours as WeCom writes them, on the reader's own clock.
import { locale, t } from "@/shared/t";

const DAY_MS = 86_400_000;

const format = (at: number, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(locale.value, options).format(at);

const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0);

/** As WeCom separates a chat: the hour today, “昨天” before, then the date. */
export function chatTime(at: number, now: number = Date.now()): string {
  const clock = format(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const days = Math.round((midnight(now) - midnight(at)) / DAY_MS);
  if (days === 0) return clock;
  if (days === 1) return `${t("chat.yesterday")} ${clock}`;
  return `${format(at, { month: "long", day: "numeric" })} ${clock}`;
}

export const logTime = (at: number): string =>
  format(at, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
