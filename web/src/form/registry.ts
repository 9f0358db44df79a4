// Which component asks for which kind of field: one line a kind. What most forms have comes with the
// page; the rest is fetched when a form with it is drawn.
import type { Component } from "vue";
import ChoiceField from "./fields/ChoiceField.vue";
import DateField from "./fields/DateField.vue";
import DescriptionField from "./fields/DescriptionField.vue";
import MoneyField from "./fields/MoneyField.vue";
import NumberField from "./fields/NumberField.vue";
import SwitchField from "./fields/SwitchField.vue";
import TextField from "./fields/TextField.vue";
import WaitingField from "./fields/WaitingField.vue";
import { late } from "./late";
import type { Field } from "./types";

interface Entry {
  /** What asks. What shows an answer is in displays.ts. */
  input: Component;
  /** Several controls: the label names the group. */
  group?: boolean;
  /** It shows itself what is wrong with its parts. */
  parts?: boolean;
}

const files = () => import("./fields/FilesField.vue");
const picker = () => import("./fields/PickerField.vue");
const rows = () => import("./fields/RowsField.vue");

export const REGISTRY: Record<string, Entry> = {
  text: { input: TextField },
  textarea: { input: TextField },
  number: { input: NumberField },
  money: { input: MoneyField },
  single_select: { input: ChoiceField, group: true },
  multi_select: { input: ChoiceField, group: true },
  cascade: { input: late(() => import("./fields/CascadeField.vue")), group: true },
  switch: { input: SwitchField, group: true },
  rating: { input: late(() => import("./fields/RatingField.vue")), group: true },
  date: { input: DateField },
  datetime: { input: DateField, group: true },
  date_range: { input: DateField, group: true },
  phone: { input: TextField },
  email: { input: TextField },
  address: { input: late(() => import("./fields/AddressField.vue")), group: true },
  location: { input: late(() => import("./fields/LocationField.vue")), group: true },
  images: { input: late(files), group: true },
  attachments: { input: late(files), group: true },
  signature: { input: late(() => import("./fields/SignatureField.vue")), group: true },
  member: { input: late(picker), group: true },
  department: { input: late(picker), group: true },
  customer: { input: late(picker), group: true },
  asset: { input: late(picker), group: true },
  opportunity: { input: late(picker), group: true },
  order: { input: late(picker), group: true },
  items: { input: late(rows), group: true, parts: true },
  parts: { input: late(rows), group: true, parts: true },
  table: { input: late(() => import("./fields/TableField.vue")), group: true, parts: true },
  formula: { input: WaitingField },
  description: { input: DescriptionField },
  serial_no: { input: WaitingField },
};

export const isGroup = (field: Field): boolean => REGISTRY[field.kind]?.group ?? false;
