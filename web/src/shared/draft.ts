// What somebody has written and not sent yet, kept on his device: per person, template and customer,
// for a week. The sidebar is thrown away when the chat changes; what was typed into it is not.
import { onScopeDispose, ref, watch } from "vue";
import { DRAFT_AGE_MAX_MS, DRAFT_PREFIX, draftName, keptDraft, type DraftKey } from "./draftKept";
import { kept } from "./kept";

export { draftName, type DraftKey };

const QUIET_MS = 300;
const DRAFTS_MAX = 40;
const CHARS_MAX = 100_000;

export const readDraft = (key: DraftKey, now = Date.now()): Record<string, unknown> | null =>
  keptDraft(key, now)?.values ?? null;

/** Old drafts and the oldest of too many go. */
export function tidyDrafts(now = Date.now()): void {
  try {
    const drafts: { name: string; at: number }[] = [];
    for (let nth = 0; nth < localStorage.length; nth += 1) {
      const name = localStorage.key(nth) ?? "";
      if (!name.startsWith(DRAFT_PREFIX)) continue;
      const { at = 0 } = JSON.parse(localStorage.getItem(name) ?? "{}") as { at?: number };
      drafts.push({ name, at });
    }
    drafts.sort((a, b) => b.at - a.at);
    for (const [nth, { name, at }] of drafts.entries())
      if (nth >= DRAFTS_MAX || now - at > DRAFT_AGE_MAX_MS) localStorage.removeItem(name);
  } catch {
    // A draft that cannot be read stays where it is.
  }
}

export function writeDraft(key: DraftKey, values: Record<string, unknown>, now = Date.now()): void {
  const text = JSON.stringify({ at: now, values });
  if (text.length <= CHARS_MAX) kept(draftName(key)).write(text);
}

export function dropDraft(key: DraftKey): void {
  kept(draftName(key)).remove();
}

/**
 * `useDraft(() => (template.value ? { user, template: key, customer } : null), () => form.typed.value, form.restore)`
 *
 * Keeps what `values` says while `key` is known. `restored` is what was found when it became known;
 * the page puts it back and offers 不要草稿 (`discard`). After sending: `clear`.
 */
export function useDraft(
  key: () => DraftKey | null,
  values: () => Record<string, unknown>,
  restore: (values: Record<string, unknown>) => void,
) {
  const restored = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pending: (() => void) | null = null;
  let quiet = false;
  tidyDrafts();

  const flush = () => {
    clearTimeout(timer);
    pending?.();
    pending = null;
  };
  watch(
    () => JSON.stringify(key()),
    () => {
      flush();
      const now = key();
      const draft = now && readDraft(now);
      restored.value = draft !== null && draft !== undefined;
      if (draft) restore(draft);
    },
    { immediate: true },
  );
  watch(
    values,
    (changed) => {
      const now = key();
      if (!now || quiet) return;
      clearTimeout(timer);
      pending = () => {
        if (Object.keys(changed).length > 0) writeDraft(now, changed);
        else dropDraft(now);
      };
      timer = setTimeout(flush, QUIET_MS);
    },
    { deep: true },
  );
  // The webview may be gone within the quiet time.
  addEventListener("pagehide", flush);
  onScopeDispose(() => {
    removeEventListener("pagehide", flush);
    flush();
  });

  const clear = () => {
    clearTimeout(timer);
    pending = null;
    restored.value = false;
    const now = key();
    if (now) dropDraft(now);
  };
  return {
    restored,
    clear,
    /** Drops the draft; what `undo` does to the values is not written again. */
    discard: async (undo: () => unknown) => {
      quiet = true;
      try {
        await undo();
      } finally {
        quiet = false;
        clear();
      }
    },
  };
}
