// Numbers, money, stars, computed numbers. A field holds a number once it can be read as one; until
// then what was typed, so that nothing is lost and the problem can name it.
import { fenOf, grouped, yuan } from "@/shared/money";
import { t } from "@/shared/t";
import { compare, ratioOf, type Ratio } from "../ratio";
import { read, type Field, type Problem } from "../types";
import { wrong, type Kind } from "./kind";

const SCALE = 6;
const STARS = 5;
const STARS_MAX = 10;
const DIGITS_MAX = 15;

/** `１２，３４５.５` as a number: full-width digits and separators are how some keyboards write. */
export function numberOf(written: string): number | null {
  const plain = written
    .replace(/[０-９．－]/g, (mark) => String.fromCharCode(mark.charCodeAt(0) - 0xfee0))
    .replace(/[,，\s]/g, "")
    .replace("−", "-");
  if (!/^-?(?:\d+\.?\d*|\.\d+)$/.test(plain)) return null;
  const digits = plain.replace(/[-.]/g, "").replace(/^0+/, "");
  return digits.length > DIGITS_MAX ? null : Number(plain);
}

/** Whether a number has at most so many digits after its point. */
const fits = (ratio: Ratio, scale: number): boolean => 10n ** BigInt(scale) % ratio.den === 0n;

const boundOf = (of: unknown): Ratio | null => (typeof of === "number" ? ratioOf(of) : null);

function within(field: Field, value: number, show: (n: number) => string): Problem[] {
  const own = ratioOf(value);
  const [low, high] = [boundOf(field.lowest), boundOf(field.highest)];
  if (own && low && compare(own, low) < 0)
    return wrong(t("problem.low", { lowest: show(Number(field.lowest)) }));
  if (own && high && compare(own, high) > 0)
    return wrong(t("problem.high", { highest: show(Number(field.highest)) }));
  return [];
}

const withUnit = (field: Field, text: string) => {
  const unit = read(field.unit);
  return unit ? `${text} ${unit}` : text;
};

export const scaleOf = (field: Field): number => field.scale ?? SCALE;

export const number: Kind = {
  source: "input",
  type: "number",
  scale: scaleOf,
  clean: (_field, value) => (typeof value === "string" ? (numberOf(value) ?? value) : value),
  problems: (field, value) => {
    if (typeof value !== "number") return wrong(t("problem.number"));
    const ratio = ratioOf(value);
    if (ratio === null) return wrong(t("problem.digits"));
    const scale = scaleOf(field);
    if (!fits(ratio, scale))
      return wrong(scale === 0 ? t("problem.whole") : t("problem.scale", { scale }));
    return within(field, value, grouped);
  },
  words: (field, value) => (typeof value === "number" ? withUnit(field, grouped(value)) : ""),
};

export const money: Kind = {
  source: "input",
  type: "number",
  // What is typed are yuan: a text. What is held are fen: a number.
  clean: (_field, value) => {
    if (typeof value !== "string") return value;
    const fen = fenOf(value);
    return typeof fen === "number" ? fen : value;
  },
  problems: (field, value) => {
    if (typeof value === "string") {
      const why = fenOf(value);
      if (why === "too_precise") return wrong(t("problem.money.scale"));
      return wrong(t(why === "out_of_range" ? "problem.money.high" : "problem.money"));
    }
    if (typeof value !== "number" || !Number.isSafeInteger(value)) return wrong(t("problem.money"));
    if (value < 0 && (field.lowest === undefined || field.lowest === null))
      return wrong(t("problem.negative"));
    return within(field, value, yuan);
  },
  words: (_field, value) => (typeof value === "number" ? yuan(value) : ""),
};

export const starsOf = (field: Field): number => Math.min(field.max ?? STARS, STARS_MAX);

export const rating: Kind = {
  source: "input",
  type: "number",
  problems: (field, value) => {
    const max = starsOf(field);
    const isOne =
      typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max;
    return isOne ? [] : wrong(t("problem.whole"));
  },
  words: (field, value) => (typeof value === "number" ? `${value} / ${starsOf(field)}` : ""),
};

export const formula: Kind = {
  source: "computed",
  type: "number",
  scale: (field) => (field.reads === "money" ? 0 : (field.scale ?? 2)),
  words: (field, value) => {
    if (typeof value !== "number") return "";
    return field.reads === "money" ? yuan(value) : withUnit(field, grouped(value));
  },
};
