// The names of people and things that answers only have the ids of. Asked for once; several who want
// to know at the same time ask once, too.
import { reactive } from "vue";
import { api } from "./api";

export type Named = "member" | "department" | "customer" | "asset" | "opportunity" | "order";

interface Department {
  id: number;
  name: string;
  parent: number | null;
}

const known = reactive(new Map<string, string>());
const asked = new Set<string>();
let departments: Promise<Department[]> | null = null;

export function allDepartments(): Promise<Department[]> {
  departments ??= api.get<{ items: Department[] }>("/departments").then(({ items }) => items);
  departments.catch(() => (departments = null));
  return departments;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Where one of a kind is found, and what it is called. */
const ONE: Record<Named, (id: string) => Promise<string>> = {
  member: async (id) =>
    (await api.get<{ name: string }>(`/members/${encodeURIComponent(id)}`)).name,
  department: async (id) =>
    (await allDepartments()).find((one) => String(one.id) === id)?.name ?? "",
  customer: async (id) =>
    text((await api.get<Record<string, unknown>>(`/customers/${encodeURIComponent(id)}`))["name"]),
  asset: async (id) =>
    text((await api.get<Record<string, unknown>>(`/assets/${encodeURIComponent(id)}`))["name"]),
  opportunity: async (id) =>
    text(
      (await api.get<Record<string, unknown>>(`/opportunities/${encodeURIComponent(id)}`))["title"],
    ),
  order: async (id) =>
    text((await api.get<Record<string, unknown>>(`/orders/${encodeURIComponent(id)}`))["title"]),
};

export function learnName(kind: Named, id: string, name: string): void {
  if (name) known.set(`${kind}:${id}`, name);
}

/** The name as far as it is known; the id until then, and where it may not be known. */
export function nameOf(kind: Named, id: string): string {
  const key = `${kind}:${id}`;
  const name = known.get(key);
  if (name !== undefined) return name;
  if (!asked.has(key) && id !== "") {
    asked.add(key);
    ONE[kind](id).then(
      (found) => learnName(kind, id, found),
      () => undefined,
    );
  }
  return id;
}
