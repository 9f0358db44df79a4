// The chat between the person that is played and one app.
import { computed, ref, shallowRef, watch } from "vue";
import { coalesced } from "@/shared/coalesce";
import { failureText } from "@/shared/failure";
import { sim, type Outgoing } from "./api";
import { rowsOf, settle, type Pending } from "./chatLog";
import type { Entry } from "./types";
import type { Delivering } from "./useDelivery";
import type { Logs } from "./useLogs";
import type { World } from "./useWorld";

export function useChat(world: World, logs: Logs, delivery: Delivering) {
  const userid = ref<string | null>(null);
  const appChosen = ref<string | null>(null);
  const entries = shallowRef<Entry[]>([]);
  const loading = ref(false);
  const failure = ref<string | null>(null);
  /** What is on its way, by person: it outlives a look at another chat. */
  const pending = shallowRef<(Pending & { userid: string; app: string })[]>([]);
  let serial = 0;

  const person = computed(() => world.byId.value.get(userid.value ?? "") ?? null);
  const app = computed(
    () => world.apps.value.find((a) => a.name === appChosen.value) ?? world.apps.value[0] ?? null,
  );
  const here = (p: { userid: string; app: string }) =>
    p.userid === userid.value && p.app === app.value?.name;
  const rows = computed(() =>
    rowsOf(entries.value, pending.value.filter(here), logs.deliveries.value),
  );

  const refetch = coalesced(async () => {
    const who = userid.value;
    const which = app.value?.name;
    if (who === null || which === undefined) return;
    try {
      const { items } = await sim.chat(who, which);
      // Another chat was opened meanwhile: the answer is nobody's any more.
      if (who !== userid.value || which !== app.value?.name) return;
      entries.value = [...items].sort((a, b) => a.seq - b.seq);
      const settled = new Set(settle(pending.value.filter(here), entries.value).map((p) => p.id));
      for (const p of pending.value) {
        if (here(p) && !settled.has(p.id) && p.preview) URL.revokeObjectURL(p.preview);
      }
      pending.value = pending.value.filter((p) => !here(p) || settled.has(p.id));
      failure.value = null;
    } catch (error) {
      if (who === userid.value) failure.value = failureText(error);
    } finally {
      loading.value = false;
    }
  });

  watch(
    [userid, () => app.value?.name],
    async () => {
      entries.value = [];
      failure.value = null;
      loading.value = userid.value !== null;
      await refetch();
      // A second look: the server may count what was fetched as read.
      await world.refetch();
    },
    { flush: "sync" },
  );

  const change = (id: number, part: Partial<Pending>) => {
    pending.value = pending.value.map((p) => (p.id === id ? { ...p, ...part } : p));
  };

  async function post(p: Pending & { userid: string; app: string }): Promise<void> {
    try {
      const { seq } = await sim.send(p.userid, p.app, p.message, delivery.options.value);
      change(p.id, { seq });
      await refetch();
    } catch (error) {
      change(p.id, { failure: failureText(error) });
    }
  }

  function send(message: Outgoing): void {
    if (userid.value === null || !app.value) return;
    serial += 1;
    const p = {
      id: serial,
      at: Date.now(),
      message,
      after: entries.value[entries.value.length - 1]?.seq ?? 0,
      seq: null,
      failure: null,
      preview: message.msgtype === "image" ? URL.createObjectURL(message.media) : null,
      userid: userid.value,
      app: app.value.name,
    };
    pending.value = [...pending.value, p];
    void post(p);
  }

  function retry(id: number): void {
    const p = pending.value.find((one) => one.id === id);
    if (!p) return;
    change(id, { failure: null });
    void post({ ...p, failure: null });
  }

  return {
    userid,
    person,
    app,
    appChosen,
    entries,
    rows,
    loading,
    failure,
    refetch,
    send,
    retry,
    drop: (id: number) => void (pending.value = pending.value.filter((p) => p.id !== id)),
  };
}

export type Chat = ReturnType<typeof useChat>;
