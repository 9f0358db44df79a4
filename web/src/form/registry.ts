// Which component asks for which kind of field: one line a kind. What most forms have comes with the
// page; the rest is fetched when a form with it is drawn.
import { defineAsyncComponent, type Component } from "vue";
import ChoiceField from "./fields/ChoiceField.vue";
import DateField from "./fields/DateField.vue";
import DescriptionField from "./fields/DescriptionField.vue";
import MoneyField from "./fields/MoneyField.vue";
import NumberField from "./fields/NumberField.vue";
import RatingField from "./fields/RatingField.vue";
import SwitchField from "./fields/SwitchField.vue";
import TextField from "./fields/TextField.vue";
import WaitingField from "./fields/WaitingField.vue";
import type { Field } from "./types";

interface Entry {
  /** What asks; what shows a text is the same for all, unless `DISPLAYS` has its own. */
  input: Component;
  /** Several controls: the label names the group. */
  group?: boolean;
  /** It shows itself what is wrong with its parts. */
  parts?: boolean;
}

type Module = { default: Component };

const late = (loader: () => Promise<Module>): Component =>
  defineAsyncComponent({ loader, loadingComponent: WaitingField, delay: 80 });

export const REGISTRY: Record<string, Entry> = {
  text: { input: TextField },
  textarea: { input: TextField },
  number: { input: NumberField },
  money: { input: MoneyField },
  single_select: { input: ChoiceField, group: true },
  multi_select: { input: ChoiceField, group: true },
  switch: { input: SwitchField, group: true },
  rating: { input: RatingField, group: true },
  date: { input: DateField },
  datetime: { input: DateField, group: true },
  date_range: { input: DateField, group: true },
  phone: { input: TextField },
  email: { input: TextField },
  formula: { input: WaitingField },
  description: { input: DescriptionField },
  serial_no: { input: WaitingField },
};

export const isGroup = (field: Field): boolean => REGISTRY[field.kind]?.group ?? false;

/** The kinds whose answers are more than words. */
export const DISPLAYS: Record<string, Component> = {
  rating: late(() => import("./fields/RatingValue.vue")),
};
