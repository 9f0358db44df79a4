// A form as templates write it: src/form/template.rs, word for word.
import { locale } from "@/shared/t";

export type Words = string | { "zh-CN": string; "zh-HK"?: string; en?: string };
export type Access = "hidden" | "read" | "edit";

export interface Choice {
  value: string;
  label: Words;
}

export interface Branch extends Choice {
  children?: Branch[];
}

export interface Rules {
  show?: unknown;
  require?: unknown;
  set?: { when?: unknown; to: unknown }[];
  filter?: { when: unknown; options: string[] }[];
}

export interface Field {
  key: string;
  kind: string;
  label: Words;
  help?: Words;
  required?: boolean;
  min?: number | null;
  max?: number | null;
  lowest?: unknown;
  highest?: unknown;
  scale?: number | null;
  unit?: Words;
  options?: Choice[];
  tree?: Branch[];
  any_level?: boolean;
  columns?: Field[];
  content?: Words;
  formula?: unknown;
  reads?: "number" | "money";
  prefix?: string;
  default?: unknown;
  rules?: Rules;
  access?: Record<string, Access>;
  owner?: unknown;
}

/** As much of a field as it takes to show its answer. */
export type Shown = Pick<Field, "key" | "kind" | "label"> & Partial<Field>;

export interface Form {
  fields: Field[];
}

export type Answers = Record<string, unknown>;

/** What is wrong with an answer: where (`images[2]`; empty for the whole), and the mend. */
export interface Problem {
  path: string;
  detail: string;
}

/** The words in the reader's language; Chinese where there are none. */
export function read(words: Words | undefined): string {
  if (words === undefined || words === null) return "";
  if (typeof words === "string") return words;
  return (locale.value === "en" ? words.en : undefined) ?? words["zh-CN"];
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
