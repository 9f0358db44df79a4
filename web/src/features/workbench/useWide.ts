// Whether there is room for a list and what was chosen from it.
import { onScopeDispose, ref } from "vue";

export const WIDE_PX = 960;

export function useWide() {
  const media = window.matchMedia(`(min-width: ${WIDE_PX}px)`);
  const isWide = ref(media.matches);
  const changed = () => (isWide.value = media.matches);
  media.addEventListener("change", changed);
  onScopeDispose(() => media.removeEventListener("change", changed));
  return isWide;
}
