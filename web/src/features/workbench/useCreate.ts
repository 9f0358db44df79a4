// Raising a ticket: its template, what is filled in by itself (known things, where one is), and what
// becomes of it.
import { computed, ref, shallowRef, watch } from "vue";
import type { FullTicket, Prefill } from "@/api/pages";
import { useSimilar } from "@/features/create/useSimilar";
import { useTemplateForm } from "@/features/create/useTemplateForm";
import { useIntent } from "@/features/ticket/intent";
import { structuredCloned } from "@/form/useForm";
import { api } from "@/shared/api";
import { useDraft } from "@/shared/draft";
import { reasonText } from "@/shared/failure";
import { likelyUser } from "@/shared/session";
import { t } from "@/shared/t";
import { attempt, say } from "@/shared/toast";
import { submit } from "@/shared/useOutbox";
import { wecom } from "@/shared/wecom";
import { linesOf } from "./doing";
import { SOURCE } from "./useTemplates";

const UNDO_MS = 10_000;
/** Who is faster than his phone's location is not kept waiting for it any longer. */
const PLACE_MS = 2_500;

export interface Raised {
  /** Null while it waits for a network. */
  ticket: FullTicket | null;
  /** Until when it can be taken back. */
  until: number;
}

export function useCreate(template: () => string, asset: () => string | null) {
  const {
    template: loaded,
    form,
    newer,
    error: loadError,
    refresh: reload,
    catchUp,
  } = useTemplateForm(template, () => `bench.template.${template()}`);
  const draft = useDraft(
    () => {
      const user = likelyUser();
      return user && loaded.value ? { user, template: template(), customer: asset() } : null;
    },
    () => form.typed.value,
    (found) => form.restore({ ...found, ...structuredCloned(form.typed.value) }),
  );
  const intent = useIntent();
  const busy = ref(false);
  const error = shallowRef<unknown>(null);
  const raised = shallowRef<Raised | null>(null);
  const locating = shallowRef<Promise<void> | null>(null);

  /** Every question for a place is answered with where one is; who knows better changes it. */
  async function locate(): Promise<void> {
    const open = form.seen.value.filter(
      ({ field, access, byRule }) => field.kind === "location" && access === "edit" && !byRule,
    );
    const asked = open.filter(({ field }) => !form.values[field.key]);
    if (asked.length === 0) return;
    try {
      const found = await (await wecom()).getLocation();
      const place = {
        lat: found.latitude,
        lng: found.longitude,
        accuracy: found.accuracy,
        system: found.coords,
        label: "",
      };
      const still = asked.filter(({ field }) => !form.values[field.key]);
      form.prefill(
        Object.fromEntries(still.map(({ field }) => [field.key, place])),
        Object.fromEntries(still.map(({ field }) => [field.key, "place" as const])),
      );
    } catch {
      // The field itself says how to go on by hand.
    }
  }
  async function fill(): Promise<void> {
    const query = { template: template(), asset: asset() };
    const known = await api.get<Prefill>("/prefill", query).catch(() => null);
    if (known) form.prefill(known.values, known.from);
  }
  watch(
    () => loaded.value?.version,
    (version) => {
      if (version === undefined) return;
      void fill();
      locating.value = locate().finally(() => (locating.value = null));
    },
    { immediate: true },
  );

  // ---- perhaps it is reported already ----------------------------------------------------------

  const device = computed(() => {
    const field = form.seen.value.find(({ field: one }) => one.kind === "asset")?.field;
    const value = field && form.values[field.key];
    return typeof value === "string" ? value : "";
  });
  const similar = useSimilar(() =>
    device.value ? { template: template(), customer: null, title: "", asset: device.value } : null,
  );

  async function send(): Promise<void> {
    if (busy.value) return;
    error.value = null;
    if (locating.value) {
      busy.value = true;
      const late = new Promise((resolve) => setTimeout(resolve, PLACE_MS));
      await Promise.race([locating.value, late]);
      busy.value = false;
    }
    if (!form.validate()) return;
    if (form.pending.value > 0) {
      say(t("photo.uploading", { count: form.pending.value }));
      return;
    }
    const name = loaded.value?.name ?? template();
    const answers = form.answers();
    const body = { template: template(), source: SOURCE, form: answers };
    const key = intent.keyFor(body);
    const words = linesOf(loaded.value?.form.fields ?? [], answers);
    busy.value = true;
    try {
      const outcome = await submit<FullTicket>({
        key,
        lane: `new.${key}`,
        path: "/tickets",
        body,
        label: t("bench.new.with", { name }),
        title: words[0] ?? name,
        no: null,
        words: [name, ...words].join("\n"),
      });
      draft.clear();
      raised.value = {
        ticket: outcome.done ? outcome.value : null,
        until: Date.now() + UNDO_MS,
      };
    } catch (failed) {
      if (!(await catchUp(failed)) && !form.refused(failed)) {
        error.value = failed;
        say(reasonText(failed), "bad");
      }
    } finally {
      busy.value = false;
    }
  }

  async function undo(): Promise<boolean> {
    const ticket = raised.value?.ticket;
    if (!ticket) return false;
    const path = `/tickets/${ticket.id}/actions/withdraw`;
    return attempt(() => api.post(path, {}, { key: `${ticket.id}.undo` }), t("raise.undone"));
  }
  function again(): void {
    raised.value = null;
    intent.renew();
    form.reset();
    void fill();
    locating.value = locate().finally(() => (locating.value = null));
  }

  return {
    template: loaded,
    newer,
    loadError,
    reload,
    form,
    draft,
    busy,
    error,
    raised,
    locating,
    similar: similar.items,
    send,
    undo,
    again,
  };
}
