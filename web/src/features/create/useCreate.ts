// A new ticket: its form filled in as far as things are known, kept as a draft, sent once.
import { computed, ref, shallowRef, watch } from "vue";
import type {
  FullTicket,
  Prefill,
  PrefillSource,
  SimilarTicket,
  TemplateOption,
} from "@/api/pages";
import { useIntent } from "@/features/ticket/intent";
import { answerWords } from "@/form/kinds";
import { read, textsIn, type Answers } from "@/form/types";
import { structuredCloned } from "@/form/useForm";
import { api } from "@/shared/api";
import { useDraft, type DraftKey } from "@/shared/draft";
import { reasonText } from "@/shared/failure";
import { likelyUser, session } from "@/shared/session";
import { t } from "@/shared/t";
import { say } from "@/shared/toast";
import { placesIn } from "./places";
import type { Origin } from "./types";
import { useSimilar } from "./useSimilar";
import { useTemplateForm } from "./useTemplateForm";

export interface CreateOptions {
  template: () => TemplateOption;
  origin: () => Origin;
}

/** What happened with what was written. */
export type Outcome =
  | { kind: "created"; ticket: FullTicket; answers: Answers }
  | { kind: "appended"; ticket: { id: string; no: string; title: string } };

const titled = (key = ""): Record<string, PrefillSource> => ({ [key]: "customer" });

export function useCreate({ template: offered, origin }: CreateOptions) {
  const { template, form, newer, error, refresh, catchUp } = useTemplateForm(
    () => offered().key,
    () => `template.${offered().key}.${offered().version}`,
  );
  const { typed } = form;

  // ---- drafts -------------------------------------------------------------------------------------

  const whose = () => origin().customer ?? origin().chat;
  const draftKey = (): DraftKey | null => {
    const user = likelyUser();
    const key = template.value?.key;
    if (user === null || key === undefined || origin().isPending) return null;
    return { user, template: key, customer: whose() };
  };
  const draft = useDraft(
    draftKey,
    () => typed.value,
    (found) => {
      // What was typed while the client kept silent is younger than any draft.
      form.restore({ ...found, ...structuredCloned(typed.value) });
    },
  );

  const places = computed(() => placesIn(form.seen.value));

  // ---- what is known ------------------------------------------------------------------------------

  let asked = "";
  async function fill(): Promise<void> {
    const { customer, chat, asset, isPending } = origin();
    const key = template.value?.key;
    if (key === undefined || isPending || session.value !== "ready") return;
    const question = JSON.stringify([key, customer, chat, asset]);
    asked = question;
    try {
      const query = { template: key, customer, chat, asset: asset ?? null };
      const known = await api.get<Prefill>("/prefill", query);
      if (asked !== question || template.value?.key !== key) return;
      const title = places.value.title;
      const named = title?.required && customer ? known.context?.customer?.name : undefined;
      // A ticket needs a title before it needs a good one: two taps make it, whoever knows more writes.
      const begun = named ? { [title?.key ?? ""]: `${offered().name} · ${named}` } : {};
      form.prefill(
        { ...begun, ...known.values },
        { ...(named ? titled(title?.key) : {}), ...known.from },
      );
    } catch {
      // Nothing is filled in then; who may not see the customer hears it from the customer's card.
    }
  }
  watch(
    () =>
      JSON.stringify([
        template.value?.key,
        template.value?.version,
        origin().customer,
        origin().chat,
        origin().asset,
        origin().isPending,
        session.value,
      ]),
    () => void fill(),
    { immediate: true },
  );

  const textOf = (key: string | undefined): string => {
    const value = key === undefined ? undefined : form.values[key];
    return typeof value === "string" ? value.trim() : "";
  };
  const isOwn = (key: string | undefined): boolean => key !== undefined && !(key in form.from);
  const similar = useSimilar(() => {
    const key = template.value?.key;
    if (key === undefined || origin().isPending) return null;
    return {
      template: key,
      customer: origin().customer,
      title: isOwn(places.value.title?.key) ? textOf(places.value.title?.key) : "",
      asset: textOf(places.value.serial?.key) || origin().asset || "",
    };
  });

  // ---- sending ------------------------------------------------------------------------------------

  const intent = useIntent();
  const busy = ref(false);
  const appending = ref<string | null>(null);
  const problem = shallowRef<unknown>(null);
  /** Files that were pasted and have no field: they follow the ticket. */
  const extra = ref<{ id: string; name: string; isPicture: boolean }[]>([]);

  const isReady = (): boolean => {
    if (form.pending.value === 0) return true;
    say(t("photo.uploading", { count: form.pending.value }));
    return false;
  };

  const attach = (ticket: string, { id, name, isPicture }: (typeof extra.value)[number]) =>
    api.post(
      `/tickets/${ticket}/actions/attach`,
      { kind: isPicture ? "image" : "file", file: id, name },
      { key: `${id}-${ticket}`.slice(0, 64) },
    );
  async function attachAll(ticket: string, files: typeof extra.value): Promise<void> {
    for (const file of files) {
      try {
        await attach(ticket, file);
      } catch (failed) {
        say(t("create.attach.failed", { name: file.name, why: reasonText(failed) }), "bad");
      }
    }
  }

  async function send(): Promise<Outcome | null> {
    if (busy.value || appending.value !== null || !template.value) return null;
    problem.value = null;
    if (!form.validate() || !isReady()) return null;
    const { source, customer, chat } = origin();
    const answers = form.answers();
    const body = { template: template.value.key, source, customer, chat_id: chat, form: answers };
    busy.value = true;
    try {
      const ticket = await api.post<FullTicket>("/tickets", body, { key: intent.keyFor(body) });
      intent.renew();
      draft.clear();
      const files = extra.value;
      extra.value = [];
      await attachAll(ticket.id, files);
      return { kind: "created", ticket, answers };
    } catch (failed) {
      if (await catchUp(failed)) return null;
      if (!form.refused(failed)) problem.value = failed;
      return null;
    } finally {
      busy.value = false;
    }
  }

  /** What was written, as one says it to somebody who knows the rest. */
  function words(): string {
    const lines = form.seen.value.flatMap((one) => {
      const isTyped = one.field.key in typed.value && one.shown;
      const text = isTyped ? answerWords(one.field, one.value) : "";
      const isFile = ["images", "attachments", "signature"].includes(one.field.kind);
      return text && !isFile ? [`${read(one.field.label)}：${text}`] : [];
    });
    return lines.join("\n");
  }

  function filesGiven(): typeof extra.value {
    const given = form.seen.value.flatMap((one) => {
      const isPicture = one.field.kind === "images";
      if (!isPicture && one.field.kind !== "attachments") return [];
      return textsIn(form.values[one.field.key]).map((id, nth) => ({
        id,
        name: `${read(one.field.label)} ${nth + 1}`,
        isPicture,
      }));
    });
    return [...given, ...extra.value];
  }

  /** Says it on a ticket that is there already, instead of making another. */
  async function append(to: SimilarTicket): Promise<Outcome | null> {
    if (busy.value || appending.value !== null || !isReady()) return null;
    const text = words();
    const files = filesGiven();
    if (text === "" && files.length === 0) {
      say(t("create.append.nothing"), "bad");
      return null;
    }
    appending.value = to.id;
    problem.value = null;
    try {
      const body = { text: text || t("create.append.files") };
      const path = `/tickets/${to.id}/actions/comment`;
      await api.post(path, body, { key: intent.keyFor({ path, body }) });
      await attachAll(to.id, files);
      intent.renew();
      extra.value = [];
      draft.clear();
      return { kind: "appended", ticket: { id: to.id, no: to.no, title: to.title } };
    } catch (failed) {
      problem.value = failed;
      return null;
    } finally {
      appending.value = null;
    }
  }

  /** The form as it was when it was sent, after it was taken back. */
  function again(answers: Answers = {}): void {
    form.reset();
    if (Object.keys(answers).length > 0) form.restore(answers);
    else void fill();
    similar.clear();
    void similar.ask();
  }

  return {
    template,
    form,
    typed,
    newer,
    draft,
    places,
    similar,
    extra,
    busy,
    appending,
    problem,
    error,
    refresh,
    send,
    append,
    again,
  };
}

export type CreateState = ReturnType<typeof useCreate>;
