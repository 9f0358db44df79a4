import { expect, it } from "vitest";
import { simulator } from "@/locales/zh-CN/simulator";
import { faultsOf, otherFaults, PRESETS } from "./faultPresets";
import type { Fault } from "./types";

const words: Record<string, string> = simulator;

const http = PRESETS.find((p) => p.id === "http");
const fault = (id: number, effect: Fault["effect"]): Fault => ({
  id,
  path: "*",
  times: null,
  effect,
});

it("a switch knows its own fault, even when the server writes out what is off", () => {
  const written = fault(1, { http: 503, html: false } as unknown as Fault["effect"]);
  expect(http && faultsOf(http, [written, fault(2, { http: 500 })]).map((f) => f.id)).toEqual([1]);
});

it("faults that no switch stands for are still shown", () => {
  const others = otherFaults([fault(1, { http: 503 }), fault(2, { errcode: 41001 })]);
  expect(others).toEqual([{ fault: fault(2, { errcode: 41001 }), text: "* errcode=41001" }]);
});

it("every switch has a name and an explanation", () => {
  for (const { name, hint } of PRESETS) expect([words[name], words[hint]]).not.toContain(undefined);
});
