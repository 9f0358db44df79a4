// What a type of field is to this page: the same rules as src/form/fields has, so that what is sent
// is taken. The server judges again; here they spare a round trip.
import type { Field, Problem } from "../types";
import type { Type } from "../rules";

export type Source = "input" | "computed" | "issued" | "nothing";

export interface Kind {
  source: Source;
  /** What a rule sees of an answer. */
  type: Type;
  /** The parts that a rule can name: `lat` of `place.lat`. */
  parts?: (field: Field) => Record<string, Type>;
  /** A part of an answer, where it is not the member of that name. */
  part?: (field: Field, value: unknown, part: string) => unknown;
  isEmpty?: (value: unknown) => boolean;
  /** The digits after the point that computed numbers keep. */
  scale?: (field: Field) => number;
  /** The answer as it is sent. What cannot be read stays as it is, for `problems` to name. */
  clean?: (field: Field, value: unknown) => unknown;
  /** What is wrong with a clean answer that is not empty. */
  problems?: (field: Field, value: unknown) => Problem[];
  /** The answer in words. */
  words: (field: Field, value: unknown) => string;
}

export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === "string") return value.trim() === "";
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}

export const wrong = (detail: string, path = ""): Problem[] => [{ path, detail }];

/** Without control characters and the marks that turn the direction of what follows; trimmed. */
export const cleanText = (text: string): string =>
  text
    // oxlint-disable-next-line no-control-regex -- these are what is taken out
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g, "")
    .trim();

export const asText = (value: unknown): string => (typeof value === "string" ? value : "");
