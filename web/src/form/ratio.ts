// Exact numbers: fractions of whole numbers, as src/form/rules/ratio.rs has them. What is beyond
// the range there is refused here too, so that page and server say the same.

const MOST = 10n ** 18n;
const DIGITS_MAX = 15;
const SCALE_MAX = 9;

/** A fraction in lowest terms; the denominator is positive. */
export interface Ratio {
  readonly num: bigint;
  readonly den: bigint;
}

const absolute = (n: bigint) => (n < 0n ? -n : n);

function reduced(num: bigint, den: bigint): Ratio | null {
  if (den === 0n) return null;
  let [a, b] = [absolute(num), absolute(den)];
  while (b !== 0n) [a, b] = [b, a % b];
  const divisor = den < 0n ? -a : a;
  const ratio = { num: num / divisor, den: den / divisor };
  return absolute(ratio.num) > MOST || ratio.den > MOST ? null : ratio;
}

/** A number of JSON, if it has at most 15 digits, at most 9 of them after the point. */
export function ratioOf(number: number): Ratio | null {
  const written = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(number));
  if (!written) return null;
  const [, sign = "", whole = "", part = "", exponent = "0"] = written;
  const scale = part.length - Number(exponent);
  if (Math.abs(scale) > SCALE_MAX + DIGITS_MAX) return null;
  const digits = BigInt(whole + part) * (scale < 0 ? 10n ** BigInt(-scale) : 1n);
  if (scale > SCALE_MAX || digits >= 10n ** BigInt(DIGITS_MAX)) return null;
  return reduced(sign ? -digits : digits, 10n ** BigInt(Math.max(scale, 0)));
}

export const plus = (a: Ratio, b: Ratio) => reduced(a.num * b.den + b.num * a.den, a.den * b.den);
export const minus = (a: Ratio, b: Ratio) => plus(a, negative(b));
export const times = (a: Ratio, b: Ratio) => reduced(a.num * b.num, a.den * b.den);
export const over = (a: Ratio, b: Ratio) => reduced(a.num * b.den, a.den * b.num);
export const negative = (a: Ratio): Ratio => ({ num: -a.num, den: a.den });

/** Below zero, zero or above: in which order two numbers stand. */
export function compare(a: Ratio, b: Ratio): number {
  const [left, right] = [a.num * b.den, b.num * a.den];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** The decimal rounded half away from zero; null when it has more than 15 digits. */
export function toNumber(ratio: Ratio, scale = SCALE_MAX): number | null {
  const unit = 10n ** BigInt(Math.min(scale, SCALE_MAX));
  const rounded = (2n * absolute(ratio.num) * unit + ratio.den) / (2n * ratio.den);
  const part = (rounded % unit).toString().padStart(unit.toString().length - 1, "0");
  const text = `${rounded / unit}.${part}`.replace(/\.?0*$/, "");
  if (text.replace(".", "").replace(/^0+/, "").length > DIGITS_MAX) return null;
  return Number(text) * (ratio.num < 0n && rounded !== 0n ? -1 : 1);
}
