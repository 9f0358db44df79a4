// What every field component gets and tells. `value` is its answer; a component shows what it cannot
// read as it stands and changes nothing by itself.
import type { Choice, Field } from "./types";

export interface FieldProps {
  field: Field;
  value: unknown;
  /** The id that its label points at. */
  id: string;
  /** The ids of its help or of what is wrong with it. */
  describedby: string | undefined;
  labelledby: string;
  /** What is wrong with parts of it, by path from the field: `[0].hours`. */
  problems: Record<string, string>;
  required: boolean;
  /** The options that rules leave of a choice. */
  options: Choice[];
}

export interface FieldEmits {
  update: [value: unknown];
  leave: [];
}
