// A swipe to the right over the page, by finger. Where something scrolls sideways by itself, or text is
// being marked, a swipe is none.
import { onMounted, onScopeDispose } from "vue";

const FAR = 72;
const STRAIGHT = 0.5;
const QUICK_MS = 600;

interface Start {
  x: number;
  y: number;
  at: number;
}

/** Whether a finger that went from here to there has swiped to the right. */
export const isSwipe = (from: Start, to: Start): boolean => {
  const [dx, dy] = [to.x - from.x, Math.abs(to.y - from.y)];
  return dx > FAR && dy < dx * STRAIGHT && to.at - from.at < QUICK_MS;
};

const isBusy = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest("input, textarea, select, canvas, [role=tablist], [role=dialog]") !== null;

const place = ({ clientX: x, clientY: y }: Touch): Start => ({ x, y, at: performance.now() });

export function useSwipe(swiped: () => void) {
  let start: Start | null = null;
  const begun = ({ touches, target }: TouchEvent) => {
    const [touch] = touches;
    start = touch && touches.length === 1 && !isBusy(target) ? place(touch) : null;
  };
  const ended = ({ changedTouches }: TouchEvent) => {
    const [touch] = changedTouches;
    if (start && touch && isSwipe(start, place(touch))) swiped();
    start = null;
  };
  const cancelled = () => (start = null);
  onMounted(() => {
    addEventListener("touchstart", begun, { passive: true });
    addEventListener("touchend", ended, { passive: true });
    addEventListener("touchcancel", cancelled, { passive: true });
  });
  onScopeDispose(() => {
    removeEventListener("touchstart", begun);
    removeEventListener("touchend", ended);
    removeEventListener("touchcancel", cancelled);
  });
}
