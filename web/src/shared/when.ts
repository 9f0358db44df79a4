// Hours as people write them. What belongs to the organisation (tickets, deadlines) is read on its
// clock, wherever the reader is.
import { computed, onScopeDispose, shallowRef } from "vue";
import { boot } from "./boot";
import { t } from "./t";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const two = (n: number) => String(n).padStart(2, "0");

/** The wall clock of a zone, as if it were UTC. */
const wall = (at: number, zone: number) => new Date(at + zone * MINUTE_MS);

/** `2026-11-22` in the organisation's zone. */
export const dayOf = (at: number, zone = boot.zone_minutes): string =>
  wall(at, zone).toISOString().slice(0, 10);

/** `15:04` in the organisation's zone. */
export const clockOf = (at: number, zone = boot.zone_minutes): string =>
  wall(at, zone).toISOString().slice(11, 16);

/** `2026-11-22T15:04`, as an input of date and time has it, as the instant that it means. */
export function instantOf(local: string, zone = boot.zone_minutes): string | null {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(local)
    ? Date.parse(`${local.slice(0, 16)}:00Z`)
    : Number.NaN;
  if (Number.isNaN(at)) return null;
  return new Date(at - zone * MINUTE_MS).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The other way round. */
export function localOf(instant: string, zone = boot.zone_minutes): string {
  const at = Date.parse(instant);
  return Number.isNaN(at) ? "" : wall(at, zone).toISOString().slice(0, 16);
}

/** The whole of it: `2026-11-22 15:04`. */
export const absolute = (at: number, zone = boot.zone_minutes): string =>
  `${dayOf(at, zone)} ${clockOf(at, zone)}`;

/** As near as one wants to know it: `3 分钟前`, `昨天 15:04`, `11-20 15:04`, `2025-11-20`. */
export function relative(at: number, now: number, zone = boot.zone_minutes): string {
  const ago = now - at;
  const size = Math.abs(ago);
  const days = Math.round((Date.parse(dayOf(now, zone)) - Date.parse(dayOf(at, zone))) / DAY_MS);
  const clock = clockOf(at, zone);
  if (size < MINUTE_MS) return t("when.now");
  if (size < HOUR_MS)
    return t(ago > 0 ? "when.minutes" : "when.in.minutes", { n: Math.floor(size / MINUTE_MS) });
  if (days === 0 || size < 6 * HOUR_MS)
    return t(ago > 0 ? "when.hours" : "when.in.hours", { n: Math.floor(size / HOUR_MS) });
  if (days === 1) return t("when.yesterday", { clock });
  if (days === -1) return t("when.tomorrow", { clock });
  const isSameYear = dayOf(at, zone).slice(0, 4) === dayOf(now, zone).slice(0, 4);
  return isSameYear ? `${dayOf(at, zone).slice(5)} ${clock}` : dayOf(at, zone);
}

/** How long something takes or has taken: `35 分钟`, `2 小时 5 分`, `3 天`. */
export function span(ms: number): string {
  const minutes = Math.floor(Math.abs(ms) / MINUTE_MS);
  if (minutes < 60) return t("span.minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return t("span.days", { n: Math.floor(hours / 24) });
  const rest = minutes % 60;
  return rest === 0
    ? t("span.hours", { n: hours })
    : t("span.hours.minutes", { h: hours, m: two(rest) });
}

/** The time, in steps fine enough for “3 分钟前”. One timer a page, however many read it. */
const now = shallowRef(Date.now());
let readers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

export function useNow() {
  readers += 1;
  now.value = Date.now();
  timer ??= setInterval(() => (now.value = Date.now()), 15_000);
  onScopeDispose(() => {
    readers -= 1;
    if (readers > 0) return;
    clearInterval(timer);
    timer = undefined;
  });
  return computed(() => now.value);
}
