// The form of a template while it is being filled in. What was typed stays when the template is fetched
// anew, and comes along to a newer version of it as far as it fits there.
import { nextTick, ref, shallowRef, watch } from "vue";
import type { Template } from "@/api/pages";
import type { Answers } from "@/form/types";
import { structuredCloned, useForm } from "@/form/useForm";
import { api } from "@/shared/api";
import { RequestError } from "@/shared/request";
import { useResource } from "@/shared/resource";

/** The codes by which the service says that a form is no longer what it was. */
const CHANGED = new Set(["unknown_field", "template.changed", "not_an_option"]);
const keyed = (key: string) => `/templates/${encodeURIComponent(key)}`;

/** `name` is under what it is remembered. */
export function useTemplateForm(key: () => string, name: () => string) {
  const loaded = useResource<Template>(name, (signal) => api.get(keyed(key()), {}, signal));
  const template = shallowRef<Template | undefined>(loaded.data.value);
  const newer = ref(false);
  const form = useForm({ form: () => template.value?.form });

  /** Another form in place of this one; what was typed comes along where it still fits. */
  async function show(next: Template, keep: Answers = {}): Promise<void> {
    template.value = next;
    // The form begins anew by itself.
    await nextTick();
    const keys = new Set(next.form.fields.map((field) => field.key));
    const kept = Object.fromEntries(Object.entries(keep).filter(([field]) => keys.has(field)));
    if (Object.keys(kept).length > 0) form.restore(kept);
  }
  watch(loaded.data, async (next) => {
    const now = template.value;
    if (!next || (now?.key === next.key && now.version === next.version)) return;
    const isOther = now?.key !== next.key;
    const keep = isOther ? {} : structuredCloned(form.typed.value);
    newer.value = !isOther && Object.keys(keep).length > 0;
    await show(next, keep);
  });

  /** Whether the service refused it for knowing another form than this: that one is shown then. */
  async function catchUp(why: unknown): Promise<boolean> {
    if (!(why instanceof RequestError)) return false;
    const isStrange = why.errors.some(
      ({ code, path }) =>
        CHANGED.has(code) || !form.find(path.replace(/^form\./, "").split(/[.[]/)[0] ?? ""),
    );
    if (!isStrange && !CHANGED.has(why.code)) return false;
    const next = await api.get<Template>(keyed(key())).catch(() => null);
    if (!next || next.version === template.value?.version) return false;
    await show(next, structuredCloned(form.typed.value));
    newer.value = true;
    return true;
  }

  return { template, form, newer, error: loaded.error, refresh: loaded.refresh, catchUp };
}
