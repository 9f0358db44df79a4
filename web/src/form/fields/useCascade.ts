// Walking down a tree of options, level by level, or straight to what one searches.
import { computed, ref, watch } from "vue";
import { read, type Branch } from "../types";
import { walk } from "../values/choice";

const FOUND_MAX = 100;

export interface Found {
  path: string[];
  words: string;
}

/** Every end of the tree (every level, where one may stop anywhere) whose words have the searched. */
export function search(tree: readonly Branch[], anyLevel: boolean, wanted: string): Found[] {
  const found: Found[] = [];
  const look = (level: readonly Branch[], path: string[], words: string[]) => {
    for (const branch of level) {
      if (found.length >= FOUND_MAX) return;
      const [own, said] = [
        [...path, branch.value],
        [...words, read(branch.label)],
      ];
      const below = branch.children ?? [];
      const text = said.join(" / ");
      if ((below.length === 0 || anyLevel) && text.toLowerCase().includes(wanted))
        found.push({ path: own, words: text });
      look(below, own, said);
    }
  };
  look(tree, [], []);
  return found;
}

export function useCascade(
  tree: () => readonly Branch[],
  anyLevel: () => boolean,
  chosen: () => string[],
  open: () => boolean,
) {
  const path = ref<string[]>([]);
  const words = ref("");
  watch(open, (isOpen) => {
    if (!isOpen) return;
    words.value = "";
    // Where the answer is, so that its neighbours are at hand.
    path.value = chosen().slice(0, -1);
  });
  const trail = computed(() => walk(tree(), path.value));
  const level = computed(() => {
    const last = trail.value[trail.value.length - 1];
    return last ? (last.children ?? []) : tree();
  });
  return {
    path,
    words,
    trail,
    level,
    found: computed(() =>
      words.value ? search(tree(), anyLevel(), words.value.toLowerCase()) : [],
    ),
    /** Goes down; says whether that was the end. */
    press: (branch: Branch): boolean => {
      path.value = [...path.value, branch.value];
      return (branch.children ?? []).length === 0;
    },
    back: (to: number) => (path.value = path.value.slice(0, to)),
  };
}
