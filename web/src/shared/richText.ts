// The two kinds of marked-up text that WeCom's messages carry, read into plain data. Nothing here
// or later is ever handed to the browser as HTML.
import { safeLink } from "./link";

export type Span =
  | { kind: "text"; text: string; tone?: "info" | "comment" | "warning" }
  | { kind: "strong" | "code"; text: string }
  | { kind: "link"; text: string; url: string };

export interface Block {
  kind: "line" | "heading" | "quote" | "item";
  spans: Span[];
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
const unescape = (text: string) =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? "");

const ANCHOR = /<a\s[^>]*?href\s*=\s*["']?([^"'\s>]+)["']?[^>]*>([\s\S]*?)<\/a>/gi;

/** A text message: only `<a href>` means anything, the rest stands as it was written. */
export function anchors(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(ANCHOR)) {
    if (match.index > from) spans.push({ kind: "text", text: text.slice(from, match.index) });
    const url = safeLink(unescape(match[1] ?? ""));
    const words = match[2] ?? "";
    spans.push(url ? { kind: "link", text: words, url } : { kind: "text", text: words });
    from = match.index + match[0].length;
  }
  if (from < text.length) spans.push({ kind: "text", text: text.slice(from) });
  return spans;
}

const INLINE =
  /\*\*(.+?)\*\*|`([^`]+)`|\[([^\]]*)\]\(([^)\s]+)\)|<font color="(info|comment|warning)">([\s\S]*?)<\/font>/g;

function inline(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) spans.push({ kind: "text", text: text.slice(from, match.index) });
    from = match.index + match[0].length;
    const [, strong, code, words, address, tone, toned] = match;
    const url = safeLink(address);
    if (strong !== undefined) spans.push({ kind: "strong", text: strong });
    else if (code !== undefined) spans.push({ kind: "code", text: code });
    else if (words !== undefined && url) spans.push({ kind: "link", text: words, url });
    else if (words !== undefined) spans.push({ kind: "text", text: words });
    else spans.push({ kind: "text", text: toned ?? "", tone: tone as "info" });
  }
  if (from < text.length) spans.push({ kind: "text", text: text.slice(from) });
  return spans;
}

/** WeCom's small markdown: headings, quotes, lists, bold, code, links, three font colours. */
export function markdown(text: string): Block[] {
  return text.split(/\r?\n/).map((line) => {
    const marked = /^(#{1,6}\s+|>\s?|[-*]\s+)(.*)$/.exec(line);
    const mark = marked?.[1]?.[0];
    const kind = mark === "#" ? "heading" : mark === ">" ? "quote" : mark ? "item" : "line";
    return { kind, spans: inline(marked?.[2] ?? line) };
  });
}

const DIV = /<div(?:\s+class\s*=\s*["']?(gray|normal|highlight)["']?)?\s*>([\s\S]*?)<\/div>/gi;

/** A text card's description: `<br>` and three classes of `<div>`. */
export function textcard(text: string): { tone: string; text: string }[] {
  const parts: { tone: string; text: string }[] = [];
  const plain = (piece: string) => {
    const clean = unescape(piece.replace(/<br\s*\/?>/gi, "\n").replace(/<[^>]+>/g, "")).trim();
    if (clean) parts.push({ tone: "normal", text: clean });
  };
  let from = 0;
  for (const match of text.matchAll(DIV)) {
    plain(text.slice(from, match.index));
    const before = parts.length;
    plain(match[2] ?? "");
    const added = parts[before];
    if (added) added.tone = match[1]?.toLowerCase() ?? "normal";
    from = match.index + match[0].length;
  }
  plain(text.slice(from));
  return parts;
}
