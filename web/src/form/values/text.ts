// Lines of text, telephone numbers, addresses of mail, ids.
import { t } from "@/shared/t";
import type { Field, Problem } from "../types";
import { asText, cleanText, wrong, type Kind } from "./kind";

const LINE_MAX = 200;
const AREA_MAX = 5_000;
const ID_MAX = 64;
const EMAIL_MAX = 254;

export const textMax = (field: Field): number =>
  Math.min(field.max ?? Infinity, field.kind === "textarea" ? AREA_MAX : LINE_MAX);

/** Characters as people count them: an emoji of two units is one. */
export const lengthOf = (text: string): number => [...text].length;

function bounded(field: Field, value: unknown): Problem[] {
  const n = lengthOf(asText(value));
  const [min, max] = [field.min ?? 0, textMax(field)];
  if (n > max) return wrong(t("problem.too_long", { max, n }));
  return n < min ? wrong(t("problem.too_short", { min, n })) : [];
}

export const text: Kind = {
  source: "input",
  type: "text",
  clean: (_field, value) =>
    typeof value === "string" ? cleanText(value).replace(/[\n\t]/g, " ") : value,
  problems: bounded,
  words: (_field, value) => asText(value),
};

export const textarea: Kind = {
  ...text,
  clean: (_field, value) => (typeof value === "string" ? cleanText(value) : value),
};

const MOBILE = /^1[3-9]\d{9}$/;

/** Without what people put between the digits; a Chinese mobile number has no country code. */
export function phoneOf(written: string): string | null {
  const plain = written
    .replace(/[\s\-()（）·．.－—]/g, "")
    .replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0))
    .replace(/＋/g, "+")
    .replace(/^00/, "+");
  const home = plain.startsWith("+86") && MOBILE.test(plain.slice(3)) ? plain.slice(3) : plain;
  const isSlip = /^1\d{10}$/.test(home) && !MOBILE.test(home);
  return /^\+?\d{5,15}$/.test(home) && !isSlip ? home : null;
}

export const phone: Kind = {
  ...text,
  clean: (_field, value) => (typeof value === "string" ? (phoneOf(value) ?? value.trim()) : value),
  problems: (_field, value) => (phoneOf(asText(value)) === null ? wrong(t("problem.phone")) : []),
};

const EMAIL =
  /^[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*@(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i;

export const email: Kind = {
  ...text,
  clean: (_field, value) => {
    const [local, host, more] = asText(value).trim().split("@");
    return host !== undefined && more === undefined ? `${local}@${host.toLowerCase()}` : value;
  },
  problems: (_field, value) => {
    const address = asText(value);
    const isOne = EMAIL.test(address) && address.length <= EMAIL_MAX && address.indexOf("@") <= 64;
    return isOne ? [] : wrong(t("problem.email"));
  },
};

/** Members, departments, customers and what belongs to them, by id. */
export const reference = (pattern: RegExp): Kind => ({
  ...text,
  clean: (_field, value) => (typeof value === "string" ? value.trim() : value),
  problems: (_field, value) => {
    const id = asText(value);
    return pattern.test(id) && id.length <= ID_MAX ? [] : wrong(t("problem.id"));
  },
});

export const serialNo: Kind = { ...text, source: "issued" };

export const description: Kind = { source: "nothing", type: "null", words: () => "" };
