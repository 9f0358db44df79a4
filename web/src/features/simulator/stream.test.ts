import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openLine, parseHappening, type LineState } from "./stream";
import type { Happening } from "./types";

class FakeSource extends EventTarget {
  closed = false;
  close() {
    this.closed = true;
  }
  open() {
    this.dispatchEvent(new Event("open"));
  }
  fail() {
    this.dispatchEvent(new Event("error"));
  }
  say(type: string, data: string) {
    this.dispatchEvent(new MessageEvent(type, { data }));
  }
}

describe("openLine", () => {
  let sources: FakeSource[];
  let states: LineState[];
  let heard: Happening[];
  let close: () => void;

  beforeEach(() => {
    vi.useFakeTimers();
    [sources, states, heard] = [[], [], []];
    close = openLine(
      "x",
      { happened: (h) => heard.push(h), changed: (s) => states.push(s) },
      () => {
        const source = new FakeSource();
        sources.push(source);
        return source;
      },
    );
  });
  afterEach(() => {
    close();
    vi.useRealTimers();
  });

  it("hears plain and named events, and nothing that it cannot read", () => {
    sources[0]?.open();
    sources[0]?.say("message", '{"type":"chat","userid":"a","seq":3}');
    sources[0]?.say("call", '{"seq":4}');
    sources[0]?.say("message", "torn");
    sources[0]?.say("message", '{"type":"weather"}');
    expect(heard).toEqual([
      { type: "chat", userid: "a", seq: 3 },
      { type: "call", seq: 4 },
    ]);
  });

  it("dials again by itself, waits longer each time, and says when it is back", () => {
    sources[0]?.open();
    sources[0]?.fail();
    expect([states.slice(-1), sources[0]?.closed, sources.length]).toEqual([["lost"], true, 1]);
    vi.advanceTimersByTime(500);
    sources[1]?.fail();
    vi.advanceTimersByTime(999);
    expect(sources).toHaveLength(2);
    vi.advanceTimersByTime(1);
    sources[2]?.open();
    expect(states.slice(-1)).toEqual(["open"]);
  });

  it("is silent for good once closed", () => {
    sources[0]?.fail();
    close();
    vi.advanceTimersByTime(60_000);
    expect(sources).toHaveLength(1);
  });
});

it("an event's own type comes before its name on the line", () => {
  expect(parseHappening('{"type":"state","seq":1}', "message")).toEqual({ type: "state", seq: 1 });
  expect(parseHappening("{}", "message")).toBeNull();
});
