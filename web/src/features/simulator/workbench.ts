// What an app shows on its tile of the workbench: the platform's four templates as one list.

export interface Figure {
  key: string;
  data: string;
  url: string | null;
}

export interface Shown {
  items: Figure[];
  image: string | null;
}

const object = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";
const list = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.map(object) : [];

export function shownOf(told: unknown): Shown {
  const data = object(told);
  const figures = list(object(data["keydata"])["items"]).map((item) => ({
    key: text(item["key"]),
    data: text(item["data"]) || "-",
    url: text(item["jump_url"]) || null,
  }));
  const titles = list(object(data["list"])["items"]).map((item) => ({
    key: text(item["title"]),
    data: "",
    url: text(item["jump_url"]) || null,
  }));
  const image = text(object(data["image"])["url"]) || null;
  return { items: data["type"] === "list" ? titles : figures, image };
}
