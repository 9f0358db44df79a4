// Choosing one of many that only the server knows: people, departments, customers and what is theirs.
// Searched there, so that a list of ten thousand costs nothing here.
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import { api, type Listed } from "@/shared/api";
import { allDepartments, learnName, type Named } from "@/shared/names";

export interface Row {
  id: string;
  name: string;
  /** What tells it from others of the same name. */
  hint: string;
}

type Raw = Record<string, unknown>;
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const joined = (...parts: unknown[]) => parts.map(text).filter(Boolean).join(" · ");

interface Source {
  path: string;
  row: (raw: Raw) => Row;
  /** Those of the ticket's customer only. */
  isHis?: boolean;
}

const SOURCES: Record<Exclude<Named, "department">, Source> = {
  member: {
    path: "/members",
    row: (raw) => ({
      id: text(raw["userid"]),
      name: text(raw["name"]) || text(raw["userid"]),
      hint: joined(raw["position"], raw["userid"]),
    }),
  },
  customer: {
    path: "/customers",
    row: (raw) => ({
      id: text(raw["external_userid"]),
      name: text(raw["name"]),
      hint: joined(raw["corp_name"], raw["phone"]),
    }),
  },
  asset: {
    path: "/assets",
    row: (raw) => ({
      id: text(raw["serial_no"]),
      name: text(raw["name"]) || text(raw["serial_no"]),
      hint: joined(raw["model"], raw["place"], raw["serial_no"]),
    }),
    isHis: true,
  },
  opportunity: {
    path: "/opportunities",
    row: (raw) => ({
      id: text(raw["key"]),
      name: text(raw["title"]) || text(raw["key"]),
      hint: joined(raw["stage"], raw["key"]),
    }),
    isHis: true,
  },
  order: {
    path: "/orders",
    row: (raw) => ({
      id: text(raw["no"]),
      name: text(raw["title"]) || text(raw["no"]),
      hint: joined(raw["state"], raw["no"]),
    }),
    isHis: true,
  },
};

const LIMIT = 50;

export function usePicker(kind: () => Named, customer: () => string | null, open: () => boolean) {
  const words = ref("");
  const rows = shallowRef<Row[]>([]);
  const error = shallowRef<unknown>(null);
  const busy = ref(false);
  const next = ref<string | null>(null);
  let run: AbortController | null = null;

  async function departments(): Promise<Row[]> {
    const all = await allDepartments();
    const name = (id: number | null) => all.find((one) => one.id === id)?.name ?? "";
    return all
      .filter((one) => one.name.includes(words.value))
      .map((one) => ({ id: String(one.id), name: one.name, hint: name(one.parent) }));
  }

  async function page(cursor: string | null, signal: AbortSignal): Promise<Row[]> {
    const of = kind();
    if (of === "department") return departments();
    const { path, row, isHis } = SOURCES[of];
    const query = { q: words.value || null, limit: LIMIT, cursor };
    const his = isHis ? { customer: customer() } : {};
    const found = await api.get<Listed<Raw>>(path, { ...query, ...his }, signal);
    if (!signal.aborted) next.value = found.next;
    return found.items.map(row);
  }

  async function load(more: boolean): Promise<void> {
    run?.abort();
    const mine = new AbortController();
    run = mine;
    busy.value = true;
    error.value = null;
    if (!more) next.value = null;
    try {
      const found = await page(more ? next.value : null, mine.signal);
      if (run !== mine) return;
      rows.value = more ? [...rows.value, ...found] : found;
      for (const { id, name } of found) learnName(kind(), id, name);
    } catch (failed) {
      if (run === mine) error.value = failed;
    } finally {
      if (run === mine) busy.value = false;
    }
  }

  watch(open, (isOpen) => {
    if (!isOpen) return;
    words.value = "";
    void load(false);
  });
  onScopeDispose(() => run?.abort());
  watch(words, () => open() && void load(false));

  return {
    words,
    rows,
    error,
    busy,
    retry: () => load(false),
    hasMore: computed(() => next.value !== null),
    more: () => (busy.value ? undefined : load(true)),
    /** A number of a device or an order may be written down that nobody has registered here. */
    isFree: computed(
      () =>
        ["asset", "order", "opportunity"].includes(kind()) &&
        /^[A-Za-z\d._@-]{1,64}$/.test(words.value) &&
        !rows.value.some((row) => row.id === words.value),
    ),
  };
}
