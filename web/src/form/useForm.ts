// A form at work:
//
//   const form = useForm({ form: () => template.value.form });
//   <FormView :form="form" />            draws it
//   form.prefill(values, from)           fills in what is known, marked 自动填写
//   if (!form.validate()) return;        the first wrong field is shown and focused
//   await api.post("/tickets", { form: form.answers() }, { key });
//   catch (error) { form.refused(error) }   the server's problems stand at their fields
//
// What somebody typed stays as long as the page, whether rules show it or not; only what is shown is sent.
import {
  computed,
  nextTick,
  reactive,
  shallowRef,
  watch,
  type Component,
  type InjectionKey,
} from "vue";
import type { PrefillSource } from "@/api/pages";
import type { Missing } from "@/shared/arrived";
import { RequestError } from "@/shared/request";
import { t } from "@/shared/t";
import { answerProblems, cleanAnswer, isEmptyAnswer, KINDS, SECTION } from "./kinds";
import { isLeft, Logic, type Context, type Seen } from "./logic";
import { read, type Answers, type Field, type Form } from "./types";

export interface FormOptions {
  form: () => Form | null | undefined;
  /** The step in which it is filled in; the creation when absent. */
  step?: () => string | null;
  /** What is stored so far. */
  before?: () => Answers | undefined;
  owned?: () => readonly string[] | null;
  /** What server paths begin with: `form.`, `input.`. */
  prefix?: string;
}

export interface SeenSection {
  key: string;
  label: string;
  help: string;
  fields: Seen[];
}

const UPLOADS = new Set(["images", "attachments", "signature"]);
const CHOICES = new Set([
  "single_select",
  "multi_select",
  "cascade",
  "rating",
  "date",
  "datetime",
  "date_range",
  "member",
  "department",
  "customer",
  "asset",
  "opportunity",
  "order",
  "location",
]);

/** Whether somebody fills it in here and now. */
const isAsked = (one: Seen): boolean =>
  KINDS[one.field.kind]?.source === "input" && one.access === "edit" && one.shown && !one.byRule;

function missing(field: Field): string {
  const label = read(field.label);
  if (UPLOADS.has(field.kind)) return t("problem.upload", { label });
  return t(CHOICES.has(field.kind) ? "problem.choose" : "problem.required", { label });
}

/** Defaults at a creation, as the server would give them; at a step what is stored. */
function beginning(form: Form, before: Answers | undefined, isNew: boolean): Answers {
  const values: Answers = {};
  for (const field of form.fields) {
    const kind = KINDS[field.kind];
    if (kind?.source !== "input") continue;
    const value = before?.[field.key] ?? (isNew ? field.default : undefined);
    if (!isEmptyAnswer(field, value)) values[field.key] = structuredCloned(value);
  }
  return values;
}

/** A copy that shares nothing. (structuredClone is younger than our floor.) */
export const structuredCloned = <T>(value: T): T =>
  value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);

const clear = (record: Record<string, unknown>): void => {
  for (const key of Object.keys(record)) delete record[key];
};

export function useForm(options: FormOptions) {
  const values = reactive<Answers>({});
  const from = reactive<Record<string, PrefillSource | "history">>({});
  /** What is wrong, by path; drawn at the field. */
  const problems = reactive<Record<string, string>>({});
  const touched = reactive(new Set<string>());
  /** Grows when a field shall be shown and focused. */
  const focus = shallowRef<{ key: string; nth: number } | null>(null);
  const uploading = reactive(new Map<string, Missing>());

  const prefix = options.prefix ?? "form.";
  const logic = computed(() => {
    const form = options.form();
    return form ? new Logic(form) : null;
  });
  const context = computed<Context>(() => {
    const before = options.before?.();
    const shared = { step: options.step?.() ?? null, owned: options.owned?.() ?? null };
    return before ? { ...shared, before } : shared;
  });
  const seen = computed(() => logic.value?.look(values, context.value) ?? []);
  const byKey = computed(() => new Map(seen.value.map((one) => [one.field.key, one])));
  const shown = computed(() => seen.value.filter((one) => one.shown));
  const sections = computed(() => {
    const all: SeenSection[] = [{ key: "", label: "", help: "", fields: [] }];
    for (const one of shown.value) {
      const { field } = one;
      if (field.kind === SECTION)
        all.push({ key: field.key, label: read(field.label), help: read(field.help), fields: [] });
      else all.find((section) => section.key === (one.section ?? ""))?.fields.push(one);
    }
    return all.filter((section) => section.fields.length > 0);
  });

  const replace = (next: Answers) => {
    for (const key of Object.keys(values)) if (!(key in next)) delete values[key];
    Object.assign(values, next);
  };
  const fresh = (): Answers => {
    const form = options.form();
    return form ? beginning(form, options.before?.(), (options.step?.() ?? null) === null) : {};
  };
  function reset(): void {
    replace(fresh());
    clear(from);
    clear(problems);
    touched.clear();
    uploading.clear();
  }
  watch(() => options.form(), reset, { immediate: true });

  const dropProblems = (key: string) => {
    for (const path of Object.keys(problems)) if (belongs(path, key)) delete problems[path];
  };

  function check(one: Seen): boolean {
    const { field, value } = one;
    dropProblems(field.key);
    if (!isAsked(one)) return true;
    if (isEmptyAnswer(field, value)) {
      if (one.required) problems[field.key] = missing(field);
      return !one.required;
    }
    if (!isLeft(one)) {
      problems[field.key] = t("problem.option");
      return false;
    }
    const found = answerProblems({ ...field, required: one.required }, value);
    for (const { path, detail } of found) problems[path] ??= detail;
    return found.length === 0;
  }

  function set(key: string, value: unknown): void {
    values[key] = value;
    delete from[key];
    // What was wrong is judged anew at once: a message that stays after the mend is a wrong message.
    const had = Object.keys(problems).some((path) => belongs(path, key));
    const one = had ? byKey.value.get(key) : undefined;
    if (one) check(one);
  }

  function leave(key: string): void {
    touched.add(key);
    const one = byKey.value.get(key);
    if (!one) return;
    const clean = cleanAnswer(one.field, values[key]);
    if (isAsked(one) && clean !== null) values[key] = clean;
    // An empty field is not scolded in passing, only when it is sent.
    if (!isEmptyAnswer(one.field, values[key])) check(byKey.value.get(key) ?? one);
    else dropProblems(key);
  }

  let asks = 0;
  async function show(key: string): Promise<void> {
    asks += 1;
    await nextTick();
    focus.value = { key, nth: asks };
  }

  function validate(): boolean {
    let first: Seen | undefined;
    for (const one of shown.value) if (!check(one)) first ??= one;
    if (first) void show(first.field.key);
    return !first;
  }

  /** What is to be sent: shown, editable, given; at a step also what was cleared. */
  function answers(): Answers {
    const sent: Answers = {};
    const before = options.before?.() ?? {};
    for (const one of seen.value) {
      if (!isAsked(one)) continue;
      const { key } = one.field;
      if (!isEmptyAnswer(one.field, one.value)) sent[key] = structuredCloned(one.value);
      else if (!isEmptyAnswer(one.field, before[key])) sent[key] = null;
    }
    return sent;
  }

  /** Puts the server's problems at their fields; says whether it knew any of them. */
  function refused(error: unknown): boolean {
    if (!(error instanceof RequestError)) return false;
    let first: string | null = null;
    for (const { path, detail } of error.errors) {
      const own = path.startsWith(prefix) ? path.slice(prefix.length) : path;
      const key = [...byKey.value.keys()].find((one) => belongs(own, one));
      if (key === undefined) continue;
      problems[own] = detail;
      first ??= key;
    }
    if (first !== null) void show(first);
    return first !== null;
  }

  /** Fills in what nobody has typed yet. */
  function prefill(known: Answers, sources: Record<string, PrefillSource> = {}): void {
    const blank = fresh();
    for (const [key, value] of Object.entries(known)) {
      const one = byKey.value.get(key);
      const isTyped = !(key in from) && !same(values[key], blank[key]);
      if (!one || isTyped || KINDS[one.field.kind]?.source !== "input") continue;
      values[key] = structuredCloned(value);
      from[key] = sources[key] ?? "history";
    }
  }

  const wrongs = computed(() => Object.keys(problems).length);

  return {
    values,
    from,
    problems,
    focus,
    sections,
    seen,
    wrongs,
    uploading,
    /** The files that have not arrived, by field. */
    missing: computed(() => [...uploading.values()]),
    /** What somebody gave himself: neither a default nor filled in for him. */
    typed: computed<Answers>(() => {
      const blank = fresh();
      const own = Object.entries(values).filter(
        ([key, value]) => !(key in from) && !same(value, blank[key]),
      );
      return structuredCloned(Object.fromEntries(own));
    }),
    dirty: computed(() => !same(values, fresh())),
    form: computed(() => options.form() ?? null),
    find: (key: string) => byKey.value.get(key),
    set,
    leave,
    validate,
    answers,
    refused,
    prefill,
    /** Takes back what was filled in by itself. */
    unfill: (key: string) => {
      delete values[key];
      delete from[key];
      dropProblems(key);
    },
    /** Puts a draft in place of everything. */
    restore: (draft: Answers) => {
      replace({ ...fresh(), ...structuredCloned(draft) });
      clear(from);
    },
    reset,
    show,
  };
}

export type FormState = ReturnType<typeof useForm>;

/** What the fields of a form need to know beside their own answer. */
export interface Around {
  /** The ticket's number, for watermarks. */
  no?: string;
  /** The customer whose devices, orders and chances are offered first. */
  customer?: string | null;
  template?: string;
  /** Uploads to another place than `/files`, on pages without a login. */
  uploadUrl?: string;
}

export interface Within {
  form: FormState;
  around: () => Around;
  /** The control of a kind, for those who have fields within. */
  entry: (kind: string) => { input: Component; group?: boolean } | undefined;
}

export const WITHIN: InjectionKey<Within> = Symbol("form");

/** Whether a path is of a field or of a part of it. */
export const belongs = (path: string, key: string): boolean =>
  path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`);

const same = (a: unknown, b: unknown): boolean =>
  JSON.stringify(sorted(a) ?? null) === JSON.stringify(sorted(b) ?? null);

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]),
  );
};
