// Rules: JSONLogic's syntax with strict meaning, word for word as src/form/rules.rs has them. Both
// are held to tests/golden/rules.json. A rule is read and typed once; what passes can later fail
// on numbers only. The server's verdict is the one that counts: this one spares a round trip.

import { compare, minus, negative, over, plus, ratioOf, times, type Ratio } from "./ratio";

export type Type =
  | "null"
  | "bool"
  | "number"
  | "text"
  | "date"
  | "datetime"
  | "texts"
  | "numbers"
  | "object";

/** A variable: its type, and the only values that it can have if it is a choice. */
export interface Variable {
  readonly type: Type;
  readonly options?: readonly string[];
}

/** The variables that a rule may name. */
export type Scope = (name: string) => Variable | undefined;
/** The answers, as JSON. */
export type Answers = (name: string) => unknown;

/** Something with parts, of which only is known that it is there. */
const OBJECT = Symbol("object");
export type Datum = null | boolean | string | { ratio: Ratio } | Datum[] | typeof OBJECT;

/** Why a rule cannot be saved: a stable code, and where in the rule. */
export class RuleFault extends Error {
  constructor(
    readonly code: string,
    readonly at: string,
  ) {
    super(`${code} at ${at}`);
  }
}

export type TrapCode = "divide_by_zero" | "overflow" | "type_clash";

/** Why a rule that was saved could not be worked out. */
export class RuleTrap extends Error {
  constructor(readonly code: TrapCode) {
    super(code);
  }
}

/** A rule, read and typed. */
export interface Rule {
  readonly type: Type;
  /** Its result; throws a RuleTrap. */
  readonly run: (answers: Answers) => Datum;
}

const DEPTH_MAX = 20;
const NODES_MAX = 400;
const TEXT_MAX = 500;

const ARITY = new Map<string, readonly [number, number]>([
  ["!", [1, 1]],
  ["!!", [1, 1]],
  ["var", [1, 2]],
  ["-", [1, 2]],
  ["==", [2, 2]],
  ["!=", [2, 2]],
  [">", [2, 2]],
  [">=", [2, 2]],
  ["in", [2, 2]],
  ["/", [2, 2]],
  ["<", [2, 3]],
  ["<=", [2, 3]],
  ["and", [1, NODES_MAX]],
  ["or", [1, NODES_MAX]],
  ["+", [2, NODES_MAX]],
  ["*", [2, NODES_MAX]],
]);

type Run = Rule["run"];

interface Typed {
  readonly type: Type;
  readonly run: Run;
  /** The value of a constant; undefined of everything else. */
  readonly constant?: Datum;
  readonly options?: readonly string[] | undefined;
}

/** Reads a rule; throws the first RuleFault in reading order. */
export function parse(json: unknown, scope: Scope): Rule {
  let nodes = 0;

  function node(value: unknown, at: string, depth: number): Typed {
    nodes += 1;
    if (depth > DEPTH_MAX) throw new RuleFault("too_deep", at);
    if (nodes > NODES_MAX) throw new RuleFault("too_big", at);
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return constantOf(value, at);
    const entries = Object.entries(value);
    const entry = entries[0];
    if (!entry || entries.length > 1) throw new RuleFault("malformed", at);
    return operation(entry[0], Array.isArray(entry[1]) ? entry[1] : [entry[1]], at, depth);
  }

  function operation(op: string, operands: unknown[], above: string, depth: number): Typed {
    const at = above ? `${above}.${op}` : op;
    const arity = ARITY.get(op);
    if (!arity) throw new RuleFault("unknown_operator", at);
    if (operands.length < arity[0] || operands.length > arity[1])
      throw new RuleFault("wrong_arity", at);
    if (op === "var") return variable(operands, at);
    return compose(
      op,
      operands.map((operand, nth) => node(operand, `${at}[${nth}]`, depth + 1)),
      at,
    );
  }

  function variable(operands: unknown[], at: string): Typed {
    const name = operands[0];
    if (typeof name !== "string") throw new RuleFault("malformed", at);
    const found = scope(name);
    if (!found) throw new RuleFault("unknown_field", at);
    const fallback = operands.length > 1 ? constantOf(operands[1], at) : NONE;
    if (!fits(fallback, found.type)) throw new RuleFault("type_clash", at);
    const { type, options } = found;
    const run: Run = (answers) => read(type, answers(name)) ?? fallback.run(answers);
    return { type, options, run };
  }

  const { type, run } = node(json, "", 0);
  return { type, run };
}

/** Whether a condition holds; no answer is no. Throws a RuleTrap. */
export const holds = (rule: Rule, answers: Answers): boolean => truth(rule.run(answers));

// ---- reading -------------------------------------------------------------------------------

const constant = (type: Type, datum: Datum): Typed => ({ type, constant: datum, run: () => datum });
const NONE = constant("null", null);

function constantOf(value: unknown, at: string): Typed {
  if (value === null) return NONE;
  if (Array.isArray(value)) return listOf(value, at);
  switch (typeof value) {
    case "boolean":
      return constant("bool", value);
    case "number": {
      const ratio = ratioOf(value);
      if (!ratio) throw new RuleFault("bad_number", at);
      return constant("number", { ratio });
    }
    case "string":
      if ([...value].length > TEXT_MAX) throw new RuleFault("too_big", at);
      return constant("text", value);
    default:
      throw new RuleFault("malformed", at);
  }
}

function listOf(rows: unknown[], at: string): Typed {
  if (rows.length > NODES_MAX) throw new RuleFault("too_big", at);
  const list: Datum[] = [];
  let of: Type | undefined;
  for (const [nth, row] of rows.entries()) {
    const { type, constant: datum = null } = constantOf(row, `${at}[${nth}]`);
    if ((type !== "number" && type !== "text") || (of && of !== type))
      throw new RuleFault("malformed", `${at}[${nth}]`);
    of = type;
    list.push(datum);
  }
  if (!of) throw new RuleFault("malformed", at);
  return constant(of === "number" ? "numbers" : "texts", list);
}

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  if (!year || !month || !day) return false;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

const isInstant = (text: string) =>
  /^.{10}T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/.test(text) && isDate(text.slice(0, 10));

/** Whether something may stand where that type is meant. */
function fits(typed: Typed, type: Type): boolean {
  if (typed.type === "null" || typed.type === type) return true;
  const text = typed.constant;
  if (typeof text !== "string") return false;
  return (type === "date" && isDate(text)) || (type === "datetime" && isInstant(text));
}

/** The operand of which all others must be: the first that is no constant, else the first. */
const leaderOf = (typed: Typed[]) => typed.find((one) => one.constant === undefined) ?? typed[0];

function allFit(typed: Typed[], type: Type, at: string): Type {
  for (const [nth, one] of typed.entries())
    if (!fits(one, type)) throw new RuleFault("type_clash", `${at}[${nth}]`);
  return type;
}

function compose(op: string, typed: Typed[], at: string): Typed {
  const type = typeOf(op, typed, at);
  const runs = typed.map((one) => one.run);
  return { type, run: operator(op, runs) };
}

function typeOf(op: string, typed: Typed[], at: string): Type {
  switch (op) {
    case "and":
    case "or":
      return allFit(typed, "bool", at);
    case "!":
    case "!!":
      if (typed[0]?.type === "number") throw new RuleFault("type_clash", `${at}[0]`);
      return "bool";
    case "==":
    case "!=":
      checkSame(typed, at);
      return "bool";
    case "<":
    case "<=":
    case ">":
    case ">=":
      checkOrdered(typed, at);
      return "bool";
    case "in":
      checkIn(typed, at);
      return "bool";
    default:
      return allFit(typed, "number", at);
  }
}

function checkSame(typed: Typed[], at: string) {
  if (typed.some((one) => one.type === "null")) return;
  const leader = leaderOf(typed);
  for (const [nth, one] of typed.entries()) {
    const place = `${at}[${nth}]`;
    const isWhole = one.type === "object" || one.type === "texts" || one.type === "numbers";
    if (isWhole || (leader && !fits(one, leader.type))) throw new RuleFault("type_clash", place);
    checkOptions(leader?.options, one.constant, place);
  }
}

function checkOrdered(typed: Typed[], at: string) {
  const type = leaderOf(typed)?.type ?? "null";
  const isOrdered = type === "number" || type === "date" || type === "datetime";
  for (const [nth, one] of typed.entries())
    if (!isOrdered || one.type === "null" || !fits(one, type))
      throw new RuleFault("type_clash", `${at}[${nth}]`);
}

function checkIn([needle, hay]: Typed[], at: string) {
  if (!needle || !hay) return;
  const rows = Array.isArray(hay.constant) ? hay.constant : null;
  const areAll = (isOne: (text: string) => boolean) =>
    hay.type === "texts" && !!rows?.every((row) => typeof row === "string" && isOne(row));
  const isRight = {
    text: hay.type === "text" || hay.type === "texts",
    number: hay.type === "numbers",
    date: areAll(isDate),
    datetime: areAll(isInstant),
  };
  if (!(needle.type in isRight)) throw new RuleFault("type_clash", `${at}[0]`);
  if (!isRight[needle.type as keyof typeof isRight]) throw new RuleFault("type_clash", `${at}[1]`);
  if (hay.type !== "texts") return;
  checkOptions(needle.options, hay.constant, `${at}[1]`);
  checkOptions(hay.options, needle.constant, `${at}[0]`);
}

/** A constant that the choice can never be is a misspelling. */
function checkOptions(
  options: readonly string[] | undefined,
  datum: Datum | undefined,
  at: string,
): void {
  if (!options || datum === undefined) return;
  const texts = Array.isArray(datum) ? datum : [datum];
  if (texts.some((text) => typeof text === "string" && !options.includes(text)))
    throw new RuleFault("not_an_option", at);
}

// ---- working out ---------------------------------------------------------------------------

const clash = () => new RuleTrap("type_clash");

/** An answer as a variable of that type. */
function read(type: Type, value: unknown): Datum {
  if (value === null || value === undefined) return null;
  switch (type) {
    case "bool":
      if (typeof value === "boolean") return value;
      break;
    case "number": {
      const ratio = typeof value === "number" ? ratioOf(value) : null;
      if (ratio) return { ratio };
      break;
    }
    case "text":
    case "date":
    case "datetime":
      if (typeof value === "string") return value;
      break;
    case "texts":
      if (Array.isArray(value) && value.every((row) => typeof row === "string")) return value;
      break;
    case "object":
      if (typeof value === "object" && !Array.isArray(value)) return OBJECT;
      break;
    default:
  }
  throw clash();
}

function truth(datum: Datum): boolean {
  if (datum === null) return false;
  if (typeof datum !== "boolean") throw clash();
  return datum;
}

function isThere(datum: Datum): boolean {
  if (datum === null) return false;
  if (typeof datum === "boolean") return datum;
  if (typeof datum === "string" || Array.isArray(datum)) return datum.length > 0;
  if (datum === OBJECT) return true;
  throw clash();
}

const isRatio = (datum: Datum): datum is { ratio: Ratio } =>
  typeof datum === "object" && datum !== null && "ratio" in datum;

function numberIn(datum: Datum): Ratio | null {
  if (datum === null) return null;
  if (!isRatio(datum)) throw clash();
  return datum.ratio;
}

function same(left: Datum, right: Datum): boolean {
  if (left === null || right === null) return left === right;
  if (isRatio(left) && isRatio(right)) return compare(left.ratio, right.ratio) === 0;
  return left === right;
}

/** Dates and times are written at one width, so their texts stand in their order. */
function orderOf(left: Datum, right: Datum): number | null {
  if (left === null || right === null) return null;
  if (isRatio(left) && isRatio(right)) return compare(left.ratio, right.ratio);
  if (typeof left !== "string" || typeof right !== "string") throw clash();
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function isIn(needle: Datum, hay: Datum): boolean {
  if (needle === null || hay === null) return false;
  if (typeof needle === "string" && typeof hay === "string") return hay.includes(needle);
  if ((typeof needle === "string" || isRatio(needle)) && Array.isArray(hay))
    return hay.some((row) => same(needle, row));
  throw clash();
}

function reckon(left: Datum, right: Datum, by: (a: Ratio, b: Ratio) => Ratio | null): Datum {
  const [a, b] = [numberIn(left), numberIn(right)];
  if (!a || !b) return null;
  const ratio = by(a, b);
  if (!ratio) throw new RuleTrap("overflow");
  return { ratio };
}

const ORDERS: Record<string, (order: number) => boolean> = {
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

function operator(op: string, runs: Run[]): Run {
  const at = (nth: number, answers: Answers): Datum => runs[nth]?.(answers) ?? null;
  const both = (answers: Answers) => [at(0, answers), at(1, answers)] as const;
  const folded = (by: (a: Ratio, b: Ratio) => Ratio | null) => (answers: Answers) => {
    let result = at(0, answers);
    for (const run of runs.slice(1)) result = reckon(result, run(answers), by);
    return result;
  };
  const order = ORDERS[op];
  if (order) {
    return (answers) => {
      const data = runs.map((run) => run(answers));
      const orders = data.slice(1).map((right, nth) => orderOf(data[nth] ?? null, right));
      return orders.every((one) => one !== null && order(one));
    };
  }
  switch (op) {
    case "and":
      return (answers) => runs.every((run) => truth(run(answers)));
    case "or":
      return (answers) => runs.some((run) => truth(run(answers)));
    case "!":
      return (answers) => !isThere(at(0, answers));
    case "!!":
      return (answers) => isThere(at(0, answers));
    case "==":
      return (answers) => same(...both(answers));
    case "!=":
      return (answers) => !same(...both(answers));
    case "in":
      return (answers) => isIn(...both(answers));
    case "+":
      return folded(plus);
    case "*":
      return folded(times);
    case "-":
      if (runs.length > 1) return folded(minus);
      return (answers) => {
        const number = numberIn(at(0, answers));
        return number && { ratio: negative(number) };
      };
    default:
      return (answers) => {
        const [left, right] = both(answers);
        if (isRatio(right) && right.ratio.num === 0n) throw new RuleTrap("divide_by_zero");
        return reckon(left, right, over);
      };
  }
}
