import { describe, expect, it } from "vitest";
import {
  append,
  deliveriesByMessage,
  PAUSE_MS,
  ReadMarks,
  rowsOf,
  settle,
  type Pending,
} from "./chatLog";
import type { CallbackRecord, Entry } from "./types";

const entry = (seq: number, content: string, more: Partial<Entry> = {}): Entry => ({
  seq,
  at: seq * 1_000,
  direction: "out",
  msgtype: "text",
  msgid: `m${seq}`,
  content: { content },
  ...more,
});

const pending = (id: number, content: string, more: Partial<Pending> = {}): Pending => ({
  id,
  at: 0,
  message: { msgtype: "text", content },
  after: 0,
  seq: null,
  failure: null,
  preview: null,
  ...more,
});

const callback = (plain: string, more: Partial<CallbackRecord> = {}): CallbackRecord => ({
  seq: 1,
  at: 0,
  app: "desk",
  kind: "text",
  plain,
  attempt: 1,
  status: 200,
  took_ms: 7,
  ...more,
});

const ids = (list: Pending[]) => list.map((p) => p.id);

describe("settle", () => {
  it("drops a message once its entry is there, even before the server has answered", () => {
    expect(settle([pending(1, "你好")], [entry(5, "你好")])).toEqual([]);
  });

  it("lets one entry settle one message: the second of two equal ones waits for its own", () => {
    const both = [pending(1, "在吗"), pending(2, "在吗")];
    expect(ids(settle(both, [entry(5, "在吗")]))).toEqual([2]);
    expect(ids(settle(both, [entry(5, "在吗"), entry(6, "在吗")]))).toEqual([]);
  });

  it("does not take an older equal message or the app's own words for it", () => {
    const waiting = [pending(1, "好", { after: 5 })];
    expect(ids(settle(waiting, [entry(5, "好")]))).toEqual([1]);
    expect(ids(settle(waiting, [entry(6, "好", { direction: "in" })]))).toEqual([1]);
  });

  it("keeps a failed message for a retry", () => {
    const failed = [pending(1, "好", { failure: "连不上" })];
    expect(ids(settle(failed, [entry(6, "好")]))).toEqual([1]);
  });

  it("goes by the number that the server told, whatever the words", () => {
    const told = [pending(1, "甲", { seq: 7 }), pending(2, "甲")];
    expect(ids(settle(told, [entry(7, "甲")]))).toEqual([2]);
  });

  it("settles a place by its name", () => {
    const message = { msgtype: "location" as const, lat: 1, lng: 2, label: "总部", scale: 15 };
    const place = entry(3, "", { msgtype: "location", content: { label: "总部" } });
    expect(settle([pending(1, "", { message })], [place])).toEqual([]);
  });
});

describe("rowsOf", () => {
  it("writes the hour at the start and after a pause, not between quick words", () => {
    const rows = rowsOf(
      [
        entry(1, "a", { at: 0 }),
        entry(2, "b", { at: 1_000 }),
        entry(3, "c", { at: 1_000 + PAUSE_MS }),
      ],
      [],
    );
    expect(rows.map((r) => r.kind)).toEqual(["time", "entry", "entry", "time", "entry"]);
  });

  it("puts what is on its way last and leaves presses on cards out", () => {
    const press = entry(2, "", { msgtype: "event", content: { event: "template_card_event" } });
    const rows = rowsOf([entry(1, "a"), press], [pending(9, "b", { at: 1_500 })]);
    expect(rows.map((r) => r.key)).toEqual(["time-1", "entry-1", "pending-9"]);
  });

  it("tells each of the person's messages what became of its callback", () => {
    const told = deliveriesByMessage([callback("<xml><MsgId>m1</MsgId></xml>")]);
    const rows = rowsOf([entry(1, "a"), entry(2, "b", { direction: "in", msgid: "m1" })], [], told);
    const deliveries = rows.flatMap((r) => (r.kind === "entry" ? [r.delivery?.state ?? null] : []));
    expect(deliveries).toEqual(["ok", null]);
  });
});

describe("deliveriesByMessage", () => {
  it("reads the id from XML with and without CDATA, and from JSON", () => {
    const found = deliveriesByMessage([
      callback("<xml><MsgId>11</MsgId></xml>"),
      callback("<xml><MsgId><![CDATA[22]]></MsgId></xml>"),
      callback('{"msgid":"33","msgtype":"text"}'),
      callback("<xml><Event>click</Event></xml>"),
    ]);
    expect([...found.keys()]).toEqual(["11", "22", "33"]);
  });

  it("lets the last attempt count, but a success is never undone by a duplicate", () => {
    const plain = "<MsgId>1</MsgId>";
    const lost = callback(plain, { status: null, error: "超时" });
    const second = callback(plain, { attempt: 2 });
    expect(deliveriesByMessage([lost]).get("1")?.state).toBe("failing");
    expect(deliveriesByMessage([lost, second]).get("1")).toMatchObject({ state: "ok", attempt: 2 });
    expect(deliveriesByMessage([second, lost]).get("1")?.state).toBe("ok");
  });
});

describe("append", () => {
  it("adds only what is new, in order, and keeps the newest", () => {
    const log = append([{ seq: 1 }, { seq: 2 }], [{ seq: 4 }, { seq: 2 }, { seq: 3 }], 3);
    expect(log.map((l) => l.seq)).toEqual([2, 3, 4]);
  });

  it("hands back the same list when nothing is new", () => {
    const log = [{ seq: 2 }];
    expect(append(log, [{ seq: 1 }], 9)).toBe(log);
  });
});

describe("ReadMarks", () => {
  it("counts from the last look", () => {
    const marks = new ReadMarks();
    expect(marks.count("a", 2)).toBe(2);
    marks.read("a", 2);
    expect([marks.count("a", 2), marks.count("a", 3)]).toEqual([0, 1]);
  });

  it("starts over when the server has counted afresh", () => {
    const marks = new ReadMarks();
    marks.read("a", 5);
    expect(marks.count("a", 0)).toBe(0);
    expect(marks.count("a", 1)).toBe(1);
  });
});
