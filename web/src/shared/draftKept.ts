// What somebody has written and not sent yet: where it is kept, and whether there is any. What keeps it
// is in draft.ts, which only those pages fetch that write.
import { kept } from "./kept";

export const DRAFT_PREFIX = "qidan.draft:";
export const DRAFT_AGE_MAX_MS = 7 * 86_400_000;

interface Kept {
  at: number;
  values: Record<string, unknown>;
}

export interface DraftKey {
  user: string;
  template: string;
  customer?: string | null;
}

export const draftName = ({ user, template, customer }: DraftKey): string =>
  DRAFT_PREFIX + [user, template, customer ?? ""].map(encodeURIComponent).join(":");

/** The draft with when it was written, as long as it is young enough. */
export function keptDraft(key: DraftKey, now = Date.now()): Kept | null {
  try {
    const draft = JSON.parse(kept(draftName(key)).read() ?? "null") as Kept | null;
    return draft && now - draft.at <= DRAFT_AGE_MAX_MS ? draft : null;
  } catch {
    return null;
  }
}
