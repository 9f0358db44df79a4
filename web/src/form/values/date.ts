// Days, instants, spans of days.
import { t } from "@/shared/t";
import { absolute } from "@/shared/when";
import { isRecord, type Field, type Problem } from "../types";
import { asText, isEmpty, wrong, type Kind } from "./kind";

/** Whether a text is a day of the calendar. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === text;
}

const isNear = (text: string) => text >= "1900" && text < "2200";

export function dayProblems(field: Field, value: unknown, path = ""): Problem[] {
  const day = asText(value);
  if (!isDay(day)) return wrong(t("problem.date"), path);
  if (!isNear(day)) return wrong(t("problem.year"), path);
  const [lowest, highest] = [asText(field.lowest), asText(field.highest)];
  if (lowest && day < lowest) return wrong(t("problem.early", { lowest }), path);
  if (highest && day > highest) return wrong(t("problem.late", { highest }), path);
  return [];
}

/** `2026/1/5`, `2026年1月5日` as it is stored. */
export function plainDay(text: string): string {
  const [, year, month = "", day = ""] =
    /^\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\s*$/.exec(text) ?? [];
  return year ? `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}` : text.trim();
}

export const date: Kind = {
  source: "input",
  type: "date",
  clean: (_field, value) => (typeof value === "string" ? plainDay(value) : value),
  problems: (field, value) => dayProblems(field, value),
  words: (_field, value) => asText(value),
};

const INSTANT = /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

export const datetime: Kind = {
  source: "input",
  type: "datetime",
  // In UTC to the second, as rules compare it.
  clean: (_field, value) => {
    const text = asText(value).trim();
    const at = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(at) ? value : new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
  },
  problems: (_field, value) => {
    const text = asText(value);
    if (!INSTANT.test(text) || Number.isNaN(Date.parse(text))) return wrong(t("problem.datetime"));
    return isNear(text) ? [] : wrong(t("problem.year"));
  },
  words: (_field, value) => {
    const at = Date.parse(asText(value));
    return Number.isNaN(at) ? "" : absolute(at);
  },
};

export const dateRange: Kind = {
  source: "input",
  type: "object",
  parts: () => ({ start: "date", end: "date" }),
  isEmpty: (value) =>
    isEmpty(value) || (isRecord(value) && isEmpty(value["start"]) && isEmpty(value["end"])),
  problems: (field, value) => {
    if (!isRecord(value)) return wrong(t("problem.date"));
    for (const end of ["start", "end"]) {
      const found = dayProblems(field, value[end], end);
      if (found.length > 0) return found;
    }
    const isBack = asText(value["start"]) > asText(value["end"]);
    return isBack ? wrong(t("problem.order"), "end") : [];
  },
  words: (_field, value) =>
    isRecord(value)
      ? `${asText(value["start"])} ${t("field.date.to")} ${asText(value["end"])}`
      : "",
};
