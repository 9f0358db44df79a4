// How the log's lines are worded and coloured.
import type { CallbackRecord, CallRecord, SdkRecord } from "./types";

export type Tone = "ok" | "warn" | "bad" | "idle";

/** Codes that a service is expected to live through: it waits, or fetches a new token. */
const PASSING = new Set([-1, 40014, 42001, 42009, 45009, 45033, 60020, 45029]);

export const errcodeTone = (errcode: number | null | undefined, status: number | null): Tone => {
  if (status === null || status >= 500) return "bad";
  if (errcode === null || errcode === undefined) return status >= 400 ? "bad" : "idle";
  if (errcode === 0) return "ok";
  return PASSING.has(errcode) ? "warn" : "bad";
};

export const callTone = (call: CallRecord): Tone => errcodeTone(call.errcode, call.status);

export const callbackTone = (callback: CallbackRecord): Tone => {
  if (callback.status === 200 && !callback.error) return "ok";
  // Before the third attempt the platform will try again; attempt 0 is none at all.
  return callback.attempt === 1 || callback.attempt === 2 ? "warn" : "bad";
};

/** A page must live with a person who closes what it opened. */
export const sdkTone = ({ result }: SdkRecord): Tone => {
  const said = result?.errMsg ?? "";
  if (/:(ok|yes)$/.test(said)) return "ok";
  return said.endsWith(":cancel") ? "warn" : "bad";
};

/** `/cgi-bin/message/send` is known to everybody as message/send. */
export const shortPath = (path: string): string => path.replace(/^\/cgi-bin\//, "");

export const millis = (ms: number | undefined): string => {
  if (ms === undefined) return "";
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
};

/** Anything as readable text: JSON indented, XML one element a line, the rest as it is. */
export function pretty(value: unknown): string {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value !== "string") return JSON.stringify(value, null, 2);
  const text = value.trim();
  if (text.startsWith("<")) return prettyXml(text);
  if (!/^[[{]/.test(text)) return value;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return value;
  }
}

const TOKENS = /<!\[CDATA\[[\s\S]*?\]\]>|<\/?[^>]+>|[^<]+/g;

/** Indents XML without touching what stands in it; an element that holds only text stays whole. */
export function prettyXml(xml: string): string {
  const lines: string[] = [];
  let depth = 0;
  let line = "";
  let holdsText = false;
  const flush = () => {
    if (line) lines.push("  ".repeat(Math.max(depth, 0)) + line);
    line = "";
  };
  for (const token of xml.match(TOKENS) ?? []) {
    const isTag = token.startsWith("<") && !token.startsWith("<![CDATA[");
    if (!isTag) {
      if (token.trim() === "" && !holdsText) continue;
      line += token.trim();
      holdsText = true;
    } else if (token.startsWith("</")) {
      if (line === "") depth -= 1;
      line += token;
      flush();
      holdsText = false;
    } else if (token.endsWith("/>") || token.startsWith("<?")) {
      openLine();
      line = token;
      flush();
    } else {
      openLine();
      line = token;
      holdsText = false;
    }
  }
  flush();
  return lines.join("\n");

  // An element that opens inside another one pushes its parent's tag onto a line of its own.
  function openLine(): void {
    if (line === "") return;
    flush();
    depth += 1;
  }
}

export const matches = (
  words: string,
  ...fields: (string | number | null | undefined)[]
): boolean => {
  const wanted = words.trim().toLowerCase();
  return (
    wanted === "" ||
    fields.some((f) =>
      String(f ?? "")
        .toLowerCase()
        .includes(wanted),
    )
  );
};
