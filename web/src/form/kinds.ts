// Every type of field: one line here, one in registry.ts; tests/golden/fields.json holds both.
import "./words";
import type { Field, Problem } from "./types";
import * as choice from "./values/choice";
import * as date from "./values/date";
import * as file from "./values/file";
import { isEmpty, type Kind } from "./values/kind";
import * as number from "./values/number";
import { below, priced, tableOf } from "./values/rows";
import * as text from "./values/text";

const ID = /^[A-Za-z\d._@-]+$/;

export const KINDS: Record<string, Kind> = {
  text: text.text,
  textarea: text.textarea,
  number: number.number,
  money: number.money,
  single_select: choice.singleSelect,
  multi_select: choice.multiSelect,
  cascade: choice.cascade,
  switch: choice.toggle,
  rating: number.rating,
  date: date.date,
  datetime: date.datetime,
  date_range: date.dateRange,
  phone: text.phone,
  email: text.email,
  address: choice.address,
  location: file.location,
  images: file.images,
  attachments: file.attachments,
  signature: file.signature,
  member: text.reference(ID),
  department: text.reference(/^\d+$/),
  customer: text.reference(ID),
  asset: text.reference(ID),
  opportunity: text.reference(ID),
  order: text.reference(ID),
  items: priced,
  parts: priced,
  table: tableOf((kind) => KINDS[kind]),
  formula: number.formula,
  description: text.description,
  serial_no: text.serialNo,
};

export const SECTION = "section";

export const isEmptyAnswer = (field: Field, value: unknown): boolean =>
  (KINDS[field.kind]?.isEmpty ?? isEmpty)(value);

export const cleanAnswer = (field: Field, value: unknown): unknown =>
  isEmptyAnswer(field, value) ? null : (KINDS[field.kind]?.clean?.(field, value) ?? value);

/** What is wrong with an answer that was given; paths from the form. */
export const answerProblems = (field: Field, value: unknown): Problem[] =>
  (KINDS[field.kind]?.problems?.(field, value) ?? []).map(({ path, detail }) => ({
    path: below(field.key, path),
    detail,
  }));

export const answerWords = (field: Field, value: unknown): string =>
  isEmptyAnswer(field, value) ? "" : (KINDS[field.kind]?.words(field, value) ?? "");
