// What the workbench keeps on the device, where there is room for photos: what was done without a
// network, the files that go with it, and what was read last. Files are kept as bytes: old clients
// lose Blobs that they keep.
import { openDB, type DBSchema, type IDBPDatabase } from "idb";

/** Something that somebody has done, on its way to the server. */
export interface Entry {
  id: string;
  /** The Idempotency-Key under which it is sent, however often. */
  key: string;
  user: string;
  /** The order in which things were done. */
  seq: number;
  /** When it was done, on this device's clock. */
  at: string;
  /** What must happen in order: the ticket that it is about, or itself. */
  lane: string;
  /** Below /api/v1. */
  path: string;
  body: Record<string, unknown>;
  /** What a person reads of it. */
  label: string;
  title: string;
  no: string | null;
  /** Everything that was written, to be copied elsewhere. */
  words: string;
  /** The field that takes a line saying when it was really done. */
  note: string | null;
  state: "waiting" | "refused";
  tries: number;
  why: Refused | null;
  /** The tab that sends it right now, and until when nobody else does. */
  held: { by: string; until: number } | null;
}

/** Why the server did not take it. */
export interface Refused {
  status: number;
  code: string;
  detail: string;
  fields: string[];
  requestId: string;
  /** What the ticket is like now, when the server said. */
  now: { status: string; step: string; handlers: string[]; version: number } | null;
}

export interface HeldFile {
  id: string;
  user: string;
  at: number;
  name: string;
  type: string;
  bytes: ArrayBuffer;
  /** Its id on the server, once it is there. */
  stored: string | null;
}

export interface Seen {
  key: string;
  user: string;
  path: string;
  at: number;
  value: unknown;
}

export interface Lease {
  name: string;
  holder: string;
  until: number;
}

interface Schema extends DBSchema {
  entries: { key: string; value: Entry; indexes: { user: string } };
  files: { key: string; value: HeldFile; indexes: { user: string } };
  seen: { key: string; value: Seen; indexes: { at: number } };
  leases: { key: string; value: Lease };
}

export type FieldDb = IDBPDatabase<Schema>;

export const openFieldDb = (name = "qidan.field"): Promise<FieldDb> =>
  openDB<Schema>(name, 1, {
    upgrade(db) {
      db.createObjectStore("entries", { keyPath: "id" }).createIndex("user", "user");
      db.createObjectStore("files", { keyPath: "id" }).createIndex("user", "user");
      db.createObjectStore("seen", { keyPath: "key" }).createIndex("at", "at");
      db.createObjectStore("leases", { keyPath: "name" });
    },
    // Another tab has newer code: it must not wait for this one.
    blocking: (_now, _next, event) => (event.target as IDBDatabase).close(),
  });

/** The device has no room, or does not let the page keep anything. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  constructor(readonly reason: "full" | "refused") {
    super(reason);
  }
}

export const storageError = (error: unknown): StorageError => {
  if (error instanceof StorageError) return error;
  const name = (error as { name?: unknown } | null)?.name;
  return new StorageError(name === "QuotaExceededError" ? "full" : "refused");
};

let opened: Promise<FieldDb> | null = null;

/** The device's one database; opened by the first who asks, and anew when it was closed. */
export function fieldDb(): Promise<FieldDb> {
  opened ??= openFieldDb().then(
    (db) => {
      db.addEventListener("close", () => (opened = null));
      return db;
    },
    (error: unknown) => {
      opened = null;
      throw storageError(error);
    },
  );
  return opened;
}
