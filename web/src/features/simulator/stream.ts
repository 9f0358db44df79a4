// The live line to the simulator. It reconnects by itself with growing pauses, and says when it is
// (again) open, because whatever happened meanwhile must then be fetched.
import type { Happening } from "./types";

export type LineState = "connecting" | "open" | "lost";

export interface LineHandlers {
  happened(happening: Happening): void;
  changed(state: LineState): void;
}

/** As much of an `EventSource` as is used here. */
export interface Source {
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

const PAUSES_MS = [500, 1_000, 2_000, 5_000];
const TYPES = ["chat", "talk", "call", "callback", "jssdk", "state"] as const;

export const parseHappening = (data: string, named: string): Happening | null => {
  let body: Partial<Happening> = {};
  try {
    body = JSON.parse(data) as Partial<Happening>;
  } catch {
    return null;
  }
  const type = TYPES.find((t) => t === (body.type ?? named));
  return type ? { ...body, type } : null;
};

export function openLine(
  url: string,
  handlers: LineHandlers,
  connect: (url: string) => Source = (u) => new EventSource(u),
): () => void {
  let source: Source | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let closed = false;

  const receive = (event: Event) => {
    const happening = parseHappening(String((event as MessageEvent).data), event.type);
    if (happening) handlers.happened(happening);
  };

  const dial = () => {
    if (closed) return;
    handlers.changed(failures === 0 ? "connecting" : "lost");
    const mine = connect(url);
    source = mine;
    mine.addEventListener("open", () => {
      failures = 0;
      handlers.changed("open");
    });
    for (const type of ["message", ...TYPES]) mine.addEventListener(type, receive);
    mine.addEventListener("error", () => {
      // A browser gives up for good after an error answer, so the next try is always ours.
      mine.close();
      if (closed || source !== mine) return;
      handlers.changed("lost");
      timer = setTimeout(dial, PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)]);
      failures += 1;
    });
  };

  dial();
  return () => {
    closed = true;
    clearTimeout(timer);
    source?.close();
  };
}
