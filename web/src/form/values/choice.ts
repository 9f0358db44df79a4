// One of several, several of many, level by level, yes or no.
import { t } from "@/shared/t";
import { isRecord, read, textsIn, type Branch, type Field, type Problem } from "../types";
import { cleanText, isEmpty, wrong, asText, type Kind } from "./kind";

export const labelOf = (field: Field, value: string): string => {
  const option = field.options?.find((one) => one.value === value);
  return option ? read(option.label) : value;
};

const isOption = (field: Field, value: unknown) =>
  !!field.options?.some((option) => option.value === value);

export const singleSelect: Kind = {
  source: "input",
  type: "text",
  problems: (field, value) => (isOption(field, value) ? [] : wrong(t("problem.option"))),
  words: (field, value) => labelOf(field, asText(value)),
};

/** Too many or too few of something. */
export function counted(field: Field, n: number, most: number, what: string): Problem[] {
  const [min, max] = [field.min ?? 0, Math.min(field.max ?? most, most)];
  if (n > max) return wrong(t("problem.too_many", { max, what }));
  return n < min ? wrong(t("problem.too_few", { min, what })) : [];
}

export const multiSelect: Kind = {
  source: "input",
  type: "texts",
  parts: () => ({ count: "number" }),
  part: (_field, value) => textsIn(value).length,
  // Stored in the order of the options, each once.
  clean: (field, value) => {
    const chosen = textsIn(value);
    return (field.options ?? []).map((one) => one.value).filter((one) => chosen.includes(one));
  },
  problems: (field, value) => counted(field, textsIn(value).length, 500, t("problem.unit.items")),
  words: (field, value) =>
    textsIn(value)
      .map((one) => labelOf(field, one))
      .join("、"),
};

/** The branches along a path, as far as it leads. */
export function walk(tree: readonly Branch[] = [], path: readonly string[]): Branch[] {
  const found: Branch[] = [];
  let level: readonly Branch[] = tree;
  for (const value of path) {
    const branch = level.find((one) => one.value === value);
    if (!branch) break;
    found.push(branch);
    level = branch.children ?? [];
  }
  return found;
}

export function pathProblems(field: Field, path: readonly string[], at = ""): Problem[] {
  const found = walk(field.tree, path);
  if (found.length < path.length) return wrong(t("problem.option"), at);
  const below = found.length > 0 ? found[found.length - 1]?.children : field.tree;
  if (below && below.length > 0 && !field.any_level)
    return wrong(t("problem.level", { n: found.length + 1 }), at);
  return [];
}

export const pathWords = (field: Field, path: readonly string[]): string[] => {
  const found = walk(field.tree, path);
  return [...found.map((branch) => read(branch.label)), ...path.slice(found.length)];
};

export const cascade: Kind = {
  source: "input",
  type: "texts",
  problems: (field, value) => pathProblems(field, textsIn(value)),
  words: (field, value) => pathWords(field, textsIn(value)).join(" / "),
};

export const toggle: Kind = {
  source: "input",
  type: "bool",
  words: (_field, value) => (typeof value === "boolean" ? t(value ? "form.yes" : "form.no") : ""),
};

const REGION_MAX = 50;
const DETAIL_MAX = 300;

export const address: Kind = {
  source: "input",
  type: "object",
  parts: () => ({ region: "texts", detail: "text" }),
  isEmpty: (value) =>
    isEmpty(value) || (isRecord(value) && isEmpty(value["region"]) && isEmpty(value["detail"])),
  clean: (_field, value) => {
    if (!isRecord(value)) return value;
    const region = textsIn(value["region"]).map(cleanText).filter(Boolean);
    return { region, detail: cleanText(asText(value["detail"])) };
  },
  problems: (field, value) => {
    if (!isRecord(value)) return wrong(t("problem.region"));
    const [region, detail] = [textsIn(value["region"]), asText(value["detail"])];
    if (field.required && region.length === 0) return wrong(t("problem.region"), "region");
    if ([...detail].length > DETAIL_MAX)
      return wrong(t("problem.too_long", { max: DETAIL_MAX, n: [...detail].length }), "detail");
    if (region.length > 0 && (field.tree?.length ?? 0) > 0)
      return pathProblems(field, region, "region");
    return region.some((name) => [...name].length > REGION_MAX)
      ? wrong(t("problem.too_long", { max: REGION_MAX, n: REGION_MAX + 1 }), "region")
      : [];
  },
  words: (field, value) => {
    if (!isRecord(value)) return "";
    const region = pathWords(field, textsIn(value["region"])).join("");
    return [region, asText(value["detail"])].filter(Boolean).join(" ");
  },
};
