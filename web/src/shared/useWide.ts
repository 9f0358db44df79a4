// Whether the window is at least so wide.
import { onScopeDispose, ref } from "vue";

export function useWide(pixels: number) {
  const query = matchMedia(`(min-width: ${pixels}px)`);
  const is = ref(query.matches);
  const changed = () => (is.value = query.matches);
  query.addEventListener("change", changed);
  onScopeDispose(() => query.removeEventListener("change", changed));
  return is;
}
