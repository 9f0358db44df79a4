// A few seconds in which something can be taken back, counted down.
import { computed, onScopeDispose, ref } from "vue";

export const UNDO_SECONDS = 10;
const STEP_MS = 250;

export function useUndo(seconds = UNDO_SECONDS, clock: () => number = Date.now) {
  const until = ref(0);
  const now = ref(0);
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    until.value = 0;
  };
  const tick = () => {
    now.value = clock();
    if (now.value >= until.value) stop();
  };
  onScopeDispose(stop);
  return {
    /** Seconds that are left, rounded up; 0 when it is too late. */
    left: computed(() => Math.max(0, Math.ceil((until.value - now.value) / 1000))),
    start: () => {
      now.value = clock();
      until.value = now.value + seconds * 1000;
      clearInterval(timer);
      timer = setInterval(tick, STEP_MS);
    },
    stop,
  };
}
