// Everything that the page knows and does, wired once and handed down to its parts.
import { computed, inject, onBeforeUnmount, provide, ref, watch, type InjectionKey } from "vue";
import { sim } from "./api";
import { openLine, type LineState } from "./stream";
import type { Happening } from "./types";
import { usePanels } from "./usePanels";
import { useSheets } from "./useSheets";
import { spoken, useTalks } from "./useTalks";
import { useChat } from "./useChat";
import { useDelivery } from "./useDelivery";
import { useLogs } from "./useLogs";
import { useTour } from "./useTour";
import { fold, useWorld } from "./useWorld";

export type Pane = "people" | "chat" | "console";
export type ConsoleTab = "calls" | "callbacks" | "sdk" | "faults" | "world";

function build() {
  const world = useWorld();
  const logs = useLogs();
  const delivery = useDelivery();
  const chat = useChat(world, logs, delivery);
  const talks = useTalks(chat.userid);
  const panels = usePanels(chat.userid, chat.app, talks);
  const sheets = useSheets();
  const tour = useTour();
  const line = ref<LineState>("connecting");
  const pane = ref<Pane>("people");
  const tab = ref<ConsoleTab>("calls");

  /** The first screen needs no callbacks; a chat does, to say what became of each message. */
  const callbacksWanted = computed(() => chat.userid.value !== null || tab.value === "callbacks");
  watch(callbacksWanted, (wanted) => void (wanted && logs.fetchCallbacks()));
  watch(tab, (now) => void (now === "sdk" && logs.fetchSdk()));

  async function refetchAll(): Promise<void> {
    await Promise.all([
      world.refetch(),
      logs.fetchCalls(),
      callbacksWanted.value ? logs.fetchCallbacks() : undefined,
      tab.value === "sdk" ? logs.fetchSdk() : undefined,
      talks.refetch(),
    ]);
    spoken.value += 1;
    await chat.refetch();
  }

  async function happened({ type, userid, seq }: Happening): Promise<void> {
    // The line could not keep up and has dropped events.
    if (type === "state" && seq === 0) return refetchAll();
    if (type === "call") return logs.fetchCalls();
    if (type === "callback") return logs.fetchCallbacks();
    if (type === "jssdk") return tab.value === "sdk" ? logs.fetchSdk() : undefined;
    if (type === "talk") spoken.value += 1;
    if (type === "chat" && (userid === undefined || userid === fold(chat.userid.value ?? ""))) {
      await chat.refetch();
    }
    return world.refetch();
  }

  /** A simulator that was reset or started anew counts from one: everything is fetched afresh. */
  async function startOver(): Promise<void> {
    logs.forget();
    await refetchAll();
  }

  function pick(userid: string): void {
    talks.talk.value = { kind: "app" };
    chat.userid.value = userid;
    pane.value = "chat";
    tour.reach("send");
    history.replaceState(null, "", `#${encodeURIComponent(userid)}`);
  }

  watch(
    () => (pane.value === "console" ? null : chat.userid.value),
    (looked) => (world.looked.value = looked),
  );
  watch(chat.entries, (entries) => {
    if (
      tour.stage.value === "send" &&
      entries.some((e) => e.msgtype === "text" && e.direction === "out")
    )
      tour.reach("switch");
  });
  // A removed member leaves no chat behind.
  watch([world.state, chat.person], ([state, person]) => {
    if (state && chat.userid.value !== null && !person) {
      chat.userid.value = null;
      pane.value = "people";
    }
  });

  return {
    world,
    logs,
    delivery,
    chat,
    talks,
    panels,
    sheets,
    tour,
    line,
    pane,
    tab,
    refetchAll,
    happened,
    startOver,
    pick,
  };
}

export type Simulator = ReturnType<typeof build>;

const KEY: InjectionKey<Simulator> = Symbol("simulator");

export function provideSimulator(): Simulator {
  const simulator = build();
  provide(KEY, simulator);

  const remembered = decodeURIComponent(location.hash.slice(1));
  let lost = false;
  const close = openLine(sim.streamUrl, {
    happened: (happening) => void simulator.happened(happening),
    changed(state) {
      simulator.line.value = state;
      if (state === "lost") lost = true;
      // Whoever answers after a break may be a new process with an empty log.
      if (state === "open") void (lost ? simulator.startOver() : simulator.refetchAll());
      if (state === "open") lost = false;
    },
  });
  const stop = watch(simulator.world.byId, (members) => {
    if (members.size === 0) return;
    stop();
    if (members.has(remembered)) simulator.pick(remembered);
  });
  onBeforeUnmount(close);
  return simulator;
}

export function useSimulator(): Simulator {
  const simulator = inject(KEY);
  if (!simulator) throw new Error("useSimulator outside of the simulator page");
  return simulator;
}
