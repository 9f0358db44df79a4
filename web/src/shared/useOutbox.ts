// The outbox of this page: what waits, and when it is sent: at once, when the network is back, when
// the page is seen again, and now and then. Every open tab shows the same.
import { computed, shallowRef, watch } from "vue";
import { alone } from "./aloneHere";
import { api, onceKey, upload, useStandIn } from "./api";
import { fieldDb, type Entry } from "./fieldDb";
import { isAway, shelf, standInFor } from "./offline";
import { LOCAL, Outbox, type Doing, type Outcome, type RowLike } from "./outbox";
import { likelyUser, me, session, startSession } from "./session";
import { t } from "./t";
import { absolute } from "./when";

const PING = "qidan.outbox";
const FIRST_MS = 4_000;
const MOST_MS = 60_000;

export const waiting = shallowRef<Entry[]>([]);
export const refusedCount = computed(
  () => waiting.value.filter(({ state }) => state === "refused").length,
);
/** What waits for this ticket, by its id. */
export const waitingFor = (ticket: string): Entry[] =>
  waiting.value.filter(({ lane }) => lane === ticket);

const urls = new Map<string, string>();
const tab = onceKey();
type Listener = (entry: Entry, value: unknown) => void;
const listeners = new Set<Listener>();

async function refresh(): Promise<void> {
  waiting.value = await box.entries().catch(() => waiting.value);
}
function changed(): void {
  void refresh();
  try {
    // Tells the other tabs: BroadcastChannel is younger than our oldest client.
    localStorage.setItem(PING, `${tab}.${Date.now()}`);
  } catch {
    // They will see it when they are looked at.
  }
}

const box = new Outbox({
  db: fieldDb,
  user: likelyUser,
  post: (path, body, key) => api.post(path, body, { key }),
  upload: ({ bytes, type, name, id }) =>
    upload(new Blob([bytes], { type }), name, { key: id.slice(LOCAL.length), isFinal: true }),
  alone: alone("qidan.outbox", tab),
  lateWords: (at) => t("outbox.late", { at: absolute(Date.parse(at)) }),
  isOnline: () => navigator.onLine && session.value === "ready" && me.value?.csrf !== "",
  changed,
  look: async ({ path, lane }) =>
    path.startsWith("/tickets/")
      ? (await api.get<{ row: RowLike }>(`/tickets/${encodeURIComponent(lane)}`)).row
      : null,
  sent: (entry, value) => {
    for (const listener of listeners) listener(entry, value);
  },
  tab,
});

let timer: ReturnType<typeof setTimeout> | undefined;
let wait = FIRST_MS;
function later(): void {
  clearTimeout(timer);
  if (!waiting.value.some(({ state }) => state === "waiting")) return;
  timer = setTimeout(() => void flush(), wait);
  wait = Math.min(MOST_MS, wait * 2);
}

/** Sends what waits, if somebody is logged in. Who was known from the shelf logs in anew before. */
export async function flush(): Promise<void> {
  const isKnownOnly = session.value === "ready" && me.value?.csrf === "";
  if (navigator.onLine && (session.value === "failed" || isKnownOnly)) await startSession();
  if (navigator.onLine && session.value === "ready" && me.value?.csrf !== "") await box.flush();
  await refresh();
  later();
}

async function takeUrls(): Promise<void> {
  for (const { id, bytes, type } of await box.files())
    if (!urls.has(id)) urls.set(id, URL.createObjectURL(new Blob([bytes], { type })));
}

/** Does it now or later; see `Outbox.submit`. */
export async function submit<T>(doing: Doing): Promise<Outcome<T>> {
  const outcome = await box.submit<T>(doing);
  if (!outcome.done) {
    wait = FIRST_MS;
    void refresh().then(later);
    // Asked for once there is something to lose; clients that have it keep it longer then.
    void navigator.storage?.persist?.().catch(() => false);
  }
  return outcome;
}
export const retryEntry = (id: string): Promise<void> => box.retry(id).finally(refresh);
export const discardEntry = (id: string): Promise<void> => box.discard(id).finally(refresh);

/** Hears of everything that the server takes later. */
export function onSent(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const soon = () => {
  wait = FIRST_MS;
  void flush();
};

let isStarted = false;
export function startOutbox(): void {
  if (isStarted) return;
  isStarted = true;
  useStandIn({
    around: standInFor(shelf(likelyUser)),
    hold: async (file, name) => {
      const id = await box.hold(file, name);
      urls.set(id, URL.createObjectURL(file));
      return { id, name, mime: file.type, size: file.size };
    },
    urlOf: (id) => urls.get(id),
  });
  void fieldDb()
    .then(takeUrls)
    .catch(() => undefined);
  addEventListener("online", () => {
    isAway.value = false;
    soon();
  });
  addEventListener("offline", () => (isAway.value = true));
  addEventListener("focus", soon);
  document.addEventListener("visibilitychange", () => !document.hidden && soon());
  addEventListener("storage", ({ key }) => key === PING && void refresh().then(later));
  watch(session, (now) => now === "ready" && soon(), { immediate: true });
  void refresh().then(later);
}
