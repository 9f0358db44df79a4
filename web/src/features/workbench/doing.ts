// What somebody does to a ticket, as the outbox takes it: with words that can be copied elsewhere.
import type { Button, FullTicket } from "@/api/pages";
import { answerWords } from "@/form/kinds";
import { isRecord, read, type Answers, type Field } from "@/form/types";
import type { Doing } from "@/shared/outbox";
import { deedPath } from "@/features/ticket/useTicket";
import type { Deed } from "@/features/ticket/foresee";

/** `故障现象：不制冷` for every answer. */
export function linesOf(fields: readonly Field[], answers: Answers): string[] {
  return fields.flatMap((field) => {
    const words = answerWords(field, answers[field.key]);
    return words ? [`${read(field.label)}：${words}`] : [];
  });
}

/** The field of a dialog that takes words, for saying when something was really done. */
const noteOf = (fields: readonly Field[]): string | null =>
  fields.find(({ key, kind }) => key === "note" && (kind === "textarea" || kind === "text"))?.key ??
  null;

export function doingOf(deed: Deed, ticket: FullTicket): Doing {
  const button: Button | undefined = ticket.buttons.find((one) => one.verb === deed.verb);
  const form = deed.input["form"];
  const label = button?.label ?? deed.verb;
  const words = [
    `${label} ${ticket.no} ${ticket.title}`,
    ...linesOf(button?.dialog.fields ?? [], deed.input),
    ...linesOf(button?.fills?.form.fields ?? [], isRecord(form) ? form : {}),
  ];
  return {
    key: deed.key,
    lane: deed.ticket,
    path: deedPath(deed),
    body: deed.input,
    label,
    title: ticket.title,
    no: ticket.no,
    words: words.join("\n"),
    note: noteOf(button?.dialog.fields ?? []),
  };
}
