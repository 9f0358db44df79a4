// What happens to tickets meanwhile: a stream of events where one is to be had, questions now and
// then where not. A hidden page hears nothing and catches up when it is seen again.
//
//   const live = useLive({ ticket: (one) => …, counts: (now) => … });   // live.state.value
import { onScopeDispose, shallowRef, watch } from "vue";
import type { Counts, LiveTicket, PersonHere } from "@/api/pages";
import { api, csrfToken, pathOf, type Listed } from "./api";
import { session } from "./session";

export interface LiveHandlers {
  /** The line was cut for too long: what is shown must be asked for anew. */
  reset?: () => void;
  ticket?: (happened: LiveTicket) => void;
  counts?: (counts: Counts) => void;
  presence?: (here: { ticket: string; people: PersonHere[] }) => void;
}

export type LiveState = "connecting" | "open" | "polling" | "lost" | "paused";

export const FIRST_WAIT_MS = 1_000;
export const WAIT_MAX_MS = 60_000;
/** So many streams in a row that never opened mean that there is none to be had here. */
const STREAMS_MAX = 3;
const POLL_MS = 10_000;
/** What was heard may come again after the line broke; so many are remembered. */
const HEARD_MAX = 200;

/** Twice as long each time, up to a minute; a little by chance, so that not all come back at once. */
export const backoff = (tries: number, chance: () => number = Math.random): number =>
  Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** Math.max(0, tries)) * (0.75 + chance() / 2);

interface Since extends Listed<LiveTicket> {
  counts: Counts | null;
  is_reset?: boolean;
}

export class Live {
  readonly state = shallowRef<LiveState>("connecting");
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private after = "";
  private fails = 0;
  private streams = 0;
  private stopped = true;
  private readonly heard = new Set<string>();

  constructor(private readonly handlers: LiveHandlers) {}

  start(): void {
    this.stopped = false;
    document.addEventListener("visibilitychange", this.seen);
    // A line that changed under a stream leaves it open and silent for minutes.
    addEventListener("online", this.seen);
    this.seen();
  }

  stop(): void {
    this.stopped = true;
    document.removeEventListener("visibilitychange", this.seen);
    removeEventListener("online", this.seen);
    this.close();
  }

  private readonly seen = (): void => {
    this.close();
    if (this.stopped) return;
    if (document.hidden) {
      this.state.value = "paused";
      return;
    }
    this.fails = 0;
    this.go();
  };

  private close(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private go(): void {
    const isStreaming = typeof EventSource === "function" && this.streams < STREAMS_MAX;
    if (isStreaming) this.stream();
    else void this.poll();
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.go(), ms);
  }

  private stream(): void {
    const after = this.after ? { after: this.after } : {};
    const source = new EventSource(pathOf("/live", { csrf: csrfToken(), ...after }));
    this.source = source;
    source.addEventListener("open", () => {
      this.fails = 0;
      this.streams = 0;
      this.state.value = "open";
    });
    source.addEventListener("error", () => this.broken());
    const hear = <T>(name: string, handle: ((value: T) => void) | undefined) =>
      source.addEventListener(name, (event: MessageEvent<string>) => {
        if (event.lastEventId) this.after = event.lastEventId;
        try {
          handle?.(JSON.parse(event.data) as T);
        } catch {
          // An event that cannot be read is one that the next refresh makes good.
        }
      });
    hear<LiveTicket>("ticket", (one) => this.tell(one));
    hear<Counts>("counts", this.handlers.counts);
    hear<{ ticket: string; people: PersonHere[] }>("presence", this.handlers.presence);
    hear("reset", () => this.handlers.reset?.());
  }

  private tell(happened: LiveTicket): void {
    const key = `${happened.id}:${happened.seq}`;
    if (this.heard.has(key)) return;
    this.heard.add(key);
    const [oldest] = this.heard;
    if (this.heard.size > HEARD_MAX && oldest !== undefined) this.heard.delete(oldest);
    this.handlers.ticket?.(happened);
  }

  private broken(): void {
    const wasOpen = this.state.value === "open";
    this.close();
    if (this.stopped || document.hidden) return;
    if (!wasOpen) this.streams += 1;
    this.state.value = "lost";
    this.fails += 1;
    this.later(backoff(this.fails - 1));
  }

  private async poll(): Promise<void> {
    try {
      const since = await api.get<Since>("/live/since", { after: this.after || null });
      if (this.stopped || document.hidden) return;
      this.state.value = "polling";
      this.fails = 0;
      if (since.next) this.after = since.next;
      if (since.is_reset) this.handlers.reset?.();
      for (const item of since.items) this.tell(item);
      if (since.counts) this.handlers.counts?.(since.counts);
      this.later(POLL_MS);
    } catch {
      if (this.stopped || document.hidden) return;
      this.state.value = "lost";
      this.fails += 1;
      this.later(Math.max(POLL_MS, backoff(this.fails)));
    }
  }
}

// One stream a page, however many parts of it listen: the service gives each member only a few.
const listeners = new Set<LiveHandlers>();
const all = (tell: (one: LiveHandlers) => void) => {
  for (const one of listeners) tell(one);
};
const shared = new Live({
  ticket: (happened) => all((one) => one.ticket?.(happened)),
  counts: (counts) => all((one) => one.counts?.(counts)),
  presence: (here) => all((one) => one.presence?.(here)),
  reset: () => all((one) => one.reset?.()),
});
let isRunning = false;

function attend(): void {
  const isWanted = listeners.size > 0 && session.value === "ready";
  if (isWanted === isRunning) return;
  isRunning = isWanted;
  if (isWanted) shared.start();
  else shared.stop();
}

export function useLive(handlers: LiveHandlers) {
  listeners.add(handlers);
  watch(session, attend, { immediate: true });
  onScopeDispose(() => {
    listeners.delete(handlers);
    attend();
  });
  return { state: shared.state };
}
