// A conversation between people as rows: pauses, whose line it is, and where its link leads.
import { safeLink } from "@/shared/link";
import { anchors } from "@/shared/richText";
import type { Said } from "./types";

export type TalkLine =
  | { kind: "time"; key: string; at: number }
  | { kind: "said"; key: string; said: Said; own: boolean; link: string | null };

const BARE = /https?:\/\/[^\s<>"'，。；（）]+/;

/** Where a line leads: the link of a card, or the first address in a text. */
export function linkOf({ msgtype, content }: Said): string | null {
  if (msgtype === "link") return safeLink(content.url);
  if (msgtype !== "text") return null;
  const words = content.content ?? "";
  const anchor = anchors(words).find((span) => span.kind === "link");
  if (anchor?.kind === "link") return anchor.url;
  return safeLink(BARE.exec(words)?.[0]);
}

export function talkRows(lines: readonly Said[], viewer: string, pauseMs: number): TalkLine[] {
  const rows: TalkLine[] = [];
  let last = Number.NEGATIVE_INFINITY;
  const me = viewer.toLowerCase();
  for (const said of lines) {
    if (said.at - last >= pauseMs) rows.push({ kind: "time", key: `t${said.seq}`, at: said.at });
    last = said.at;
    const own = said.from.toLowerCase() === me;
    rows.push({ kind: "said", key: `s${said.seq}`, said, own, link: linkOf(said) });
  }
  return rows;
}
