// What was done, kept until the server has taken it. Everything is written down before it is sent, so
// that a page that is killed in the middle loses nothing; the key it is sent with makes that sending
// it twice does it once. What belongs to one ticket goes in the order in which it was done, and files
// go before what names them.
import { onceKey, type Stored } from "./api";
import type { Alone } from "./alone";
import { storageError, type Entry, type FieldDb, type HeldFile, type Refused } from "./fieldDb";
import { RequestError } from "./request";

/** A file that is only on this device has such an id until it is sent. */
export const LOCAL = "local-";
const HOLD_MS = 20_000;
/** A server that stumbles over it so often will not take it. */
const BROKEN_MAX = 6;
/** What is sent this late says when it was done. */
const LATE_MS = 120_000;

export type Doing = Pick<Entry, "lane" | "path" | "body" | "label" | "title" | "no" | "words"> & {
  key?: string;
  note?: string | null;
};

export type Outcome<T> = { done: true; value: T } | { done: false };

export interface OutboxMeans {
  db: () => Promise<FieldDb>;
  user: () => string | null;
  post: (path: string, body: unknown, key: string) => Promise<unknown>;
  upload: (file: HeldFile) => Promise<Stored>;
  alone: Alone;
  /** The words that say when it was done. */
  lateWords: (at: string) => string;
  isOnline?: () => boolean;
  now?: () => number;
  /** Told whenever something has changed in here. */
  changed?: () => void;
  /** What the ticket of an entry is like now. */
  look?: (entry: Entry) => Promise<RowLike | null>;
  /** Told of what the server has taken later; of what it takes at once, who submits it knows. */
  sent?: (entry: Entry, value: unknown) => void;
  tab?: string;
}

/** Nothing reached the server, or it was not able to answer: later it may. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof RequestError &&
  (error.kind === "offline" ||
    error.kind === "timeout" ||
    [429, 502, 503, 504].includes(error.status) ||
    error.code === "idempotency.unfinished");

/** The session is gone or another's: nothing can be sent until somebody has logged in. */
const isLoggedOut = (error: unknown): boolean =>
  error instanceof RequestError && (error.kind === "login" || error.code === "auth.csrf");

export function localFiles(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (typeof value === "string") {
    if (value.startsWith(LOCAL)) found.add(value);
  } else if (Array.isArray(value)) for (const one of value) localFiles(one, found);
  else if (typeof value === "object" && value !== null)
    for (const one of Object.values(value)) localFiles(one, found);
  return found;
}

export function replaced(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return ids.get(value) ?? value;
  if (Array.isArray(value)) return value.map((one) => replaced(one, ids));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one, ids)]));
}

export interface RowLike {
  status?: string;
  version?: number;
  step?: { name?: string } | null;
  handlers?: { name?: string }[];
}

const nowOf = (row: RowLike | null | undefined): Refused["now"] =>
  row
    ? {
        status: row.status ?? "",
        step: row.step?.name ?? "",
        handlers: (row.handlers ?? []).map((one) => one.name ?? ""),
        version: row.version ?? 0,
      }
    : null;

function refusedBy(error: RequestError): Refused {
  const current = error.current as { row?: RowLike } | null;
  return {
    status: error.status,
    code: error.code,
    detail: error.detail,
    fields: error.errors.map(({ detail }) => detail),
    requestId: error.requestId,
    now: nowOf(current?.row),
  };
}

class LostFile extends Error {}

const bySeq = (a: Entry, b: Entry) => a.seq - b.seq;

export class Outbox {
  private readonly tab: string;
  private readonly now: () => number;
  private running: Promise<void> | null = null;

  constructor(private readonly means: OutboxMeans) {
    this.tab = means.tab ?? onceKey();
    this.now = means.now ?? Date.now;
  }

  /** What waits here of the one who is here, in its order. */
  async entries(): Promise<Entry[]> {
    const user = this.means.user();
    if (user === null) return [];
    const db = await this.means.db();
    return (await db.getAllFromIndex("entries", "user", user)).sort(bySeq);
  }

  /** Writes it down. Fails with a `StorageError` when the device has no room. */
  private async put(doing: Doing, isHeld: boolean): Promise<Entry> {
    const user = this.means.user();
    if (user === null) throw new Error("nobody is here");
    const key = doing.key ?? onceKey();
    try {
      const db = await this.means.db();
      const turn = db.transaction("entries", "readwrite");
      const all = await turn.store.getAll();
      const known = all.find((one) => one.key === key);
      const entry: Entry = {
        id: known?.id ?? onceKey(),
        key,
        user,
        seq: known?.seq ?? Math.max(0, ...all.map((one) => one.seq)) + 1,
        at: known?.at ?? new Date(this.now()).toISOString(),
        lane: doing.lane,
        path: doing.path,
        body: doing.body,
        label: doing.label,
        title: doing.title,
        no: doing.no,
        words: doing.words,
        note: doing.note ?? null,
        state: "waiting",
        tries: known?.tries ?? 0,
        why: null,
        held: isHeld ? { by: this.tab, until: this.now() + HOLD_MS } : null,
      };
      await turn.store.put(entry);
      await turn.done;
      return entry;
    } catch (error) {
      throw storageError(error);
    }
  }

  /**
   * Does it: now when the server can be reached, later when not. What the server refuses is thrown
   * and not kept, for whoever asked still has his form before him.
   */
  async submit<T>(doing: Doing): Promise<Outcome<T>> {
    const isBehind = (await this.entries().catch((): Entry[] => [])).some(
      (one) => one.lane === doing.lane && one.key !== doing.key,
    );
    const isNow = !isBehind && (this.means.isOnline?.() ?? true);
    let entry: Entry;
    try {
      entry = await this.put(doing, isNow);
    } catch (error) {
      if (!isNow) throw error;
      // A device that keeps nothing can still send.
      const value = await this.means.post(doing.path, doing.body, doing.key ?? onceKey());
      return { done: true, value: value as T };
    }
    this.means.changed?.();
    if (!isNow) {
      void this.flush();
      return { done: false };
    }
    try {
      const value = await this.send(entry);
      await this.drop(entry);
      return { done: true, value: value as T };
    } catch (error) {
      if (isUnreachable(error) || isLoggedOut(error)) {
        await this.change(entry.id, { held: null, tries: entry.tries + 1 });
        return { done: false };
      }
      await this.drop(entry, true);
      throw error;
    }
  }

  /** Sends one entry: its files first. */
  private async send(entry: Entry): Promise<unknown> {
    const db = await this.means.db();
    const ids = new Map<string, string>();
    for (const id of localFiles(entry.body)) {
      const file = await db.get("files", id);
      if (!file) throw new LostFile(id);
      if (file.stored === null) {
        file.stored = (await this.means.upload(file)).id;
        await db.put("files", file);
      }
      ids.set(id, file.stored);
    }
    const body = replaced(entry.body, ids) as Record<string, unknown>;
    const isLate = this.now() - Date.parse(entry.at) > LATE_MS;
    if (isLate && entry.note !== null) {
      const said = typeof body[entry.note] === "string" ? String(body[entry.note]) : "";
      body[entry.note] = [said, this.means.lateWords(entry.at)].filter(Boolean).join("\n");
    }
    return this.means.post(entry.path, body, entry.key);
  }

  /** Sends what waits. Tabs do not send side by side; calls made meanwhile wait for the same run. */
  flush(): Promise<void> {
    this.running ??= this.means
      .alone(() => this.sendAll())
      .then(() => undefined)
      .catch(() => undefined)
      .finally(() => (this.running = null));
    return this.running;
  }

  private async sendAll(): Promise<void> {
    const stuck = new Set<string>();
    for (;;) {
      const all = await this.entries();
      const next = all.find(
        (one) =>
          !stuck.has(one.lane) &&
          one === all.find((other) => other.lane === one.lane) &&
          one.state === "waiting",
      );
      if (!next) return;
      stuck.add(next.lane);
      const { held } = next;
      if (held && held.by !== this.tab && held.until > this.now()) continue;
      if (held && held.by === this.tab) continue;
      try {
        const value = await this.send(next);
        await this.drop(next);
        stuck.delete(next.lane);
        this.means.sent?.(next, value);
      } catch (error) {
        if (isUnreachable(error) || isLoggedOut(error)) {
          await this.change(next.id, { tries: next.tries + 1 });
          return;
        }
        await this.fail(next, error);
      }
    }
  }

  private async fail(entry: Entry, error: unknown): Promise<void> {
    const tries = entry.tries + 1;
    const isBroken = error instanceof RequestError && error.kind === "broken";
    if (isBroken && tries < BROKEN_MAX) {
      await this.change(entry.id, { tries });
      return;
    }
    const why: Refused =
      error instanceof RequestError
        ? refusedBy(error)
        : {
            status: 0,
            code: error instanceof LostFile ? "local.file_lost" : "local.broken",
            detail: error instanceof LostFile ? "" : String(error),
            fields: [],
            requestId: "",
            now: null,
          };
    // Not every refusal says what has become of the ticket meanwhile.
    why.now ??= nowOf(await this.means.look?.(entry).catch(() => null));
    await this.change(entry.id, { tries, state: "refused", why });
  }

  private async change(id: string, change: Partial<Entry>): Promise<void> {
    const db = await this.means.db();
    const turn = db.transaction("entries", "readwrite");
    const entry = await turn.store.get(id);
    if (entry) await turn.store.put({ ...entry, ...change });
    await turn.done;
    this.means.changed?.();
  }

  /** Once more, under a new key: the server remembers what it refused under the old one. */
  async retry(id: string): Promise<void> {
    await this.change(id, { state: "waiting", why: null, key: onceKey(), held: null });
    await this.flush();
  }

  async discard(id: string): Promise<void> {
    const db = await this.means.db();
    const entry = await db.get("entries", id);
    if (entry) await this.drop(entry);
    void this.flush();
  }

  /** Takes it out, with the files that nothing else names; a form that is still open names them. */
  private async drop(entry: Entry, keepFiles = false): Promise<void> {
    const db = await this.means.db();
    await db.delete("entries", entry.id);
    if (!keepFiles) {
      const named = localFiles((await db.getAll("entries")).map(({ body }) => body));
      for (const id of localFiles(entry.body)) if (!named.has(id)) await db.delete("files", id);
    }
    this.means.changed?.();
  }

  /** Keeps a file until it can be sent; its id stands in the form meanwhile. */
  async hold(file: Blob, name: string): Promise<string> {
    const user = this.means.user();
    if (user === null) throw new Error("nobody is here");
    const id = LOCAL + onceKey();
    const bytes = await file.arrayBuffer();
    try {
      const db = await this.means.db();
      await db.put("files", {
        id,
        user,
        at: this.now(),
        name,
        type: file.type,
        bytes,
        stored: null,
      });
    } catch (error) {
      throw storageError(error);
    }
    return id;
  }

  /** The files that wait here, to be shown. */
  async files(): Promise<HeldFile[]> {
    const user = this.means.user();
    return user === null ? [] : (await this.means.db()).getAllFromIndex("files", "user", user);
  }
}
