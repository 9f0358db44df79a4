// What the answers make of a form: what is shown, what must be answered, what rules fill in, which
// options they leave. The twin of src/form/compile.rs and check.rs.
import { toNumber } from "./ratio";
import { KINDS, SECTION, cleanAnswer, isEmptyAnswer } from "./kinds";
import { holds, parse, RuleTrap, type Datum, type Rule, type Scope, type Variable } from "./rules";
import { isRecord, type Access, type Answers, type Branch, type Field, type Form } from "./types";

interface SetRule {
  when: Rule | null;
  to: Rule;
}

interface Slot {
  field: Field;
  section: number | null;
  show: Rule | null;
  require: Rule | null;
  set: SetRule[];
  filter: { when: Rule; options: string[] }[];
  formula: Rule | null;
}

/** A field as it stands now. */
export interface Seen {
  field: Field;
  section: string | null;
  shown: boolean;
  required: boolean;
  access: Access;
  /** Its answer: what somebody gave, or what a rule makes of it. */
  value: unknown;
  /** Filled in by a rule; nobody can change it. */
  byRule: boolean;
  /** The options that rules leave; null when they leave all. */
  left: string[] | null;
}

/** Where and by whom the form is filled in. */
export interface Context {
  /** The key of the step; the creation when null. */
  step: string | null;
  /** The sections with an owner that are this person's; every one when null. */
  owned?: readonly string[] | null;
  /** What is stored so far. */
  before?: Answers;
}

const SCALE_MAX = 9;

const valuesIn = (tree: readonly Branch[] = []): string[] =>
  tree.flatMap((branch) => [branch.value, ...valuesIn(branch.children)]);

function optionsOf(field: Field): string[] | undefined {
  if (field.kind === "single_select" || field.kind === "multi_select")
    return (field.options ?? []).map((option) => option.value);
  return field.kind === "cascade" ? valuesIn(field.tree) : undefined;
}

function scopeOf(form: Form): Scope {
  const all = new Map<string, Variable>();
  for (const field of form.fields) {
    const kind = KINDS[field.kind];
    if (!kind || kind.source === "nothing") continue;
    const options = optionsOf(field);
    all.set(field.key, options ? { type: kind.type, options } : { type: kind.type });
    for (const [part, type] of Object.entries(kind.parts?.(field) ?? {}))
      all.set(`${field.key}.${part}`, { type });
  }
  return (name) => all.get(name);
}

/** The fields that a rule reads, by walking it. */
function fieldsIn(json: unknown, keys: ReadonlySet<string>, found: Set<string>): void {
  if (Array.isArray(json)) {
    for (const one of json) fieldsIn(one, keys, found);
    return;
  }
  if (!isRecord(json)) return;
  const named = json["var"];
  const name = Array.isArray(named) ? named[0] : named;
  if (typeof name === "string") {
    const key = keys.has(name) ? name : (name.split(".")[0] ?? "");
    if (keys.has(key)) found.add(key);
    return;
  }
  for (const one of Object.values(json)) fieldsIn(one, keys, found);
}

/** Each entry after those on which its presence and its answer depend. */
function orderOf(form: Form, sections: (number | null)[]): number[] {
  const places = new Map(form.fields.map((field, at) => [field.key, at]));
  const keys = new Set(places.keys());
  const done = new Set<number>();
  const order: number[] = [];
  const visit = (at: number) => {
    if (done.has(at)) return;
    done.add(at);
    const field = form.fields[at];
    if (!field) return;
    const needs = new Set<string>();
    const { show, set = [] } = field.rules ?? {};
    for (const rule of [show, field.formula, ...set.flatMap(({ when, to }) => [when, to])])
      fieldsIn(rule, keys, needs);
    const section = sections[at];
    if (section !== null && section !== undefined) visit(section);
    for (const key of needs) {
      const need = places.get(key);
      if (need !== undefined) visit(need);
    }
    order.push(at);
  };
  for (const at of form.fields.keys()) visit(at);
  return order;
}

/** The result of a rule as an answer. */
function stored(datum: Datum, scale: number): unknown {
  if (datum === null || typeof datum === "boolean" || typeof datum === "string") return datum;
  if (Array.isArray(datum)) return datum.map((row) => stored(row, scale));
  if (typeof datum === "object" && "ratio" in datum) return toNumber(datum.ratio, scale);
  return null;
}

const CREATE = "create";

export class Logic {
  private readonly slots: Slot[] = [];
  private readonly order: number[];
  private readonly places: Map<string, number>;

  constructor(readonly form: Form) {
    const scope = scopeOf(form);
    // A rule that cannot be read was not published; a form from elsewhere stays usable without it.
    const rule = (json: unknown): Rule | null => {
      if (json === undefined || json === null) return null;
      try {
        return parse(json, scope);
      } catch {
        return null;
      }
    };
    let section: number | null = null;
    const sections: (number | null)[] = [];
    for (const [at, field] of form.fields.entries()) {
      const { show, require, set = [], filter = [] } = field.rules ?? {};
      const isSection = field.kind === SECTION;
      sections.push(isSection ? null : section);
      this.slots.push({
        field,
        section: isSection ? null : section,
        show: rule(show),
        require: rule(require),
        set: set.flatMap(({ when, to }) => {
          // `null` clears the field: a rule that is a constant, and no missing one.
          const made = to === null ? parse(null, scope) : rule(to);
          return made ? [{ when: rule(when), to: made }] : [];
        }),
        filter: filter.flatMap(({ when, options }) => {
          const made = rule(when);
          return made ? [{ when: made, options }] : [];
        }),
        formula: rule(field.formula),
      });
      if (isSection) section = at;
    }
    this.order = orderOf(form, sections);
    this.places = new Map(form.fields.map((field, at) => [field.key, at]));
  }

  private access(slot: Slot, context: Context): Access {
    const { field } = slot;
    const section = slot.section === null ? undefined : this.slots[slot.section]?.field;
    const head = field.kind === SECTION ? field : section;
    const isForeign = context.owned && head?.owner && !context.owned.includes(head.key);
    if (isForeign) return "hidden";
    const step = context.step ?? CREATE;
    const said = (of: Field | undefined) => of?.access?.[step] ?? of?.access?.["*"];
    return said(field) ?? said(section) ?? (context.step === null ? "edit" : "read");
  }

  /** What everything looks like with these answers. What cannot be decided about them is shown. */
  look(values: Answers, context: Context): Seen[] {
    const seen: (Seen | undefined)[] = Array.from({ length: this.slots.length });
    const answers = (name: string): unknown => {
      const whole = this.places.get(name);
      if (whole !== undefined) return seen[whole]?.value ?? null;
      const dot = name.indexOf(".");
      const at = this.places.get(name.slice(0, dot));
      const one = at === undefined ? undefined : seen[at];
      if (!one || one.value === null || one.value === undefined) return null;
      const part = name.slice(dot + 1);
      const kind = KINDS[one.field.kind];
      const own = kind?.part?.(one.field, one.value, part);
      return own ?? (isRecord(one.value) ? (one.value[part] ?? null) : null);
    };
    const check = (rule: Rule | null, trapped: boolean, none: boolean): boolean => {
      if (!rule) return none;
      try {
        return holds(rule, answers);
      } catch (trap) {
        if (trap instanceof RuleTrap) return trapped;
        throw trap;
      }
    };
    const result = (rule: Rule, scale: number): unknown => {
      try {
        return stored(rule.run(answers), scale);
      } catch (trap) {
        if (trap instanceof RuleTrap) return null;
        throw trap;
      }
    };
    for (const at of this.order) {
      const slot = this.slots[at];
      if (!slot) continue;
      const { field } = slot;
      const kind = KINDS[field.kind];
      const isSectionShown = slot.section === null || seen[slot.section]?.shown === true;
      const access = this.access(slot, context);
      const shown = isSectionShown && access !== "hidden" && check(slot.show, true, true);
      const set = shown ? slot.set.find(({ when }) => check(when, false, true)) : undefined;
      const scale = kind?.scale?.(field) ?? (kind?.type === "number" ? 0 : SCALE_MAX);
      const before = context.before?.[field.key] ?? null;
      let value: unknown = null;
      if (!shown || !kind || kind.source === "nothing") value = null;
      else if (kind.source === "computed")
        value = slot.formula ? result(slot.formula, scale) : before;
      else if (kind.source === "issued") value = before;
      else if (set) value = result(set.to, scale);
      else value = cleanAnswer(field, access === "edit" ? values[field.key] : before);
      seen[at] = {
        field,
        section: slot.section === null ? null : (this.slots[slot.section]?.field.key ?? null),
        shown,
        required: false,
        access,
        value,
        byRule: set !== undefined || kind?.source === "computed",
        left: null,
      };
    }
    // What it takes to be required, and which options are left, is told when every answer is there.
    for (const [at, slot] of this.slots.entries()) {
      const one = seen[at];
      if (!one?.shown) continue;
      one.required = slot.field.required === true || check(slot.require, true, false);
      one.left = slot.filter.find(({ when }) => check(when, false, false))?.options ?? null;
    }
    return seen.filter((one): one is Seen => one !== undefined);
  }
}

/** Whether rules leave what was chosen; of a cascade its first level counts. */
export function isLeft({ field, value, left }: Seen): boolean {
  if (left === null || isEmptyAnswer(field, value)) return true;
  const chosen = Array.isArray(value) ? value : [value];
  const counts = field.kind === "cascade" ? chosen.slice(0, 1) : chosen;
  return counts.every((one) => typeof one === "string" && left.includes(one));
}
