// What a log shows: newest first, narrowed by words or to failures, one line open at a time.
import { computed, ref, type Ref } from "vue";

const SHOWN_MAX = 200;

export function useLogView<T extends { seq: number }>(
  log: Ref<readonly T[]>,
  judge: { matches(line: T, words: string): boolean; failed(line: T): boolean },
) {
  const words = ref("");
  const failures = ref(false);
  const opened = ref<number | null>(null);
  const lines = computed(() =>
    log.value
      .filter((line) => judge.matches(line, words.value) && (!failures.value || judge.failed(line)))
      .slice(-SHOWN_MAX)
      .reverse(),
  );
  const toggle = (seq: number) => (opened.value = opened.value === seq ? null : seq);
  return { words, failures, opened, lines, toggle };
}
