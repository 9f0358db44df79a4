// Beside whom the page is open: the client says it when it is ready, which may take seconds; the page
// is drawn long before. In a plain browser the address may say it; the service checks it either way.
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import { session } from "@/shared/session";
import { wecom, WeComError, type WeCom } from "@/shared/wecom";

export type AroundState = "asking" | "known" | "failed";

const ASK_AGAIN_MS = 3_000;

export function useAround(ask: (client: WeCom) => Promise<string>, param: string) {
  const id = ref<string | null>(null);
  const state = ref<AroundState>("asking");
  const error = shallowRef<WeComError | null>(null);
  const kind = ref<WeCom["kind"] | null>(null);
  /** Grows when the page is shown beside somebody else than before. */
  const visit = ref(0);
  let run = 0;
  let askedAt = 0;

  async function find(): Promise<string> {
    const client = await wecom();
    kind.value = client.kind;
    const named = new URLSearchParams(location.search).get(param);
    if (client.kind === "browser" && named) return named;
    const found = await ask(client);
    if (!found) throw new WeComError("failed", "no id");
    return found;
  }

  async function refresh(): Promise<void> {
    run += 1;
    const mine = run;
    askedAt = Date.now();
    if (state.value === "failed") state.value = "asking";
    error.value = null;
    try {
      const found = await find();
      if (mine !== run) return;
      if (id.value !== null && id.value !== found) visit.value += 1;
      id.value = found;
      state.value = "known";
    } catch (failed) {
      if (mine !== run) return;
      // Whom we knew of is still there; only who never answered is a failure.
      if (id.value === null) {
        error.value =
          failed instanceof WeComError ? failed : new WeComError("failed", String(failed));
        state.value = "failed";
      }
    }
  }
  watch(session, (now) => now === "ready" && void refresh(), { immediate: true });

  // The same page may be shown again beside another conversation.
  const seen = () => {
    if (!document.hidden && session.value === "ready" && Date.now() - askedAt > ASK_AGAIN_MS)
      void refresh();
  };
  document.addEventListener("visibilitychange", seen);
  onScopeDispose(() => document.removeEventListener("visibilitychange", seen));

  const isPending = computed(() => state.value === "asking");
  return { id, visit, state, error, kind, isPending, refresh };
}
