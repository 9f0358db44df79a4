// One way to ask a server of ours: JSON in, JSON out, a time limit, and an error that says which of
// the few things that a person can act on has happened.

export type FailureKind =
  | "offline"
  | "timeout"
  | "login"
  | "refused"
  | "conflict"
  | "missing"
  | "broken";

/** One answer that the server did not take. */
export interface FieldProblem {
  path: string;
  code: string;
  detail: string;
}

/** What the server says besides the words (RFC 9457). */
export interface Refusal {
  code: string;
  requestId: string;
  errors: FieldProblem[];
  /** Of a conflict: the thing as it is now. */
  current: unknown;
}

const NOTHING: Refusal = { code: "", requestId: "", errors: [], current: null };

export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: string;
  readonly requestId: string;
  readonly errors: FieldProblem[];
  readonly current: unknown;
  constructor(
    readonly kind: FailureKind,
    readonly status: number,
    /** The server's own words, when it had any. */
    readonly detail: string,
    refusal: Refusal = NOTHING,
  ) {
    super(detail || kind);
    this.code = refusal.code;
    this.requestId = refusal.requestId;
    this.errors = refusal.errors;
    this.current = refusal.current;
  }
}

export interface Ask {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  json?: unknown;
  form?: FormData;
  headers?: Record<string, string>;
  timeoutMs?: number;
  /** How often it is tried again when the server is not to be reached. Only what may be repeated. */
  retries?: number;
  signal?: AbortSignal;
}

const TIMEOUT_MS = 15_000;
const RETRY_MS = 400;
const DETAIL_CHARS_MAX = 300;
/** Answers of a server that is busy, or of a proxy that does not find it. */
const PASSING = new Set([502, 503, 504]);

const kindOf = (status: number): FailureKind => {
  if (status === 401) return "login";
  if (status === 409) return "conflict";
  if (status === 404) return "missing";
  return status >= 500 ? "broken" : "refused";
};

const record = (text: string): Record<string, unknown> => {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};

const detailOf = (body: Record<string, unknown>, text: string): string => {
  const said = body["detail"] ?? body["error"] ?? body["errmsg"] ?? body["message"];
  if (typeof said === "string") return said.slice(0, DETAIL_CHARS_MAX);
  // Not JSON: a proxy's page or a plain sentence.
  return text.startsWith("<") || text.startsWith("{") ? "" : text.slice(0, DETAIL_CHARS_MAX);
};

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** A refused answer as an error. */
export function refusalOf(status: number, text: string, requestId: string): RequestError {
  const body = record(text);
  const errors = Array.isArray(body["errors"]) ? (body["errors"] as FieldProblem[]) : [];
  return new RequestError(kindOf(status), status, detailOf(body, text), {
    code: textOf(body["code"]),
    requestId: textOf(body["request_id"]) || requestId,
    errors: errors.filter((one) => typeof one?.path === "string"),
    current: body["current"] ?? null,
  });
}

async function once<T>(path: string, ask: Ask): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), ask.timeoutMs ?? TIMEOUT_MS);
  const stop = () => limit.abort();
  // It may have ended while a second try was waited for.
  if (ask.signal?.aborted) stop();
  ask.signal?.addEventListener("abort", stop);
  const init: RequestInit = { method: ask.method ?? "GET", signal: limit.signal };
  const headers = { ...ask.headers };
  if (ask.form) init.body = ask.form;
  if (ask.json !== undefined) {
    init.body = JSON.stringify(ask.json);
    headers["content-type"] = "application/json";
  }
  if (Object.keys(headers).length > 0) init.headers = headers;
  try {
    const answer = await fetch(path, init);
    const text = await answer.text();
    if (!answer.ok) throw refusalOf(answer.status, text, answer.headers.get("x-request-id") ?? "");
    return (text === "" ? null : JSON.parse(text)) as T;
  } catch (error) {
    if (error instanceof RequestError) throw error;
    if (limit.signal.aborted) throw new RequestError("timeout", 0, "");
    if (error instanceof SyntaxError) throw new RequestError("broken", 200, error.message);
    throw new RequestError("offline", 0, "");
  } finally {
    clearTimeout(timer);
    ask.signal?.removeEventListener("abort", stop);
  }
}

const passes = (error: unknown) =>
  error instanceof RequestError && (error.kind === "offline" || PASSING.has(error.status));

export async function request<T>(path: string, ask: Ask = {}): Promise<T> {
  for (let left = ask.retries ?? 0, wait = RETRY_MS; ; left -= 1, wait *= 3) {
    try {
      return await once<T>(path, ask);
    } catch (error) {
      if (left <= 0 || ask.signal?.aborted || !passes(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
