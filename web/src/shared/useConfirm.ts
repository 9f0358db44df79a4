// A button that must be pressed twice: the second press within a few seconds acts.
import { onBeforeUnmount, ref } from "vue";

const ARMED_MS = 4_000;

export function useConfirm() {
  const armed = ref<string | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  onBeforeUnmount(() => clearTimeout(timer));

  const confirm = (what: string, act: () => void) => {
    clearTimeout(timer);
    if (armed.value === what) {
      armed.value = null;
      act();
      return;
    }
    armed.value = what;
    timer = setTimeout(() => (armed.value = null), ARMED_MS);
  };
  return { armed, confirm };
}
