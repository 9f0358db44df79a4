// Stored files by id, and a place on the earth.
import { t } from "@/shared/t";
import { isRecord, textsIn, type Field } from "../types";
import { counted } from "./choice";
import { asText, cleanText, wrong, type Kind } from "./kind";

const MOST: Record<string, number> = { images: 30, attachments: 50 };

export const filesMax = (field: Field): number => {
  const most = MOST[field.kind] ?? 1;
  return Math.min(field.max ?? most, most);
};

const files = (unit: () => string, words: (count: number) => string): Kind => ({
  source: "input",
  type: "texts",
  parts: () => ({ count: "number" }),
  part: (_field, value) => textsIn(value).length,
  problems: (field, value) => counted(field, textsIn(value).length, MOST[field.kind] ?? 30, unit()),
  words: (_field, value) => words(textsIn(value).length),
});

export const images = files(
  () => t("problem.unit.images"),
  (count) => t("field.images", { count }),
);
export const attachments = files(
  () => t("problem.unit.files"),
  (count) => t("field.files", { count }),
);

export const signature: Kind = {
  source: "input",
  type: "text",
  words: (_field, value) => (asText(value) ? t("field.signed") : ""),
};

const LABEL_MAX = 200;
const PER_DEGREE = 1e7;
const degrees = (value: unknown) => Math.round(Number(value) * PER_DEGREE) / PER_DEGREE;

const isDegrees = (of: unknown, most: number) => typeof of === "number" && Math.abs(of) <= most;
const shortly = (of: unknown) => Number(of).toFixed(5);

export const location: Kind = {
  source: "input",
  type: "object",
  parts: () => ({ lat: "number", lng: "number", system: "text", label: "text" }),
  clean: (_field, value) => {
    if (!isRecord(value)) return value;
    const { lat, lng, system = "gcj02", accuracy } = value;
    const label = [...cleanText(asText(value["label"]))].slice(0, LABEL_MAX).join("");
    const place = { lat: degrees(lat), lng: degrees(lng), system, label };
    return typeof accuracy === "number" ? { ...place, accuracy } : place;
  },
  problems: (_field, value) => {
    const [lat, lng] = isRecord(value) ? [value["lat"], value["lng"]] : [];
    return isDegrees(lat, 90) && isDegrees(lng, 180) ? [] : wrong(t("problem.place"));
  },
  words: (_field, value) => {
    if (!isRecord(value)) return "";
    return asText(value["label"]) || `${shortly(value["lat"])}, ${shortly(value["lng"])}`;
  },
};
