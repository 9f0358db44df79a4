// Something on the server, shown at once as it was seen last and then as it is:
//
//   const counts = useResource("counts", (signal) => api.get<Counts>("/me/counts", {}, signal));
//   counts.data.value · counts.error.value · counts.refresh() · counts.put(newValue)
//
// A key that is a function may change (the next ticket) or be null (nothing to ask yet).
import { computed, onScopeDispose, shallowRef, watch } from "vue";
import { cache } from "./cache";
import { likelyUser, session } from "./session";

export interface ResourceOptions {
  /** Kept over visits; off for what is private to the moment. */
  keep?: boolean;
  /** Asked only while this holds. By default: once the session is there. */
  when?: () => boolean;
}

type KeyOf = string | (() => string | null);

export function useResource<T>(
  keyed: KeyOf,
  load: (signal: AbortSignal) => Promise<T>,
  { keep = true, when = () => session.value === "ready" }: ResourceOptions = {},
) {
  const data = shallowRef<T>();
  const error = shallowRef<unknown>(null);
  const busy = shallowRef(false);
  /** What is shown was not said by the server just now. */
  const stale = shallowRef(false);
  const key = computed(() => (typeof keyed === "string" ? keyed : keyed()));
  let running: AbortController | null = null;
  /** Whose it is, what is shown. */
  let whose: string | null = null;

  function put(value: T): void {
    data.value = value;
    stale.value = false;
    const [user, name] = [likelyUser(), key.value];
    if (keep && user !== null && name !== null) cache.write(user, name, value);
  }

  async function refresh(): Promise<void> {
    if (key.value === null || !when()) return;
    // Somebody else has logged in than was here last: nothing of him is shown.
    if (whose !== likelyUser()) data.value = undefined;
    whose = likelyUser();
    running?.abort();
    const mine = new AbortController();
    running = mine;
    busy.value = true;
    try {
      const value = await load(mine.signal);
      if (running !== mine) return;
      error.value = null;
      put(value);
    } catch (failed) {
      if (running === mine) error.value = failed;
    } finally {
      if (running === mine) {
        busy.value = false;
        running = null;
      }
    }
  }

  watch(
    key,
    (name) => {
      running?.abort();
      running = null;
      busy.value = false;
      error.value = null;
      const user = likelyUser();
      whose = user;
      data.value = keep && user !== null && name !== null ? cache.read<T>(user, name) : undefined;
      stale.value = data.value !== undefined;
      void refresh();
    },
    { immediate: true },
  );
  watch(when, (is) => is && void refresh());
  onScopeDispose(() => running?.abort());

  return {
    data,
    error,
    busy,
    stale,
    /** Nothing to show yet: the time for a skeleton. */
    loading: computed(() => data.value === undefined && error.value === null),
    refresh,
    put,
  };
}
