import { beforeAll, describe, expect, it, vi } from "vitest";
import { effectScope } from "vue";
import type { FormView, FullTicket, TicketRow } from "@/api/pages";
import { distanceWords, isMasked, metresBetween, phoneOf, siteOf, wayTo } from "./distance";
import { workbench } from "@/locales/zh-CN/workbench";
import { speak } from "@/shared/t";
import { doingOf } from "./doing";
import { hashOf, readPlace, usePlace } from "./route";
import { readCode } from "./scan";
import type { Line } from "./types";
import { joined } from "./useLists";
import { pinnedFirst } from "@/shared/pinned";

beforeAll(() => speak([workbench, () => Promise.resolve({})]));

describe("places", () => {
  it("are read from and written to the address", () => {
    for (const [hash, name, id] of [
      ["#/", "home", null],
      ["", "home", null],
      ["#/t/01ABC", "ticket", "01ABC"],
      ["#/new/field%20visit", "new", "field visit"],
      ["#/nowhere/7", "home", "7"],
      ["#/t/%E0%A4%A", "ticket", "%E0%A4%A"],
    ] as const)
      expect(readPlace(hash)).toMatchObject({ name, id });
    const hash = hashOf("new", "a/b", { asset: "QF 1" });
    expect(readPlace(hash)).toEqual({ name: "new", id: "a/b", query: { asset: "QF 1" } });
  });

  it("lead back to the list when one came from outside", () => {
    const frame = window;
    frame.history.replaceState(null, "", "#/t/1");
    const scope = effectScope();
    const places = scope.run(() => usePlace(frame));
    if (!places) throw new Error("no places");
    const { place, back, go } = places;
    const stepBack = vi.spyOn(frame.history, "back");
    back();
    expect(stepBack).not.toHaveBeenCalled();
    expect(place.value.name).toBe("home");
    go("outbox");
    back();
    expect(stepBack).toHaveBeenCalledOnce();
    scope.stop();
  });
});

describe("codes", () => {
  it("are tickets, devices, or unknown", () => {
    for (const [text, found] of [
      ["GD-20261122-0007", { kind: "ticket", no: "GD-20261122-0007" }],
      ["https://x.example/t?no=GD-20261122-0007", { kind: "ticket", no: "GD-20261122-0007" }],
      [" QFKT2024-0031 ", { kind: "asset", serial: "QFKT2024-0031" }],
      ["https://x.example/d/?sn=QF1", { kind: "asset", serial: "QF1" }],
      ["https://x.example/devices/QF2/", { kind: "asset", serial: "QF2" }],
      ["你好", { kind: "unknown", text: "你好" }],
      ["javascript:alert(1)//", { kind: "unknown" }],
    ] as const)
      expect(readCode(text)).toMatchObject(found);
  });
});

type Shown = FormView["sections"][0]["fields"][0];
const BLANK: Shown = { key: "k", kind: "text", label: "", value: null, text: "", access: "read" };
const view = (field: Partial<Shown>): FormView => ({
  sections: [{ key: "", label: "", fields: [{ ...BLANK, ...field }] }],
});

describe("where the work is", () => {
  it("is measured on the earth", () => {
    const office = { lat: 30.2741, lng: 120.1551 };
    expect(metresBetween(office, office)).toBe(0);
    expect(metresBetween(office, { lat: 30.2831, lng: 120.1551 })).toBeCloseTo(1_000.8, 0);
    expect(distanceWords(35.4)).toBe("35 米");
    expect(distanceWords(12_345)).toBe("12.3 公里");
  });

  it("is the form's place with coordinates, else its address", () => {
    const place = { lat: 30.1, lng: 120.2, system: "gcj02", label: "一号楼" };
    const there = view({ kind: "location", value: place, text: "一号楼" });
    expect(siteOf(there)).toMatchObject({ lat: 30.1, label: "一号楼" });
    expect(wayTo(there)).toContain("tocoord=30.1%2C120.2");
    const wgs = view({ kind: "location", value: { ...place, system: "wgs84" }, text: "x" });
    expect(wayTo(wgs)).not.toContain("tocoord=30.1%2C120.2");
    const [here, map] = [place, { ...place, system: "wgs84" as const }];
    expect(metresBetween({ ...here, system: "gcj02" }, map)).toBeGreaterThan(300);
    expect(wayTo(view({ kind: "address", text: "望江苑 3-1201" }))).toContain("search?keyword=");
    expect(wayTo(view({ kind: "text", text: "x" }))).toBeNull();
    expect(wayTo(undefined)).toBeNull();
  });

  it("does not call numbers that are hidden", () => {
    expect(phoneOf(view({ kind: "phone", text: "138****0009" }))).toBe("138****0009");
    expect(isMasked("138****0009")).toBe(true);
    expect(isMasked("13800000009")).toBe(false);
  });
});

const line = (id: string): Line => ({ task: null, ticket: { id } as TicketRow });

describe("lists", () => {
  it("show nothing twice when things move between pages", () => {
    const all = joined([line("1"), line("2")], [line("2"), line("3")]);
    expect(all.map(({ ticket }) => ticket.id)).toEqual(["1", "2", "3"]);
  });

  it("have what is pinned first", () => {
    const one = (key: string, is_pinned: boolean) => ({ key, is_pinned }) as never;
    const order = pinnedFirst([one("a", false), one("b", true), one("c", false), one("d", true)]);
    expect(order.map(({ key }) => key)).toEqual(["b", "d", "a", "c"]);
  });
});

describe("a deed in words", () => {
  it("says everything that was written, so that it can be copied", () => {
    const ticket = {
      no: "GD-1",
      title: "空调",
      buttons: [
        {
          verb: "complete",
          label: "完成",
          dialog: { fields: [{ key: "note", kind: "textarea", label: "说明" }] },
          fills: { form: { fields: [{ key: "result", kind: "text", label: "结果" }] } },
        },
      ],
    } as unknown as FullTicket;
    const doing = doingOf(
      {
        ticket: "7",
        verb: "complete",
        task: "9",
        step: "fix",
        input: { note: "换了电容", form: { result: "好了" } },
        version: 3,
        key: "k",
      },
      ticket,
    );
    expect(doing).toMatchObject({
      lane: "7",
      path: "/tickets/7/actions/complete?task=9",
      label: "完成",
      note: "note",
      words: "完成 GD-1 空调\n说明：换了电容\n结果：好了",
    });
  });
});
