// The conversations of the person that is played: with the app, with customers, in customer groups.
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";
import { coalesced } from "@/shared/coalesce";
import { failureText } from "@/shared/failure";
import { sim, type Forwarded, type Outgoing } from "./api";
import type { Said, TalkRow } from "./types";

/** What stands in the middle of the page. */
export type Talk =
  | { kind: "app" }
  | { kind: "workbench" }
  | { kind: "customer"; id: string }
  | { kind: "group"; id: string };

/** Counts what was said anywhere; whoever shows a conversation reads it again. */
export const spoken = ref(0);

/** A conversation as one of those in it sees it. */
export function useLines(viewer: Ref<string | null>, peer: Ref<string | null>) {
  const lines = shallowRef<Said[]>([]);
  const canSend = ref(true);
  const loading = ref(false);
  const failure = ref<string | null>(null);

  const refetch = coalesced(async () => {
    const [who, whom] = [viewer.value, peer.value];
    if (who === null || whom === null) return;
    try {
      const { items, can_send } = await sim.talk(who, whom);
      if (who !== viewer.value || whom !== peer.value) return;
      lines.value = items;
      canSend.value = can_send;
      failure.value = null;
    } catch (error) {
      if (who === viewer.value && whom === peer.value) failure.value = failureText(error);
    } finally {
      loading.value = false;
    }
  });

  watch(
    [viewer, peer],
    () => {
      lines.value = [];
      loading.value = viewer.value !== null && peer.value !== null;
      void refetch();
    },
    { immediate: true },
  );
  watch(spoken, () => void refetch());

  async function say(message: Outgoing | Forwarded): Promise<void> {
    if (viewer.value === null || peer.value === null) return;
    await sim.speak(viewer.value, peer.value, message);
    await refetch();
  }

  return { lines, canSend, loading, failure, refetch, say };
}

export type Lines = ReturnType<typeof useLines>;

export function useTalks(userid: Ref<string | null>) {
  const rows = shallowRef<TalkRow[]>([]);
  const talk = shallowRef<Talk>({ kind: "app" });
  const row = computed(() => {
    const here = talk.value;
    return "id" in here ? (rows.value.find((r) => r.id === here.id) ?? null) : null;
  });

  const refetch = coalesced(async () => {
    const who = userid.value;
    if (who === null) return;
    try {
      const { items } = await sim.talks(who);
      if (who === userid.value) rows.value = items;
    } catch {
      // The live line tells that the simulator is away, and refetches when it is back.
    }
  });

  watch(
    userid,
    () => {
      talk.value = { kind: "app" };
      rows.value = [];
      void refetch();
    },
    { flush: "sync" },
  );
  const stop = watch(spoken, () => void refetch());
  onScopeDispose(stop);

  return { rows, row, talk, refetch };
}

export type Talks = ReturnType<typeof useTalks>;
