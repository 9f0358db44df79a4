// What the server said last, kept per person, so that a page that is opened again shows it at once.
// A client gives a page about 2.5 MB: fifty small entries, the longest unused go first.

const PREFIX = "qidan.seen:";
const ENTRIES_MAX = 50;
const ENTRY_CHARS_MAX = 40_000;
const AGE_MAX_MS = 7 * 86_400_000;

interface Entry<T> {
  at: number;
  value: T;
}

export interface Cache {
  read<T>(user: string, key: string): T | undefined;
  write(user: string, key: string, value: unknown): void;
  /** Forgets everything of a person, or everything of everybody else. */
  forget(user: string, others?: boolean): void;
}

const names = (store: Storage) =>
  Array.from({ length: store.length }, (_, nth) => store.key(nth) ?? "").filter((name) =>
    name.startsWith(PREFIX),
  );
const at = (store: Storage, name: string): number => {
  try {
    return (JSON.parse(store.getItem(name) ?? "{}") as Partial<Entry<unknown>>).at ?? 0;
  } catch {
    return 0;
  }
};

const oldest = (store: Storage) =>
  names(store)
    .map((name) => ({ name, at: at(store, name) }))
    .sort((a, b) => a.at - b.at);
export function cacheIn(storage: () => Storage, now: () => number = Date.now): Cache {
  const safely = <T>(work: (store: Storage) => T): T | undefined => {
    try {
      return work(storage());
    } catch {
      // Private windows refuse storage, and full ones more of it: the page asks the server then.
      return undefined;
    }
  };

  return {
    read: <T>(user: string, key: string) =>
      safely((store) => {
        const name = `${PREFIX}${user}:${key}`;
        const entry = JSON.parse(store.getItem(name) ?? "null") as Entry<T> | null;
        if (!entry || now() - entry.at > AGE_MAX_MS) return undefined;
        // Reading keeps it: the least recently used goes first.
        store.setItem(name, JSON.stringify({ ...entry, at: now() }));
        return entry.value;
      }),
    write: (user, key, value) =>
      void safely((store) => {
        const text = JSON.stringify({ at: now(), value });
        const name = `${PREFIX}${user}:${key}`;
        if (text.length > ENTRY_CHARS_MAX) {
          store.removeItem(name);
          return;
        }
        const others = oldest(store).filter((one) => one.name !== name);
        while (others.length >= ENTRIES_MAX) store.removeItem(others.shift()?.name ?? "");
        for (;;) {
          try {
            store.setItem(name, text);
            return;
          } catch (full) {
            const victim = others.shift();
            if (!victim) throw full;
            store.removeItem(victim.name);
          }
        }
      }),
    forget: (user, others = false) =>
      void safely((store) => {
        for (const name of names(store))
          if (name.startsWith(`${PREFIX}${user}:`) !== others) store.removeItem(name);
      }),
  };
}

export const cache = cacheIn(() => localStorage);
