// The list on the left: departments in the company's order, people below theirs, narrowed by words.
import { computed, ref } from "vue";
import { t } from "@/shared/t";
import { matches } from "./logFormat";
import type { Member } from "./types";
import type { World } from "./useWorld";

const STATUS = { 2: "people.disabled", 4: "people.inactive", 5: "people.left" } as const;

export const statusText = ({ status }: Member): string =>
  status === 2 || status === 4 || status === 5 ? t(STATUS[status]) : "";

/** The arrow keys walk from person to person, and from the search field into the list. */
function walk(event: KeyboardEvent, step: number): void {
  const nav = (event.currentTarget as HTMLElement).closest("nav");
  const stops = [...(nav?.querySelectorAll<HTMLElement>("[data-userid], [data-talk]") ?? [])];
  const here = stops.indexOf(document.activeElement as HTMLElement);
  stops[Math.max(0, Math.min(stops.length - 1, here + step))]?.focus();
}

export function usePeople(world: World) {
  const words = ref("");

  const groups = computed(() => {
    const found = new Map<string, { member: Member; unread: number }[]>(
      world.departments.value.map((d) => [d.name, []]),
    );
    for (const member of world.members.value) {
      const department = world.departmentOf(member) || t("people.other");
      if (!matches(words.value, member.name, member.userid, member.position, department)) continue;
      const people = found.get(department) ?? [];
      people.push({ member, unread: world.unread.value.get(member.userid) ?? 0 });
      found.set(department, people);
    }
    return [...found]
      .filter(([, people]) => people.length > 0)
      .map(([name, people]) => ({ name, people }));
  });

  const nobody = computed(() => groups.value.length === 0);
  return { words, groups, nobody, walk, statusText };
}
