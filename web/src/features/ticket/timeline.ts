// A ticket's history as lines to be shown: newest first, each with its kind, told apart by whether the
// customer hears of it.
import type { HistoryEntry, TimelineItem } from "@/api/pages";

export type Audience = "all" | "ours" | "customer";

export interface Line extends TimelineItem {
  seq: number;
  /** Shown before the server has said so. */
  foreseen?: boolean;
}

const KINDS: Record<string, TimelineItem["kind"]> = {
  comment: "comment",
  answer: "comment",
  attach: "file",
  check_in: "checkin",
  urge: "notice",
  approve: "approval",
  reject: "approval",
  return: "approval",
  resubmit: "approval",
  cosign: "approval",
  release: "approval",
};

/** What was said, without the name that stands above it anyway. */
function words(text: string, name: string): string {
  if (!text.startsWith(name)) return text;
  return text.slice(name.length).replace(/^[\s:：]+/, "") || text;
}

export function lineOf(entry: HistoryEntry): Line {
  const files = (entry.files ?? []).map(({ id, name, kind, mime }) => ({
    id,
    name,
    mime: mime ?? (kind === undefined || kind === "image" ? "image/*" : "application/octet-stream"),
    size: 0,
  }));
  return {
    seq: entry.seq,
    kind: entry.kind ?? KINDS[entry.verb] ?? "state",
    by_name: entry.name,
    at: entry.at,
    text: words(entry.text, entry.name),
    files,
    is_public: entry.is_public ?? false,
  };
}

/** Those for a reader, the newest first. */
export function shownTo(lines: readonly Line[], audience: Audience): Line[] {
  const kept = lines.filter(
    (line) => audience === "all" || line.is_public === (audience === "customer"),
  );
  return kept.sort((a, b) => b.seq - a.seq);
}
