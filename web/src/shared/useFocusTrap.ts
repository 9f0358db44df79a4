// Focus stays in a dialog while it is open, and goes back to where it came from. Of several that lie on
// each other the topmost listens.
import { nextTick, onBeforeUnmount, watch, type Ref } from "vue";

const STOPS =
  'button:not(:disabled), a[href], input:not(:disabled):not([type="hidden"]), select:not(:disabled), textarea:not(:disabled), [tabindex]:not([tabindex="-1"])';

/** The open ones, the topmost last. */
const pile: symbol[] = [];

export function useFocusTrap(
  box: Readonly<Ref<HTMLElement | null>>,
  open: () => boolean,
  escape: () => void,
) {
  const own = Symbol("trap");
  let opener: HTMLElement | null = null;

  const stops = () =>
    [...(box.value?.querySelectorAll<HTMLElement>(STOPS) ?? [])].filter(
      (stop) => stop.getClientRects().length > 0,
    );
  const walk = (event: KeyboardEvent) => {
    const all = stops();
    const [first, last] = [all[0], all[all.length - 1]];
    if (!first || !last) return;
    const here = document.activeElement;
    const isOut = !box.value?.contains(here) || here === box.value;
    const wanted = event.shiftKey ? last : first;
    if (!isOut && here !== (event.shiftKey ? first : last)) return;
    event.preventDefault();
    wanted.focus();
  };
  const typed = (event: KeyboardEvent) => {
    if (pile[pile.length - 1] !== own) return;
    if (event.key === "Tab") walk(event);
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    escape();
  };
  const release = () => {
    const at = pile.indexOf(own);
    if (at < 0) return;
    pile.splice(at, 1);
    document.removeEventListener("keydown", typed);
    if (opener?.isConnected) opener.focus({ preventScroll: true });
    opener = null;
  };

  watch(
    open,
    async (isOpen) => {
      if (!isOpen) {
        release();
        return;
      }
      opener = document.activeElement as HTMLElement | null;
      pile.push(own);
      document.addEventListener("keydown", typed);
      await nextTick();
      const wanted = box.value?.querySelector<HTMLElement>("[autofocus]");
      (wanted ?? box.value)?.focus({ preventScroll: true });
    },
    { immediate: true },
  );
  onBeforeUnmount(release);
}
