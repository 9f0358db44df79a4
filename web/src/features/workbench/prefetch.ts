// What somebody will need where there is no network is fetched while there is one: the jobs at hand
// with their history, their templates, and the code that fills them in.
import { api, type Listed } from "@/shared/api";
import { isAway } from "@/shared/offline";
import { session } from "@/shared/session";
import { tasksPage } from "./useLists";
import type { TemplateOption } from "@/api/pages";

const JOBS_MAX = 40;
const TEMPLATES_MAX = 8;
const REST_MS = 60;
/** The history as a ticket's page asks for it, so that it is found again. */
const HISTORY = { cursor: null, limit: 200 };

const rest = () => new Promise((resolve) => setTimeout(resolve, REST_MS));
const known = new Map<string, number>();

const isOver = () => isAway.value || document.hidden || session.value !== "ready";

/** Fetches what has changed since the last time; stops when the network goes. */
export async function prefetch(templates: readonly TemplateOption[]): Promise<void> {
  const [mine, today] = await Promise.all([tasksPage("mine", null), tasksPage("today", null)]);
  const jobs = new Map([...today.items, ...mine.items].map(({ ticket }) => [ticket.id, ticket]));
  for (const ticket of [...jobs.values()].slice(0, JOBS_MAX)) {
    if (isOver()) return;
    if (known.get(ticket.id) === ticket.version) continue;
    const path = `/tickets/${encodeURIComponent(ticket.id)}`;
    await api.get(path);
    await api.get<Listed<unknown>>(`${path}/timeline`, HISTORY);
    known.set(ticket.id, ticket.version);
    await rest();
  }
  for (const { key } of templates.slice(0, TEMPLATES_MAX)) {
    if (isOver()) return;
    await api.get(`/templates/${encodeURIComponent(key)}`);
    await api.get("/prefill", { template: key, asset: null });
    await rest();
  }
}

/** Without a network no code can be fetched either. */
export const prefetchCode = (): Promise<unknown> =>
  Promise.all([
    import("@/features/ticket/ActionSheet.vue"),
    import("./TicketPane.vue"),
    import("./CheckIn.vue"),
    import("./CreatePane.vue"),
    import("./OutboxPane.vue"),
    import("./SearchPane.vue"),
    import("./AssetPane.vue"),
    import("@/form/fields/FilesField.vue"),
    import("@/form/fields/SignatureField.vue"),
    import("@/form/fields/LocationField.vue"),
    import("@/form/fields/PickerField.vue"),
    import("@/form/fields/RowsField.vue"),
    import("@/form/fields/TableField.vue"),
    import("@/form/fields/RatingField.vue"),
    import("@/form/fields/AddressField.vue"),
    import("@/form/fields/CascadeField.vue"),
    import("@/form/fields/OptionSheet.vue"),
    import("@/form/fields/FilesValue.vue"),
    import("@/form/fields/LinkValue.vue"),
    import("@/form/fields/NameValue.vue"),
    import("@/form/fields/RatingValue.vue"),
    import("@/form/fields/RowsValue.vue"),
  ]);
