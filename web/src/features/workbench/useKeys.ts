// The keys of those who have a keyboard: they act where nothing is being written.
import { onScopeDispose } from "vue";

const WRITES = "input, textarea, select, [contenteditable=true], [role=dialog], [role=tablist]";

export function useKeys(keys: Record<string, () => void>): void {
  const typed = (event: KeyboardEvent) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target as HTMLElement | null;
    if (target?.closest(WRITES) || document.querySelector('[role="dialog"]')) return;
    event.preventDefault();
    act();
  };
  addEventListener("keydown", typed);
  onScopeDispose(() => removeEventListener("keydown", typed));
}
