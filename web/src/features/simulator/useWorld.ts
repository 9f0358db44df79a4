// The company as the simulator has it now: fetched whole, because it is small.
import { computed, ref, shallowRef } from "vue";
import { coalesced } from "@/shared/coalesce";
import { failureText } from "@/shared/failure";
import { sim } from "./api";
import { ReadMarks } from "./chatLog";
import type { Member, SimState } from "./types";

/** The platform tells user ids apart without their case, and names people in small letters. */
export const fold = (userid: string): string => userid.toLowerCase();

export function useWorld() {
  const state = shallowRef<SimState | null>(null);
  const failure = ref<string | null>(null);
  const marks = new ReadMarks();
  const looked = ref<string | null>(null);

  const refetch = coalesced(async () => {
    try {
      state.value = await sim.state();
      failure.value = null;
    } catch (error) {
      failure.value = failureText(error);
    }
  });

  const members = computed(() => state.value?.members ?? []);
  const apps = computed(() => state.value?.apps ?? []);
  const departments = computed(() => state.value?.departments ?? []);
  const byId = computed(() => new Map(members.value.map((m) => [m.userid, m])));
  const departmentNames = computed(() => new Map(departments.value.map((d) => [d.id, d.name])));
  const company = computed(
    () => state.value?.corp_name ?? departments.value.find((d) => d.parentid === 0)?.name ?? "",
  );

  /** Whoever is looked at has nothing unread. */
  const unread = computed(() => {
    const counts = state.value?.unread ?? {};
    const watched = looked.value;
    if (watched !== null) marks.read(watched, counts[fold(watched)] ?? 0);
    return new Map(
      members.value.map(({ userid }) => {
        const outside = state.value?.unread_outside?.[fold(userid)] ?? 0;
        return [userid, marks.count(userid, counts[fold(userid)] ?? 0) + outside];
      }),
    );
  });
  const unreadTotal = computed(() => [...unread.value.values()].reduce((a, b) => a + b, 0));

  const departmentOf = (member: Member): string =>
    (member.department ?? []).map((id) => departmentNames.value.get(id) ?? "").find(Boolean) ?? "";

  return {
    state,
    failure,
    refetch,
    members,
    apps,
    departments,
    byId,
    company,
    unread,
    unreadTotal,
    looked,
    departmentOf,
  };
}

export type World = ReturnType<typeof useWorld>;
