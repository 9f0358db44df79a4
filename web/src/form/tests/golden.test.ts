// @vitest-environment happy-dom
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DISPLAYS } from "../displays";
import { KINDS } from "../kinds";
import { REGISTRY } from "../registry";
import type { Field } from "../types";
import { everyKind } from "./everyKind";

interface Golden {
  kind: string;
  type: string;
  source: string;
  parts: Record<string, string>;
}

const golden = JSON.parse(readFileSync("../tests/golden/fields.json", "utf8")) as Golden[];
// The golden file's table has one column of numbers, called hours.
const fieldOf = (kind: string): Field => ({
  key: "x",
  kind,
  label: "x",
  columns: [{ key: "hours", kind: "number", label: "hours" }],
});

describe("every kind of field of the service", () => {
  it("is known here, and none besides", () => {
    const names = golden.map(({ kind }) => kind).sort();
    expect(Object.keys(KINDS).sort()).toEqual(names);
    expect(Object.keys(REGISTRY).sort()).toEqual(names);
    for (const kind of Object.keys(DISPLAYS)) expect(names).toContain(kind);
  });

  it.each(golden)("$kind has the type, the source and the parts that rules see", (one) => {
    const kind = KINDS[one.kind];
    expect(kind?.source).toBe(one.source);
    expect(kind?.type).toBe(one.type);
    expect(kind?.parts?.(fieldOf(one.kind)) ?? {}).toEqual(one.parts);
  });

  it("stands in the form that tests and the working page use", () => {
    const used = new Set(everyKind.fields.map((field) => field.kind));
    for (const { kind } of golden) expect(used).toContain(kind);
  });
});
