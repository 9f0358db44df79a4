// The form behind a QR code or a link: opened once a visit, sent once, its photos bound to the visit.
import { computed, ref, shallowRef } from "vue";
import type { Answers, Form } from "@/form/types";
import { useForm } from "@/form/useForm";
import { pathOf } from "@/shared/api";
import { request, RequestError } from "@/shared/request";
import { t } from "@/shared/t";
import { say } from "@/shared/toast";

export interface CodeForm {
  code: string;
  name: string;
  place: string | null;
  intro: string | null;
  form: Form;
  values: Answers;
  fixed: string[];
  visit: string;
  max_file_bytes: number;
  max_files: number;
}

export interface Submitted {
  no: string;
  title: string;
  progress_url: string;
  expires_at: string;
}

/** Refusals after which only another visit helps. */
const OVER = new Set(["visit.invalid", "visit.too_old", "visit.used"]);
/** The server wants a person's pace: a little later it takes the same form. */
const PACE_MS = 2_100;
const RETRIES = 2;

/** The visit of this window, so that reloading it is none. A frame may have no storage. */
const visits = {
  read(code: string): string | null {
    try {
      return sessionStorage.getItem(`qidan.visit.${code}`);
    } catch {
      return null;
    }
  },
  write(code: string, visit: string | null): void {
    try {
      if (visit === null) sessionStorage.removeItem(`qidan.visit.${code}`);
      else sessionStorage.setItem(`qidan.visit.${code}`, visit);
    } catch {
      // Then every opening counts.
    }
  },
};

/** The form with what is fixed shown and not asked. */
export function withFixed({ form, fixed }: Pick<CodeForm, "form" | "fixed">): Form {
  const isFixed = new Set(fixed);
  const fields = form.fields.map((field) =>
    isFixed.has(field.key)
      ? { ...field, required: false, access: { create: "read" as const, "*": "read" as const } }
      : field,
  );
  return { fields };
}

export function usePublicForm(code: string, search: string) {
  const path = `/public/q/${encodeURIComponent(code)}`;
  const opened = shallowRef<CodeForm | null>(null);
  const shown = shallowRef<Form | null>(null);
  const failed = shallowRef<unknown>(null);
  const over = shallowRef<RequestError | null>(null);
  const done = shallowRef<Submitted | null>(null);
  const busy = ref(false);
  const trap = ref("");
  let began = 0;
  const form = useForm({
    form: () => shown.value,
    // What the code and the link say is there before anybody has typed.
    before: () => opened.value?.values,
  });

  async function open(): Promise<void> {
    failed.value = null;
    over.value = null;
    const query = new URLSearchParams(search);
    const visit = visits.read(code);
    if (visit !== null) query.set("visit", visit);
    try {
      const told = await request<CodeForm>(`${pathOf(path)}?${query}`, { retries: RETRIES });
      visits.write(code, told.visit);
      began = Date.now();
      opened.value = told;
      shown.value = withFixed(told);
    } catch (error) {
      failed.value = error;
    }
  }

  const send = (): Promise<Submitted> =>
    request<Submitted>(pathOf(path), {
      method: "POST",
      json: { visit: opened.value?.visit, form: form.answers(), website: trap.value },
      retries: RETRIES,
    });

  async function paced(): Promise<Submitted> {
    const early = began + PACE_MS - Date.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== "visit.too_fast") throw error;
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      return send();
    }
  }

  async function submit(): Promise<void> {
    if (busy.value || !opened.value || !form.validate()) return;
    if (form.pending.value > 0) return say(t("public.uploading"), "bad");
    busy.value = true;
    failed.value = null;
    try {
      done.value = await paced();
      visits.write(code, null);
    } catch (error) {
      if (error instanceof RequestError && OVER.has(error.code)) {
        over.value = error;
        visits.write(code, null);
      } else if (!form.refused(error)) failed.value = error;
    } finally {
      busy.value = false;
    }
  }

  /** Another visit, with nothing of the last one. */
  async function again(): Promise<void> {
    done.value = null;
    opened.value = null;
    await open();
  }

  return {
    opened,
    form,
    failed,
    over,
    done,
    busy,
    trap,
    uploadUrl: computed(() => {
      const visit = encodeURIComponent(opened.value?.visit ?? "");
      return `${pathOf(path)}/files?visit=${visit}`;
    }),
    open,
    submit,
    again,
  };
}
