// What was read stays to be read without a network: answers of the server that a field worker needs
// are kept on the device and stand in for the server while it cannot be reached.
import { shallowRef } from "vue";
import type { StandIn } from "./api";
import { fieldDb, type FieldDb } from "./fieldDb";
import { isUnreachable } from "./outbox";

/** What is kept: lists of work, tickets and their history, templates, and who is here. */
const KEPT = [
  /^\/api\/v1\/me(?:\/counts|\/templates\?.*)?$/,
  /^\/api\/v1\/tasks\?(?!.*cursor=)/,
  /^\/api\/v1\/tickets\/[^/?]+(?:\/timeline\?.*)?$/,
  /^\/api\/v1\/templates\/[^/?]+$/,
  /^\/api\/v1\/(?:assets\/[^/?]+|assets\?.*|prefill\?.*|departments)$/,
];
const ENTRIES_MAX = 400;
const AGE_MAX_MS = 14 * 86_400_000;

/** Whether the server was reached last time; with what is shown instead, from when that is. */
export const isAway = shallowRef(false);
export const shownFrom = shallowRef<number | null>(null);

const isKept = (path: string): boolean => KEPT.some((pattern) => pattern.test(path));
/** A token of a session is nothing to be kept. */
const without = (path: string, value: unknown): unknown =>
  path === "/api/v1/me" ? { ...(value as object), csrf: "" } : value;

export interface Shelf {
  keep(path: string, value: unknown): Promise<void>;
  read(path: string): Promise<{ at: number; value: unknown } | null>;
}

export function shelf(
  user: () => string | null,
  db: () => Promise<FieldDb> = fieldDb,
  now: () => number = Date.now,
): Shelf {
  let written = 0;
  const tidy = async (open: FieldDb) => {
    const turn = open.transaction("seen", "readwrite");
    let left = (await turn.store.count()) - ENTRIES_MAX;
    for (let at = await turn.store.index("at").openCursor(); at; at = await at.continue()) {
      if (left <= 0 && now() - at.value.at <= AGE_MAX_MS) break;
      left -= 1;
      await at.delete();
    }
    await turn.done;
  };
  return {
    async keep(path, value) {
      const who = user();
      if (who === null) return;
      const open = await db();
      const kept = without(path, value);
      await open.put("seen", { key: `${who} ${path}`, user: who, path, at: now(), value: kept });
      written += 1;
      if (written % 50 === 1) await tidy(open);
    },
    async read(path) {
      const who = user();
      const found = who === null ? undefined : await (await db()).get("seen", `${who} ${path}`);
      return found ? { at: found.at, value: found.value } : null;
    },
  };
}

/** Asks the server; without one, the shelf. */
export function standInFor(on: Shelf, isOnline = () => navigator.onLine): StandIn["around"] {
  return async <T>(path: string, ask: () => Promise<T>): Promise<T> => {
    const instead = async () => {
      const found = isKept(path) ? await on.read(path).catch(() => null) : null;
      if (found) shownFrom.value = Math.min(shownFrom.value ?? found.at, found.at);
      return found;
    };
    if (!isOnline()) {
      isAway.value = true;
      const found = await instead();
      if (found) return found.value as T;
    }
    try {
      const value = await ask();
      isAway.value = false;
      shownFrom.value = null;
      // A full device keeps less; what is on the page is not touched by that.
      if (isKept(path)) void on.keep(path, value).catch(() => undefined);
      return value;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      isAway.value = true;
      const found = await instead();
      if (!found) throw error;
      return found.value as T;
    }
  };
}
