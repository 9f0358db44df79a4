// A small panel that opens on a button: Escape and a press elsewhere close it, the arrow keys walk
// through it, and the focus goes back to where it came from. The template names its parts `root`
// (button and panel) and `panel`.
import { nextTick, onBeforeUnmount, ref, useTemplateRef, watch } from "vue";

const STOPS = "button:not(:disabled), a[href], input, select, textarea";

export function usePopover() {
  const open = ref(false);
  const root = useTemplateRef<HTMLElement>("root");
  const panels = useTemplateRef<HTMLElement | HTMLElement[]>("panel");
  // Within a `v-for` Vue hands out a list.
  const panel = () => [panels.value].flat()[0];
  let opener: HTMLElement | null = null;

  const close = (refocus = false) => {
    open.value = false;
    if (refocus) opener?.focus();
  };
  const toggle = () => {
    opener = document.activeElement as HTMLElement | null;
    open.value = !open.value;
  };

  const pressed = (event: Event) => {
    if (!root.value?.contains(event.target as Node)) close();
  };
  const typed = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close(true);
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const inside = panel();
    if (step === undefined || !inside) return;
    const stops = [...inside.querySelectorAll<HTMLElement>(STOPS)];
    if (stops.length === 0) return;
    event.preventDefault();
    const here = stops.indexOf(document.activeElement as HTMLElement);
    stops[(here + step + stops.length) % stops.length]?.focus();
  };
  const listen = (on: boolean) => {
    const how = on ? "addEventListener" : "removeEventListener";
    document[how]("pointerdown", pressed, true);
    document[how]("keydown", typed as EventListener, true);
  };

  watch(open, async (isOpen) => {
    listen(isOpen);
    if (!isOpen) return;
    await nextTick();
    panel()?.querySelector<HTMLElement>(STOPS)?.focus();
  });
  onBeforeUnmount(() => listen(false));

  return { open, toggle, close };
}
