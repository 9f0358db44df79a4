// Where pasted things belong in a form: by kind, and by what fields are usually called.
import type { Field } from "@/form/types";
import type { FormState } from "@/form/useForm";

type Seen = FormState["seen"]["value"][number];

const isOpen = (one: Seen): boolean => one.shown && one.access === "edit" && !one.byRule;
const named = (field: Field, pattern: RegExp): boolean => pattern.test(field.key);

export interface Places {
  title: Field | null;
  description: Field | null;
  phone: Field | null;
  serial: Field | null;
  images: Field | null;
  files: Field | null;
}

/** The fields of a form that take a title, a description, a number, pictures, files. */
export function placesIn(seen: readonly Seen[]): Places {
  const open = seen.filter(isOpen).map((one) => one.field);
  const kind = (...kinds: string[]) => open.filter((field) => kinds.includes(field.kind));
  const longs = kind("textarea");
  const shorts = kind("text");
  return {
    title: shorts.find((field) => named(field, /^(title|subject|summary)$/)) ?? null,
    description:
      longs.find((field) => named(field, /desc|fault|detail|content|problem|remark|note/)) ??
      longs[0] ??
      null,
    phone: kind("phone")[0] ?? null,
    serial:
      kind("asset")[0] ??
      shorts.find((field) => named(field, /serial|(^|_)sn(_|$)|device_no/)) ??
      null,
    images: kind("images")[0] ?? null,
    files: kind("attachments")[0] ?? null,
  };
}
