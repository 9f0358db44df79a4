// @vitest-environment node
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ratioOf, toNumber } from "./ratio";
import { holds, parse, RuleFault, RuleTrap, type Datum, type Scope, type Type } from "./rules";

interface Vector {
  name: string;
  rule: unknown;
}

interface Golden {
  types: Record<string, Type | { type: Type; options: string[] }>;
  evaluate: (Vector & {
    data: Record<string, unknown>;
    result?: unknown;
    error?: string;
    scale?: number;
  })[];
  typed: (Vector & { type: Type })[];
  refuse: (Vector & { error: string; at: string })[];
}

const path = fileURLToPath(new URL("../../../tests/golden/rules.json", import.meta.url));
const golden = JSON.parse(readFileSync(path, "utf8")) as Golden;

const declarations = new Map(Object.entries(golden.types));
const scope: Scope = (name) => {
  const declared = declarations.get(name);
  return typeof declared === "string" ? { type: declared } : declared;
};

function json(datum: Datum, scale?: number): unknown {
  if (Array.isArray(datum)) return datum.map((row) => json(row, scale));
  if (typeof datum === "object" && datum !== null) return toNumber(datum.ratio, scale);
  return datum;
}

function outcome(of: () => unknown): unknown {
  try {
    return { result: of() };
  } catch (error) {
    if (error instanceof RuleTrap) return { error: error.code };
    if (error instanceof RuleFault) return { error: error.code, at: error.at };
    throw error;
  }
}

describe("rules are worked out as the vectors say", () => {
  it.each(golden.evaluate)("$name", ({ rule, data, result, error, scale }) => {
    const read = parse(rule, scope);
    const found = outcome(() =>
      json(
        read.run((name) => data[name]),
        scale,
      ),
    );
    expect(found).toEqual(error === undefined ? { result } : { error });
  });
});

describe("rules have the types that the vectors say", () => {
  it.each(golden.typed)("$name", ({ rule, type }) => {
    expect(parse(rule, scope).type).toBe(type);
  });
});

describe("rules are refused as and where the vectors say", () => {
  it.each(golden.refuse)("$name", ({ rule, error, at }) => {
    expect(outcome(() => parse(rule, scope))).toEqual({ error, at });
  });
});

describe("a condition", () => {
  it("does not hold without an answer", () => {
    const rule = parse({ var: "vip" }, scope);
    expect([undefined, false, true].map((vip) => holds(rule, () => vip))).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe("a number", () => {
  it("is taken exactly or not at all", () => {
    expect(ratioOf(-12.5)).toEqual({ num: -25n, den: 2n });
    expect(ratioOf(1e-7)).toEqual({ num: 1n, den: 10n ** 7n });
    for (const wrong of [0.1 + 0.2, 1e15, 1e21, 1e300, 1e-10, Number.NaN, Infinity])
      expect(ratioOf(wrong)).toBeNull();
  });

  it("is rounded half away from zero", () => {
    const rounded = [0.25, -0.25, 0.24, -0.04].map((one) => toNumber(ratioOf(one) ?? fail(), 1));
    expect(rounded).toEqual([0.3, -0.3, 0.2, 0]);
    expect(toNumber({ num: 10n ** 18n, den: 1n })).toBeNull();
    expect(toNumber({ num: 10n ** 14n, den: 1n })).toBe(1e14);
  });
});

function fail(): never {
  throw new Error("no such number");
}
