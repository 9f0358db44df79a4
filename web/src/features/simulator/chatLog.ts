// What the chat shows, worked out from what the server told and what is still on its way.
import type { Outgoing } from "./api";
import type { CallbackRecord, Content, Entry } from "./types";

/** A message that was typed here and is not yet known to be in the chat. */
export interface Pending {
  id: number;
  at: number;
  message: Outgoing;
  /** The newest entry when it was sent: its own entry comes later than this one. */
  after: number;
  /** Told by the server once it took the message. */
  seq: number | null;
  failure: string | null;
  /** A picture that only this page has so far. */
  preview: string | null;
}

export type Row =
  | { kind: "time"; key: string; at: number }
  | { kind: "entry"; key: string; entry: Entry; delivery: Delivery | null }
  | { kind: "pending"; key: string; pending: Pending };

export interface Delivery {
  state: "ok" | "failing";
  attempt: number;
  status: number | null;
  tookMs: number;
  error: string | null;
}

/** WeCom writes the hour when the talk has paused for this long. */
export const PAUSE_MS = 5 * 60_000;

const says = (entry: Entry, pending: Pending): boolean => {
  const { message } = pending;
  if (entry.direction !== "out" || entry.seq <= pending.after) return false;
  if (entry.msgtype !== message.msgtype) return false;
  if (message.msgtype === "text") return entry.content.content === message.content;
  if (message.msgtype === "location") return entry.content.label === message.label;
  return true;
};

/** Drops every pending message whose entry has arrived; one entry settles one message. */
export function settle(pending: readonly Pending[], entries: readonly Entry[]): Pending[] {
  const taken = new Set<number>(pending.flatMap((p) => (p.seq === null ? [] : [p.seq])));
  const known = new Set(entries.map((e) => e.seq));
  return pending.filter((p) => {
    if (p.seq !== null) return !known.has(p.seq);
    if (p.failure !== null) return true;
    const entry = entries.find((e) => !taken.has(e.seq) && says(e, p));
    if (entry) taken.add(entry.seq);
    return !entry;
  });
}

/** The message as an entry's content, so that it is drawn the same before and after its arrival. */
export function contentOf({ message, preview }: Pending): Content {
  if ("media" in message) return { filename: message.media.name, url: preview };
  return message;
}

const MSGID = /<MsgId>(?:<!\[CDATA\[)?([^<\]]+)|"(?:msgid|MsgId)"\s*:\s*"?([^",}]+)/;

/** What became of the callback of each message, by message id; the last attempt counts. */
export function deliveriesByMessage(callbacks: readonly CallbackRecord[]): Map<string, Delivery> {
  const found = new Map<string, Delivery>();
  for (const callback of callbacks) {
    const match = MSGID.exec(callback.plain);
    const msgid = match?.[1] ?? match?.[2];
    if (!msgid || found.get(msgid)?.state === "ok") continue;
    const ok = callback.status === 200 && !callback.error;
    found.set(msgid, {
      state: ok ? "ok" : "failing",
      attempt: callback.attempt,
      status: callback.status,
      tookMs: callback.took_ms ?? 0,
      error: callback.error ?? null,
    });
  }
  return found;
}

/** A press on a card shows on the card itself. */
const isSilent = ({ msgtype, content }: Entry): boolean =>
  msgtype === "event" && (content.event ?? "").startsWith("template_card");

export function rowsOf(
  entries: readonly Entry[],
  pending: readonly Pending[],
  deliveries: ReadonlyMap<string, Delivery> = new Map(),
): Row[] {
  const rows: Row[] = [];
  let last = Number.NEGATIVE_INFINITY;
  const pause = (at: number, key: string) => {
    if (at - last >= PAUSE_MS) rows.push({ kind: "time", key: `time-${key}`, at });
    last = at;
  };
  for (const entry of entries) {
    if (isSilent(entry)) continue;
    pause(entry.at, String(entry.seq));
    const delivery = entry.direction === "out" ? deliveries.get(entry.msgid ?? "") : undefined;
    rows.push({ kind: "entry", key: `entry-${entry.seq}`, entry, delivery: delivery ?? null });
  }
  for (const p of pending) {
    pause(p.at, `p${p.id}`);
    rows.push({ kind: "pending", key: `pending-${p.id}`, pending: p });
  }
  return rows;
}

/** Adds what is new to a log, oldest first, and keeps the newest `max`. */
export function append<T extends { seq: number }>(
  have: readonly T[],
  more: readonly T[],
  max: number,
): T[] {
  const last = have[have.length - 1]?.seq ?? 0;
  const fresh = more.filter((m) => m.seq > last).sort((a, b) => a.seq - b.seq);
  return fresh.length === 0 ? (have as T[]) : [...have, ...fresh].slice(-max);
}

/** Unread counts as the page shows them: what was there when the chat was last looked at is read. */
export class ReadMarks {
  private readonly seen = new Map<string, number>();

  read(userid: string, unread: number): void {
    this.seen.set(userid, unread);
  }

  count(userid: string, unread: number): number {
    const seen = this.seen.get(userid) ?? 0;
    // The server has forgotten or counted afresh: so do we.
    if (unread < seen) this.seen.set(userid, 0);
    return unread < seen ? unread : unread - seen;
  }
}
