// Raising a ticket: its template, what is filled in by itself (known things, where one is), and what
// becomes of it.
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import type { FullTicket, Prefill, TicketRow } from "@/api/pages";
import { useIntent } from "@/features/ticket/intent";
import type { Form } from "@/form/types";
import { useForm } from "@/form/useForm";
import { api, type Listed } from "@/shared/api";
import { useDraft } from "@/shared/draft";
import { reasonText } from "@/shared/failure";
import { useResource } from "@/shared/resource";
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
const SIMILAR_MS = 500;

interface Template {
  key: string;
  version: number;
  name: string;
  form: Form;
}

export interface Raised {
  /** Null while it waits for a network. */
  ticket: FullTicket | null;
  /** Until when it can be taken back. */
  until: number;
}

export function useCreate(template: () => string, asset: () => string | null) {
  const loaded = useResource<Template>(
    () => `bench.template.${template()}`,
    (signal) => api.get<Template>(`/templates/${encodeURIComponent(template())}`, {}, signal),
  );
  const form = useForm({ form: () => loaded.data.value?.form });
  const draft = useDraft(
    () => {
      const user = likelyUser();
      return user && loaded.data.value ? { user, template: template(), customer: asset() } : null;
    },
    () => form.values,
    form.restore,
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
    () => loaded.data.value?.version,
    (version) => {
      if (version === undefined) return;
      void fill();
      locating.value = locate().finally(() => (locating.value = null));
    },
    { immediate: true },
  );

  // ---- perhaps it is reported already ----------------------------------------------------------

  const similar = shallowRef<(TicketRow & { why?: string })[]>([]);
  const device = computed(() => {
    const field = form.seen.value.find(({ field: one }) => one.kind === "asset")?.field;
    const value = field && form.values[field.key];
    return typeof value === "string" && value !== "" ? value : null;
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(device, (serial) => {
    clearTimeout(timer);
    similar.value = [];
    if (serial === null) return;
    timer = setTimeout(() => {
      api
        .get<Listed<TicketRow>>("/tickets/similar", { template: template(), asset: serial })
        .then(({ items }) => (similar.value = items.slice(0, 3)))
        .catch(() => undefined);
    }, SIMILAR_MS);
  });
  onScopeDispose(() => clearTimeout(timer));

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
    const name = loaded.data.value?.name ?? template();
    const answers = form.answers();
    const body = { template: template(), source: SOURCE, form: answers };
    const key = intent.keyFor(body);
    const words = linesOf(loaded.data.value?.form.fields ?? [], answers);
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
      if (!form.refused(failed)) {
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
    template: loaded.data,
    loadError: loaded.error,
    reload: loaded.refresh,
    form,
    draft,
    busy,
    error,
    raised,
    locating,
    similar,
    send,
    undo,
    again,
  };
}
