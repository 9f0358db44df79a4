// Where in the workbench one is, after the `#`: WeCom signs the address before it once, so the page
// goes from place to place without being signed anew, and the phone's back key works.
import { onScopeDispose, shallowRef } from "vue";

export type PlaceName = "home" | "search" | "ticket" | "new" | "asset" | "outbox";
export type PlaceQuery = Record<string, string>;

export interface Place {
  name: PlaceName;
  /** Which ticket, template or device. */
  id: string | null;
  query: PlaceQuery;
}

const PATHS: Record<PlaceName, string> = {
  home: "",
  search: "search",
  ticket: "t",
  new: "new",
  asset: "asset",
  outbox: "outbox",
};
const NAMES = new Map(Object.entries(PATHS).map(([name, path]) => [path, name as PlaceName]));

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

export function readPlace(hash: string): Place {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [head = "", id] = path.split("/");
  return {
    name: NAMES.get(head) ?? "home",
    id: id ? decoded(id) : null,
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

export function hashOf(name: PlaceName, id: string | null = null, query: PlaceQuery = {}): string {
  const path = [PATHS[name], ...(id === null ? [] : [encodeURIComponent(id)])].join("/");
  const search = new URLSearchParams(query).toString();
  return `#/${path}${search ? `?${search}` : ""}`;
}

export function usePlace(frame: Window = window) {
  const place = shallowRef(readPlace(frame.location.hash));
  // How many steps back lead to places of this page: a page opened at a ticket has none.
  const deep = (): number => Number((frame.history.state as { deep?: number } | null)?.deep ?? 0);
  const moved = () => (place.value = readPlace(frame.location.hash));
  frame.addEventListener("popstate", moved);
  frame.addEventListener("hashchange", moved);
  onScopeDispose(() => {
    frame.removeEventListener("popstate", moved);
    frame.removeEventListener("hashchange", moved);
  });

  const go = (name: PlaceName, id: string | null = null, query: PlaceQuery = {}) => {
    const hash = hashOf(name, id, query);
    if (hash === frame.location.hash) return;
    frame.history.pushState({ deep: deep() + 1 }, "", hash);
    moved();
  };
  /** Instead of the place where one is: going back leads past it. */
  const turn = (name: PlaceName, id: string | null = null, query: PlaceQuery = {}) => {
    frame.history.replaceState({ deep: deep() }, "", hashOf(name, id, query));
    moved();
  };
  /** Back to where one came from; to the list when one came from outside. */
  const back = () => (deep() > 0 ? frame.history.back() : turn("home"));
  return { place, go, turn, back };
}

export type Places = ReturnType<typeof usePlace>;
