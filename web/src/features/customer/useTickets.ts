// The tickets around a conversation: those at work, those of the past page by page, and a word when
// something happens to them.
import { computed, effectScope, onScopeDispose, ref, shallowRef, watch } from "vue";
import type { FullTicket, TicketRow, Tickets } from "@/api/pages";
import { reasonText } from "@/shared/failure";
import { say } from "@/shared/toast";

const QUIET_MS = 400;

/** What of a line one can see; anything else is no news. */
const shownOf = (rows: readonly TicketRow[]): string =>
  JSON.stringify(rows.map((one) => [one.id, one.version]));

interface Source<T extends Tickets> {
  data: { readonly value: T | undefined };
  put: (value: T) => void;
  refresh: () => Promise<void>;
  key: () => string | null;
  /** Asks once more, or for the next page of the past. */
  load: (cursor: string | null) => Promise<T>;
  /** Whether a ticket that is not shown belongs here. */
  isHere: (ticket: FullTicket) => boolean;
}

export function useTickets<T extends Tickets>({
  data,
  put,
  refresh,
  key,
  load,
  isHere,
}: Source<T>) {
  const more = shallowRef<TicketRow[]>([]);
  const next = ref<string | null>(null);
  const busy = ref(false);
  const news = ref(0);
  let fresh: T | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  watch(key, () => {
    more.value = [];
    news.value = 0;
    fresh = null;
    clearTimeout(timer);
  });
  watch(
    () => data.value,
    (now) => {
      more.value = [];
      next.value = now?.past_next ?? null;
    },
    { immediate: true },
  );

  async function loadMore(): Promise<void> {
    if (busy.value || next.value === null) return;
    const whose = key();
    busy.value = true;
    try {
      const page = await load(next.value);
      if (key() !== whose) return;
      more.value = [...more.value, ...page.past];
      next.value = page.past_next;
    } catch (error) {
      say(reasonText(error), "bad");
    } finally {
      busy.value = false;
    }
  }

  /** Looks behind the page whether what is shown is still so. */
  async function look(): Promise<void> {
    const whose = key();
    const shown = data.value;
    if (whose === null || !shown) return;
    try {
      const found = await load(null);
      if (key() !== whose) return;
      const isNews =
        shownOf(found.open) !== shownOf(shown.open) || shownOf(found.past) !== shownOf(shown.past);
      fresh = isNews ? found : null;
      news.value = isNews ? news.value + 1 : 0;
    } catch {
      // It will be seen with the next event, or when the page is opened again.
    }
  }
  // What listens is fetched after what draws.
  const scope = effectScope();
  onScopeDispose(() => {
    scope.stop();
    clearTimeout(timer);
  });
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), QUIET_MS);
  };
  async function listen(): Promise<void> {
    const { useLive } = await import("@/shared/live");
    if (scope.active) scope.run(() => useLive({ ticket: soon, reset: soon }));
  }
  listen().catch(() => undefined);

  function show(): void {
    if (fresh) put(fresh);
    else void refresh();
    fresh = null;
    news.value = 0;
  }

  /** A ticket that was changed or made here shows at once. */
  function changed(ticket: FullTicket): void {
    const now = data.value;
    const isShown = [now?.open, now?.past].some((rows) => rows?.some(({ id }) => id === ticket.id));
    if (!now || !(isShown || isHere(ticket))) return;
    const isOpen = ticket.row.status === "open" || ticket.row.status === "suspended";
    const others = (rows: TicketRow[]) => rows.filter((one) => one.id !== ticket.id);
    put({
      ...now,
      open: isOpen ? [ticket.row, ...others(now.open)] : others(now.open),
      past: isOpen ? others(now.past) : [ticket.row, ...others(now.past)],
    });
  }

  return {
    open: computed(() => data.value?.open ?? []),
    past: computed(() => [...(data.value?.past ?? []), ...more.value]),
    hasMore: computed(() => next.value !== null),
    busy,
    news,
    loadMore,
    show,
    changed,
  };
}

export type TicketsState = ReturnType<typeof useTickets>;
