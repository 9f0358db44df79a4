// A chat stays at its end while one reads its end; someone who has scrolled up is not moved, but told.
import { nextTick, onBeforeUnmount, onMounted, ref, useTemplateRef, watch, type Ref } from "vue";

const NEAR_PX = 60;

export function useStickyScroll(rows: Ref<readonly { kind: string }[]>) {
  const box = useTemplateRef<HTMLElement>("box");
  const missed = ref(0);
  let atEnd = true;

  const toBottom = (smooth = false) => {
    const element = box.value;
    if (!element) return;
    element.scrollTo({ top: element.scrollHeight, behavior: smooth ? "smooth" : "auto" });
    atEnd = true;
    missed.value = 0;
  };
  const follow = () => {
    const element = box.value;
    if (!element) return;
    atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    if (atEnd) missed.value = 0;
  };

  watch(rows, async (now, before) => {
    const mine = now[now.length - 1]?.kind === "pending" && now.length > before.length;
    const stay = atEnd || mine;
    await nextTick();
    if (stay) toBottom();
    else missed.value += Math.max(0, now.length - before.length);
  });
  let sizes: ResizeObserver | null = null;
  onBeforeUnmount(() => sizes?.disconnect());
  onMounted(() => {
    toBottom();
    // Pictures and the opening keyboard change the height without a new message.
    if (typeof ResizeObserver === "undefined" || !box.value) return;
    sizes = new ResizeObserver(() => atEnd && toBottom());
    sizes.observe(box.value);
  });

  return { missed, follow, toBottom };
}
