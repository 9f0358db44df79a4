// Open tickets that may be about the same as what is being written.
import { onScopeDispose, shallowRef, watch } from "vue";
import type { SimilarTicket } from "@/api/pages";
import { api, type Listed } from "@/shared/api";
import { session } from "@/shared/session";

export interface Wanted {
  template: string;
  customer: string | null;
  title: string;
  asset: string;
}

const QUIET_MS = 500;
const TITLE_MAX = 100;

export function useSimilar(wanted: () => Wanted | null) {
  const items = shallowRef<SimilarTicket[]>([]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | null = null;

  async function ask(): Promise<void> {
    running?.abort();
    const now = wanted();
    if (!now || session.value !== "ready" || (!now.customer && !now.title && !now.asset)) {
      items.value = [];
      return;
    }
    const mine = new AbortController();
    running = mine;
    try {
      const { template, customer } = now;
      const query = {
        template,
        customer,
        title: now.title.slice(0, TITLE_MAX) || null,
        asset: now.asset || null,
      };
      const found = await api.get<Listed<SimilarTicket>>("/tickets/similar", query, mine.signal);
      if (running === mine) items.value = found.items;
    } catch {
      // A warning that does not come is no reason to hold anybody up.
      if (running === mine) items.value = [];
    }
  }
  watch(
    () => JSON.stringify([wanted(), session.value]),
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => void ask(), QUIET_MS);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    clearTimeout(timer);
    running?.abort();
  });

  return {
    items,
    ask,
    clear: () => {
      items.value = [];
    },
  };
}
