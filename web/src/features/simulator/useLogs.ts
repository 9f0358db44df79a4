// The three logs. Only what is new is fetched; the page keeps a bounded tail.
import { computed, shallowRef, type Ref } from "vue";
import { coalesced } from "@/shared/coalesce";
import { LOG_PAGE, sim } from "./api";
import { append, deliveriesByMessage } from "./chatLog";
import type { CallbackRecord, CallRecord, SdkRecord } from "./types";

const KEPT_MAX = 500;
/** One page of the server's answer; a full page means that there is more. */
const PAGES_MAX = 10;

function follow<T extends { seq: number }>(
  log: Ref<T[]>,
  fetchAfter: (after: number) => Promise<{ items: T[] }>,
) {
  let last = 0;
  return coalesced(async () => {
    try {
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const { items } = await fetchAfter(last);
        log.value = append(log.value, items, KEPT_MAX);
        last = Math.max(last, ...items.map((item) => item.seq));
        if (items.length < LOG_PAGE) return;
      }
    } catch {
      // The live line tells that the simulator is away, and refetches when it is back.
    }
  });
}

export function useLogs() {
  const calls = shallowRef<CallRecord[]>([]);
  const callbacks = shallowRef<CallbackRecord[]>([]);
  const sdk = shallowRef<SdkRecord[]>([]);
  let fetchCalls = follow(calls, sim.calls);
  let fetchSdk = follow(sdk, sim.sdkCalls);
  let fetchCallbacks = follow(callbacks, sim.callbacks);
  const deliveries = computed(() => deliveriesByMessage(callbacks.value));

  /** After a reset the simulator counts from one again. */
  const forget = () => {
    calls.value = [];
    callbacks.value = [];
    sdk.value = [];
    fetchSdk = follow(sdk, sim.sdkCalls);
    fetchCalls = follow(calls, sim.calls);
    fetchCallbacks = follow(callbacks, sim.callbacks);
  };
  return {
    calls,
    callbacks,
    sdk,
    deliveries,
    fetchCalls: () => fetchCalls(),
    fetchCallbacks: () => fetchCallbacks(),
    fetchSdk: () => fetchSdk(),
    clearCalls: () => void (calls.value = []),
    clearCallbacks: () => void (callbacks.value = []),
    clearSdk: () => void (sdk.value = []),
    forget,
  };
}

export type Logs = ReturnType<typeof useLogs>;
