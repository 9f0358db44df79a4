// A ticket at work: what it is, what has happened, who else is here, and what can be done. What is done
// shows at once; the server's answer takes its place, or the reason why not.
//
//   const ticket = useTicket(() => id);
//   <TicketDetail :state="ticket" />  <TicketActions :state="ticket" />
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import type { Button, FullTicket, HistoryEntry, PersonHere } from "@/api/pages";
import type { Answers } from "@/form/types";
import { api, type Listed } from "@/shared/api";
import { reasonText } from "@/shared/failure";
import { useLive } from "@/shared/live";
import { RequestError } from "@/shared/request";
import { useResource } from "@/shared/resource";
import { me, session } from "@/shared/session";
import { t } from "@/shared/t";
import { say } from "@/shared/toast";
import { foresee, type Deed } from "./foresee";
import { lineOf, shownTo, type Audience, type Line } from "./timeline";
import "./words";

const PRESENCE_MS = 20_000;
const HISTORY_PAGE = 200;
const HISTORY_PAGES_MAX = 10;

export interface TicketOptions {
  /** Does it to the ticket as it was shown, some other way than at once: null says that it will be done later. */
  perform?: (deed: Deed, before: FullTicket) => Promise<FullTicket | null>;
  /** Told of every newer state. */
  changed?: (ticket: FullTicket) => void;
}

/** Whether it was done now, or will be when there is a network again; null when it was not taken on. */
export type Done = "now" | "later" | null;

/** Where a deed is sent. */
export const deedPath = ({ ticket, verb, task }: Deed): string =>
  `/tickets/${encodeURIComponent(ticket)}/actions/${verb}${task === null ? "" : `?task=${task}`}`;

const sendNow = (deed: Deed): Promise<FullTicket> =>
  api.post<FullTicket>(deedPath(deed), deed.input, { version: deed.version, key: deed.key });

const isTicket = (value: unknown): value is FullTicket =>
  typeof value === "object" && value !== null && "row" in value && "buttons" in value;

async function wholeHistory(id: string, signal: AbortSignal): Promise<HistoryEntry[]> {
  const all: HistoryEntry[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < HISTORY_PAGES_MAX; page += 1) {
    const part: Listed<HistoryEntry> = await api.get<Listed<HistoryEntry>>(
      `/tickets/${encodeURIComponent(id)}/timeline`,
      { cursor, limit: HISTORY_PAGE },
      signal,
    );
    all.push(...part.items);
    cursor = part.next;
    if (cursor === null) break;
  }
  return all;
}

export function useTicket(id: () => string | null, options: TicketOptions = {}) {
  const path = () => `/tickets/${encodeURIComponent(id() ?? "")}`;
  const keyed = (what: string) => () => {
    const now = id();
    return now === null ? null : `${what}.${now}`;
  };
  const real = useResource<FullTicket>(keyed("ticket"), (signal) => api.get(path(), {}, signal));
  const history = useResource<HistoryEntry[]>(keyed("history"), (signal) =>
    wholeHistory(id() ?? "", signal),
  );

  const foreseen = shallowRef<FullTicket | null>(null);
  const coming = shallowRef<Line | null>(null);
  /** The verb that is on its way. */
  const busy = ref<string | null>(null);
  /** What has happened meanwhile and is not shown yet. */
  const news = ref(0);
  const people = shallowRef<PersonHere[]>([]);
  const editing = ref(false);
  const audience = ref<Audience>("all");

  const ticket = computed(() => foreseen.value ?? real.data.value);
  /** There is something to be done, or being done: a dialog outlives the buttons it came from. */
  const isActive = computed(() => editing.value || (ticket.value?.buttons.length ?? 0) > 0);
  const lines = computed(() => {
    const all = (history.data.value ?? []).map(lineOf);
    return shownTo(coming.value ? [...all, coming.value] : all, audience.value);
  });
  const counts = computed(() => {
    const all = (history.data.value ?? []).map(lineOf);
    const open = all.filter((line) => line.is_public).length;
    return { all: all.length, ours: all.length - open, customer: open };
  });

  watch(id, () => {
    foreseen.value = null;
    coming.value = null;
    busy.value = null;
    news.value = 0;
    people.value = [];
    editing.value = false;
  });
  watch(real.data, (now) => {
    if (now && !real.stale.value) people.value = now.people_here.filter(isSomebodyElse);
  });

  const refresh = async () => {
    news.value = 0;
    await Promise.all([real.refresh(), history.refresh()]);
    if (real.data.value) options.changed?.(real.data.value);
  };

  function accept(after: FullTicket): void {
    real.put(after);
    options.changed?.(after);
  }

  /** After a refusal: the newer state, and words that say so. */
  function refuse(error: unknown): void {
    if (!(error instanceof RequestError)) return;
    const isNewer = error.kind === "conflict" && isTicket(error.current);
    if (isNewer) accept(error.current as FullTicket);
    else if (error.kind === "conflict" || error.kind === "timeout") void real.refresh();
  }

  /**
   * Does something. The reason why not is thrown, for the dialog that asked; `quietly` catches it and
   * tells it in a line.
   */
  async function act(button: Button, input: Answers, key: string): Promise<Done> {
    const before = real.data.value;
    const who = me.value;
    if (!before || !who || busy.value !== null) return null;
    const deed: Deed = {
      ticket: before.id,
      verb: button.verb,
      task: button.task,
      step: button.step,
      input,
      version: before.version,
      key,
    };
    const at = new Date().toISOString();
    busy.value = button.verb;
    foreseen.value = foresee(before, deed, who, at);
    coming.value = foreseenLine(button, input, who.name, at);
    try {
      const after = await (options.perform ?? sendNow)(deed, before);
      const how = after ? "now" : "later";
      if (id() !== before.id) return how;
      if (after) accept(after);
      await history.refresh();
      return how;
    } catch (error) {
      if (id() === before.id) refuse(error);
      throw error;
    } finally {
      if (id() === before.id) {
        busy.value = null;
        foreseen.value = null;
        coming.value = null;
      }
    }
  }

  /** Says whether it was taken on. */
  async function quietly(button: Button, key: string): Promise<boolean> {
    try {
      const how = await act(button, {}, key);
      if (how) say(t(how === "later" ? "ticket.later" : "ticket.did", { what: button.label }));
      return how !== null;
    } catch (error) {
      say(t("ticket.not.did", { what: button.label, why: reasonText(error) }), "bad");
      return false;
    }
  }

  useLive({
    ticket: (happened) => {
      const now = ticket.value;
      if (!now || happened.id !== now.id || happened.version <= now.version) return;
      // Who does something knows that it has happened.
      if (busy.value === null) news.value += 1;
    },
    presence: (here) => {
      if (here.ticket === ticket.value?.id) people.value = here.people.filter(isSomebodyElse);
    },
  });

  async function tellPresence(): Promise<void> {
    const whose = id();
    if (whose === null || session.value !== "ready" || document.hidden) return;
    try {
      const here = await api.post<{ people: PersonHere[] }>(`${path()}/presence`, {
        editing: editing.value,
      });
      if (id() === whose) people.value = here.people.filter(isSomebodyElse);
    } catch {
      // Nobody waits for it.
    }
  }
  const timer = setInterval(() => void tellPresence(), PRESENCE_MS);
  onScopeDispose(() => clearInterval(timer));
  watch([id, editing, session], () => void tellPresence(), { immediate: true });

  return {
    id: computed(id),
    ticket,
    isActive,
    error: real.error,
    stale: real.stale,
    loading: real.loading,
    busy,
    news,
    people,
    editing,
    lines,
    counts,
    audience,
    historyError: history.error,
    historyLoading: history.loading,
    refresh,
    accept,
    act,
    quietly,
    refreshHistory: history.refresh,
  };
}

export type TicketState = ReturnType<typeof useTicket>;

const isSomebodyElse = (one: PersonHere): boolean => one.userid !== me.value?.userid;

function foreseenLine(button: Button, input: Answers, name: string, at: string): Line {
  const said = input["text"] ?? input["note"];
  const note = typeof said === "string" ? said : "";
  const isComment = button.verb === "comment";
  return {
    seq: Number.MAX_SAFE_INTEGER,
    kind: isComment ? "comment" : "state",
    by_name: name,
    at,
    text: isComment ? note : [button.label, note].filter(Boolean).join(t("ticket.colon")),
    files: [],
    is_public: false,
    foreseen: true,
  };
}
