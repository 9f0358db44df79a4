// The lists of work: each is read in pages, stays as long as it was scrolled, and follows what happens.
import { computed, reactive, shallowRef } from "vue";
import type { Counts } from "@/api/pages";
import { api, type Listed } from "@/shared/api";
import { reasonText } from "@/shared/failure";
import { useLive } from "@/shared/live";
import { me } from "@/shared/session";
import { t } from "@/shared/t";
import { say } from "@/shared/toast";
import { submit } from "@/shared/useOutbox";
import { keyOf, VIEWS, type Line, type View } from "./types";

const PAGE = 50;
/** Several things that happen at once are looked after once. */
const QUIET_MS = 400;
/** The second tap of two lands on the line that has moved under the finger: it is none. */
const CLAIM_REST_MS = 500;

export interface LineList {
  items: Line[];
  next: string | null;
  loaded: boolean;
  busy: boolean;
  error: unknown;
  /** Something has changed that is not shown, for somebody reads further down. */
  news: number;
}

const empty = (): LineList => ({
  items: [],
  next: null,
  loaded: false,
  busy: false,
  error: null,
  news: 0,
});

/** What comes next in a list, without what is there already: things move while one reads. */
export function joined(before: readonly Line[], more: readonly Line[]): Line[] {
  const known = new Set(before.map(keyOf));
  return [...before, ...more.filter((line) => !known.has(keyOf(line)))];
}

export const tasksPage = (view: View, cursor: string | null, signal?: AbortSignal) =>
  api.get<Listed<Line>>("/tasks", { view, limit: PAGE, cursor }, signal);

export function useLists(isReading: () => boolean) {
  const lists = reactive(
    Object.fromEntries(VIEWS.map((view) => [view, empty()])) as Record<View, LineList>,
  );
  const view = shallowRef<View>("mine");
  const counts = shallowRef<Counts | null>(me.value?.counts ?? null);
  const runs = new Map<View, AbortController>();
  const list = computed(() => lists[view.value]);

  async function load(of: View, more = false): Promise<void> {
    const it = lists[of];
    if (more && (it.busy || it.next === null)) return;
    runs.get(of)?.abort();
    const run = new AbortController();
    runs.set(of, run);
    it.busy = true;
    try {
      const page = await tasksPage(of, more ? it.next : null, run.signal);
      if (runs.get(of) !== run) return;
      it.items = more ? joined(it.items, page.items) : page.items;
      it.next = page.next;
      it.loaded = true;
      it.error = null;
      if (!more) it.news = 0;
    } catch (error) {
      if (runs.get(of) === run) it.error = error;
    } finally {
      if (runs.get(of) === run) it.busy = false;
    }
  }

  async function count(): Promise<void> {
    counts.value = await api.get<Counts>("/me/counts").catch(() => counts.value);
  }

  function choose(next: View): void {
    view.value = next;
    if (!lists[next].busy) void load(next);
  }

  let timer: ReturnType<typeof setTimeout> | undefined;
  /** What is in sight is not moved while somebody reads it: he is told instead. */
  function stir(): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      for (const of of VIEWS) if (of !== view.value) lists[of].loaded = false;
      if (isReading()) lists[view.value].news += 1;
      else void load(view.value);
    }, QUIET_MS);
  }

  const live = useLive({
    ticket: stir,
    counts: (now) => (counts.value = now),
  });

  const moved = (by: Partial<Record<keyof Counts, number>>) => {
    const now = counts.value;
    if (!now) return;
    const next = { ...now };
    for (const [key, change] of Object.entries(by) as [keyof Counts, number][])
      next[key] = Math.max(0, next[key] + change);
    counts.value = next;
  };

  let claimedAt = 0;
  /** One tap: it is his at once, and given back with the reason when the server says no. */
  async function claim(line: Line): Promise<boolean> {
    const { task, ticket } = line;
    if (!task || Date.now() - claimedAt < CLAIM_REST_MS) return false;
    claimedAt = Date.now();
    const before = { claimable: lists.claimable.items, mine: lists.mine.items };
    const counted = counts.value;
    lists.claimable.items = before.claimable.filter((one) => keyOf(one) !== task.id);
    lists.mine.items = [{ task, ticket: { ...ticket, is_mine: true } }, ...before.mine];
    moved({ claimable: -1, mine: 1 });
    try {
      const outcome = await submit({
        lane: ticket.id,
        path: `/tickets/${ticket.id}/actions/claim?task=${task.id}`,
        body: {},
        label: t("bench.claim"),
        title: ticket.title,
        no: ticket.no,
        words: `${t("bench.claim")} ${ticket.no} ${ticket.title}`,
      });
      say(outcome.done ? t("bench.claimed", { no: ticket.no }) : t("outbox.saved"));
      return true;
    } catch (error) {
      lists.claimable.items = before.claimable;
      lists.mine.items = before.mine;
      counts.value = counted;
      say(t("bench.claim.failed", { why: reasonText(error) }), "bad");
      void load("claimable");
      void count();
      return false;
    }
  }

  return { lists, list, view, counts, live: live.state, load, count, choose, claim };
}

export type Lists = ReturnType<typeof useLists>;
