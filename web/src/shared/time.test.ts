// Hours, spans, deadlines, money: what people read, made of what the service says.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoff, Live, type LiveHandlers } from "./live";
import { fenOf, grouped, plainYuan, yuan } from "./money";
import { slaOf, SOON_MS } from "./sla";
import { useToken } from "./api";
import { absolute, clockOf, dayOf, instantOf, localOf, relative, span } from "./when";

const at = (text: string) => Date.parse(text);
const now = at("2026-11-22T07:04:30Z");

describe("the organisation's clock", () => {
  it("is its own, wherever the reader is", () => {
    expect([dayOf(at("2026-11-22T17:00:00Z"), 480), clockOf(now, 480)]).toEqual([
      "2026-11-23",
      "15:04",
    ]);
    expect(absolute(now, -300)).toBe("2026-11-22 02:04");
  });

  it("turns what an input of time says into the instant that is meant, and back", () => {
    expect(instantOf("2026-11-22T15:04", 480)).toBe("2026-11-22T07:04:00Z");
    expect(localOf("2026-11-22T07:04:00Z", 480)).toBe("2026-11-22T15:04");
    expect([instantOf("", 480), localOf("gestern", 480)]).toEqual([null, ""]);
  });

  it.each([
    ["2026-11-22T07:04:00Z", "刚刚"],
    ["2026-11-22T07:01:00Z", "3 分钟前"],
    ["2026-11-22T05:00:00Z", "2 小时前"],
    ["2026-11-21T07:04:00Z", "昨天 15:04"],
    ["2026-11-20T07:04:00Z", "11-20 15:04"],
    ["2025-11-20T07:04:00Z", "2025-11-20"],
    ["2026-11-22T07:34:45Z", "30 分钟后"],
    ["2026-11-23T07:04:00Z", "明天 15:04"],
  ])("says %s as %s", (text, words) => expect(relative(at(text), now, 480)).toBe(words));

  it("says how long", () => {
    const minutes = (n: number) => span(n * 60_000);
    expect([35, 60, 125, 47 * 60, 72 * 60].map(minutes)).toEqual([
      "35 分钟",
      "1 小时",
      "2 小时 05 分",
      "47 小时",
      "3 天",
    ]);
  });
});

describe("a deadline", () => {
  const due = (ms: number, more = {}) =>
    slaOf({ due_at: new Date(now + ms).toISOString(), ...more }, now).state;

  it("runs on by itself, and is urgent a quarter of an hour before", () => {
    expect([due(SOON_MS + 1_000), due(SOON_MS - 1_000), due(-1_000)]).toEqual([
      "ok",
      "soon",
      "overdue",
    ]);
    expect(due(3_600_000, { state: "soon" })).toBe("soon");
    expect(due(-1_000, { is_paused: true })).toBe("paused");
    expect(slaOf({ due_at: null }, now).state).toBe("none");
  });
});

describe("money", () => {
  it("is read and written without a float", () => {
    expect(["12", "12.5", "0.07", "1,280.50", "￥3", ".5", "-2", ""].map(fenOf)).toEqual([
      1_200,
      1_250,
      7,
      128_050,
      300,
      50,
      -200,
      null,
    ]);
    expect(["1.005", "abc", "1.2.3", "99999999999999", "."].map(fenOf)).toEqual([
      "too_precise",
      "malformed",
      "malformed",
      "out_of_range",
      "malformed",
    ]);
    expect([5, 120, -128_050, 100_000_000].map(yuan)).toEqual([
      "¥0.05",
      "¥1.20",
      "-¥1,280.50",
      "¥1,000,000.00",
    ]);
    expect([plainYuan(7), grouped(-1234567.891)]).toEqual(["0.07", "-1,234,567.891"]);
  });
});

describe("live news", () => {
  class Source extends EventTarget {
    static all: Source[] = [];
    closed = false;
    constructor(readonly url: string) {
      super();
      Source.all.push(this);
    }
    close() {
      this.closed = true;
    }
    tell(name: string, data: unknown, lastEventId = "") {
      this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data), lastEventId }));
    }
  }
  const last = () => Source.all[Source.all.length - 1];
  let live: Live;
  const begin = (handlers: LiveHandlers = {}) => {
    live = new Live(handlers);
    live.start();
  };
  beforeEach(() => {
    Source.all = [];
    vi.useFakeTimers();
    vi.stubGlobal("EventSource", Source);
    useToken("t1");
  });
  afterEach(() => {
    live.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("are heard, and heard on from where the line broke", () => {
    const heard: string[] = [];
    begin({ ticket: (one) => heard.push(one.no) });
    expect(last()?.url).toBe("/api/v1/live?csrf=t1");
    last()?.dispatchEvent(new Event("open"));
    last()?.tell("ticket", { no: "GD-1" }, "41");
    expect([heard, live.state.value]).toEqual([["GD-1"], "open"]);
    last()?.dispatchEvent(new Event("error"));
    expect([live.state.value, last()?.closed]).toEqual(["lost", true]);
    vi.advanceTimersByTime(1_500);
    expect(last()?.url).toBe("/api/v1/live?csrf=t1&after=41");
  });

  it("are asked for where no stream can be had", async () => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", (path: string) => {
      asked.push(path);
      const body = { items: [{ id: "2", seq: 1, no: "GD-2" }], next: "42", counts: { mine: 1 } };
      return Promise.resolve(new Response(JSON.stringify(body)));
    });
    const heard: string[] = [];
    begin({ ticket: (one) => heard.push(one.no) });
    for (let tries = 0; tries < 3; tries += 1) {
      last()?.dispatchEvent(new Event("error"));
      await vi.advanceTimersByTimeAsync(5_100);
    }
    expect([heard[0], live.state.value, Source.all.length]).toEqual(["GD-2", "polling", 3]);
    await vi.advanceTimersByTimeAsync(10_100);
    expect(asked[asked.length - 1]).toContain("after=42");
  });

  it("are told once, though the end of the line before comes again, and a gap is told as one", () => {
    const heard: number[] = [];
    let resets = 0;
    begin({ ticket: (one) => heard.push(one.seq), reset: () => (resets += 1) });
    for (const seq of [1, 2, 1, 2, 3]) last()?.tell("ticket", { id: "7", seq });
    last()?.tell("reset", {});
    expect([heard, resets]).toEqual([[1, 2, 3], 1]);
  });

  it("are asked for anew when the network changes", () => {
    begin();
    dispatchEvent(new Event("online"));
    expect([Source.all.length, Source.all[0]?.closed]).toEqual([2, true]);
  });

  it("rest while nobody looks", () => {
    begin();
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    document.dispatchEvent(new Event("visibilitychange"));
    expect([live.state.value, last()?.closed]).toEqual(["paused", true]);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(Source.all.length).toBe(2);
    hidden.mockRestore();
  });

  it("come back later each time, up to a minute", () => {
    expect([0, 1, 2, 10].map((tries) => backoff(tries, () => 0.5))).toEqual([
      1_000, 2_000, 4_000, 60_000,
    ]);
  });
});
