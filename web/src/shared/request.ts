// One way to ask a server of ours: JSON in, JSON out, a time limit, and an error that says which of
// the few things that a person can act on has happened.

export type FailureKind = "offline" | "timeout" | "refused" | "conflict" | "missing" | "broken";

export class RequestError extends Error {
  override readonly name = "RequestError";
  constructor(
    readonly kind: FailureKind,
    readonly status: number,
    /** The server's own words, when it had any. */
    readonly detail: string,
  ) {
    super(detail || kind);
  }
}

export interface Ask {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  json?: unknown;
  form?: FormData;
  timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;
const DETAIL_CHARS_MAX = 300;

const kindOf = (status: number): FailureKind => {
  if (status === 409) return "conflict";
  if (status === 404) return "missing";
  return status >= 500 ? "broken" : "refused";
};

const detailOf = (text: string): string => {
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    const said = body["detail"] ?? body["error"] ?? body["errmsg"] ?? body["message"];
    if (typeof said === "string") return said.slice(0, DETAIL_CHARS_MAX);
  } catch {
    // Not JSON: a proxy's page or a plain sentence.
  }
  return text.startsWith("<") ? "" : text.slice(0, DETAIL_CHARS_MAX);
};

export async function request<T>(path: string, ask: Ask = {}): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), ask.timeoutMs ?? TIMEOUT_MS);
  const init: RequestInit = { method: ask.method ?? "GET", signal: limit.signal };
  if (ask.form) init.body = ask.form;
  if (ask.json !== undefined) {
    init.body = JSON.stringify(ask.json);
    init.headers = { "content-type": "application/json" };
  }
  try {
    const answer = await fetch(path, init);
    const text = await answer.text();
    if (!answer.ok) throw new RequestError(kindOf(answer.status), answer.status, detailOf(text));
    return (text === "" ? null : JSON.parse(text)) as T;
  } catch (error) {
    if (error instanceof RequestError) throw error;
    if (limit.signal.aborted) throw new RequestError("timeout", 0, "");
    if (error instanceof SyntaxError) throw new RequestError("broken", 200, error.message);
    throw new RequestError("offline", 0, "");
  } finally {
    clearTimeout(timer);
  }
}
