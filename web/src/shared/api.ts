// The service's API: `api.get<Ticket>("/tickets/7")`. Every call but the first carries the session's
// token; what is read is tried again when the line breaks; what is written takes a key, so that
// sending it twice does it once.
import { toldBy } from "./boot";
import { refusalOf, request, RequestError, type Ask } from "./request";

const BASE = "/api/v1";
const RETRIES = 2;
const UPLOAD_MS = 120_000;

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface Write {
  /** The version that was seen: somebody faster is told apart from us. */
  version?: number;
  /** See `onceKey`. */
  key?: string;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** What stands in for the server while it cannot be reached; pages for the field have one. */
export interface StandIn {
  around: <T>(path: string, ask: () => Promise<T>) => Promise<T>;
  /** Takes a file that could not be sent; what names it sends it first. */
  hold: (file: Blob, name: string) => Promise<Stored>;
  urlOf: (id: string) => string | undefined;
}

const told = toldBy(document);

let csrf = "";
let standIn: StandIn | null = null;
export const useStandIn = (instead: StandIn | null): void => {
  standIn = instead;
};
let hook: (error: RequestError) => void = () => undefined;

export const csrfToken = (): string => csrf;

/** The session tells its token, and hears of calls that failed for want of one. */
export function useToken(token: string, onRefused?: (error: RequestError) => void): void {
  csrf = token;
  if (onRefused) hook = onRefused;
}

/** A key for one intent: made when a form opens, used for every attempt to send it. */
export function onceKey(): string {
  // crypto.randomUUID and crypto.subtle are not there on plain http; this is.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function pathOf(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return `${BASE}${path}${given.length > 0 ? `?${search}` : ""}`;
}

const heard = (error: unknown): never => {
  if (error instanceof RequestError && (error.kind === "login" || error.code === "auth.csrf"))
    hook(error);
  throw error;
};

const headersOf = ({ version, key }: Write = {}): Record<string, string> => ({
  ...(csrf ? { "qidan-csrf": csrf } : {}),
  ...(version === undefined ? {} : { "if-match": `"${version}"` }),
  ...(key ? { "idempotency-key": key } : {}),
});

const send = <T>(method: NonNullable<Ask["method"]>, path: string, json: unknown, write: Write) => {
  const { timeoutMs, signal, key } = write;
  const ask: Ask = { method, headers: headersOf(write), retries: key ? RETRIES : 0 };
  if (json !== undefined) ask.json = json;
  if (timeoutMs !== undefined) ask.timeoutMs = timeoutMs;
  if (signal) ask.signal = signal;
  return request<T>(pathOf(path), ask).catch(heard);
};

export const api = {
  get: <T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> => {
    const ask: Ask = { headers: headersOf(), retries: RETRIES };
    if (signal) ask.signal = signal;
    const whole = pathOf(path, query);
    const now = async () => told<T>(whole) ?? (await request<T>(whole, ask));
    return (standIn ? standIn.around(whole, now) : now()).catch(heard);
  },
  post: <T>(path: string, json: unknown = {}, write: Write = {}): Promise<T> =>
    send<T>("POST", path, json, write),
  put: <T>(path: string, json: unknown = {}, write: Write = {}): Promise<T> =>
    send<T>("PUT", path, json, write),
  delete: <T>(path: string, write: Write = {}): Promise<T> =>
    send<T>("DELETE", path, undefined, write),
};

/** A page of a list. */
export interface Listed<T> {
  items: T[];
  next: string | null;
}

export interface Stored {
  id: string;
  name: string;
  mime: string;
  size: number;
}

/** Where a stored file is to be had; of others it needs the ticket that it belongs to. */
export const fileUrl = (id: string, ticket?: string | null): string =>
  standIn?.urlOf(id) ??
  `${BASE}/files/${encodeURIComponent(id)}${ticket ? `?ticket=${encodeURIComponent(ticket)}` : ""}`;

export interface Upload {
  url?: string;
  key?: string;
  signal?: AbortSignal;
  /** How much has left, from 0 to 1. */
  onProgress?: (share: number) => void;
  /** It goes now or fails: whoever sends what was held asks for that. */
  isFinal?: boolean;
}

/** Sends a file. `fetch` cannot tell how much has left, so this is the older way. */
export function upload(file: Blob, name: string, options: Upload = {}): Promise<Stored> {
  return new Promise<Stored>((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", options.url ?? `${BASE}/files`);
    call.timeout = UPLOAD_MS;
    for (const [header, value] of Object.entries(
      headersOf(options.key ? { key: options.key } : {}),
    ))
      call.setRequestHeader(header, value);
    call.upload.addEventListener("progress", ({ loaded, total }) =>
      options.onProgress?.(total > 0 ? loaded / total : 0),
    );
    call.addEventListener("load", () => {
      const id = call.getResponseHeader("x-request-id") ?? "";
      const isTaken = call.status >= 200 && call.status < 300;
      try {
        if (isTaken) resolve(JSON.parse(call.responseText) as Stored);
        else reject(refusalOf(call.status, call.responseText, id));
      } catch {
        // A proxy's page, with a status as if all was well.
        reject(new RequestError("broken", call.status, ""));
      }
    });
    call.addEventListener("error", () => reject(new RequestError("offline", 0, "")));
    call.addEventListener("timeout", () => reject(new RequestError("timeout", 0, "")));
    call.addEventListener("abort", () => reject(new RequestError("offline", 0, "")));
    if (options.signal?.aborted) throw new RequestError("offline", 0, "");
    options.signal?.addEventListener("abort", () => call.abort());
    const form = new FormData();
    form.set("file", file, name);
    call.send(form);
  }).catch((error: unknown) => {
    const isHeld = standIn && !options.isFinal && !options.url && !options.signal?.aborted;
    const isAway = error instanceof RequestError && ["offline", "timeout"].includes(error.kind);
    return isHeld && isAway ? (standIn as StandIn).hold(file, name) : heard(error);
  });
}
