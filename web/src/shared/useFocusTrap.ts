// Focus stays in a dialog while it is open, and goes back to where it came from.
import { nextTick, onBeforeUnmount, watch, type Ref } from "vue";

const STOPS =
  'button:not(:disabled), a[href], input:not(:disabled):not([type="hidden"]), select:not(:disabled), textarea:not(:disabled), [tabindex]:not([tabindex="-1"])';

export function useFocusTrap(box: Ref<HTMLElement | null>, open: () => boolean) {
  let opener: HTMLElement | null = null;

  const stops = () =>
    [...(box.value?.querySelectorAll<HTMLElement>(STOPS) ?? [])].filter(
      (stop) => stop.getClientRects().length > 0,
    );
  const typed = (event: KeyboardEvent) => {
    if (event.key !== "Tab") return;
    const all = stops();
    const [first, last] = [all[0], all[all.length - 1]];
    if (!first || !last) return;
    const here = document.activeElement;
    const isOut = !box.value?.contains(here);
    if (event.shiftKey && (here === first || isOut)) {
      event.preventDefault();
      last.focus();
    } else if (!event.shiftKey && (here === last || isOut)) {
      event.preventDefault();
      first.focus();
    }
  };
  const release = () => {
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
      document.addEventListener("keydown", typed);
      await nextTick();
      const wanted = box.value?.querySelector<HTMLElement>("[autofocus]");
      (wanted ?? box.value)?.focus({ preventScroll: true });
    },
    { immediate: true },
  );
  onBeforeUnmount(release);
}
