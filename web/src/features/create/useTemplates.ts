// The templates that somebody may use here, those first that he is likely to want; which one is
// chosen; those that he keeps at the top.
import { computed, ref, shallowRef, watch } from "vue";
import type { TemplateOption } from "@/api/pages";
import { api, type Listed } from "@/shared/api";
import { keptDraft } from "@/shared/draftKept";
import { reasonText } from "@/shared/failure";
import { useResource } from "@/shared/resource";
import { likelyUser } from "@/shared/session";
import { say } from "@/shared/toast";
import { pinnedFirst } from "@/shared/pinned";
import type { Origin } from "./types";

/** A draft this young is what somebody was at when the page was thrown away. */
const FRESH_MS = 12 * 3_600_000;

export function useTemplates(origin: () => Origin) {
  const offered = useResource<Listed<TemplateOption>>(
    () => `templates.${origin().source}.${origin().customer ?? ""}`,
    (signal) =>
      api.get("/me/templates", { source: origin().source, customer: origin().customer }, signal),
  );
  // While the list for this customer is on its way the last one stays: nothing is drawn twice.
  const all = shallowRef<TemplateOption[]>([]);
  const chosen = ref<string | null>(null);
  const isByHand = ref(false);
  const pins = ref<Record<string, boolean>>({});

  const withPins = computed(() =>
    all.value.map((one) =>
      one.key in pins.value ? { ...one, is_pinned: pins.value[one.key] ?? false } : one,
    ),
  );
  const ordered = computed(() => pinnedFirst(withPins.value));
  const current = computed(() => withPins.value.find((one) => one.key === chosen.value) ?? null);

  const draftsOf = (key: string): number | null => {
    const user = likelyUser();
    return user === null
      ? null
      : (keptDraft({ user, template: key, customer: origin().customer ?? origin().chat })?.at ??
          null);
  };
  /** What was being written here when the page was thrown away, else what is used most. */
  function likeliest(): string | null {
    const recent = all.value
      .map((one) => ({ key: one.key, at: draftsOf(one.key) ?? 0 }))
      .filter(({ at }) => Date.now() - at < FRESH_MS)
      .sort((a, b) => b.at - a.at)[0];
    return recent?.key ?? ordered.value[0]?.key ?? null;
  }

  watch(
    offered.data,
    (data) => {
      if (!data) return;
      all.value = data.items;
      const isGone = !data.items.some((one) => one.key === chosen.value);
      if (isGone) isByHand.value = false;
      if (!isByHand.value) chosen.value = likeliest();
    },
    { immediate: true },
  );
  // Only beside somebody else it begins anew: to learn late beside whom one is takes no form away.
  watch(
    () => origin().visit,
    () => (isByHand.value = false),
  );

  async function pin(key: string, on: boolean): Promise<void> {
    const path = `/me/pins/${encodeURIComponent(key)}`;
    pins.value = { ...pins.value, [key]: on };
    try {
      await (on ? api.put(path) : api.delete(path));
      await offered.refresh();
    } catch (error) {
      say(reasonText(error), "bad");
    } finally {
      const { [key]: _gone, ...rest } = pins.value;
      pins.value = rest;
    }
  }

  return {
    all: ordered,
    current,
    error: offered.error,
    loading: computed(() => all.value.length === 0 && offered.loading.value),
    refresh: offered.refresh,
    choose: (key: string) => {
      isByHand.value = true;
      chosen.value = key;
    },
    /** Whoever writes has chosen, too. */
    hold: () => void (isByHand.value = true),
    hasDraft: (key: string) => draftsOf(key) !== null,
    pin,
  };
}

export type Templates = ReturnType<typeof useTemplates>;
