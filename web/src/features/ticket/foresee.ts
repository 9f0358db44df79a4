// What a ticket will look like when the server agrees. It is shown at once; the server's answer takes
// its place, and what was there before when the server refuses.
import type { Button, FullTicket, Named, Sla, TicketRow, Waiting } from "@/api/pages";
import type { Answers } from "@/form/types";

/** Something that somebody does to a ticket. */
export interface Deed {
  ticket: string;
  verb: string;
  task: string | null;
  step: string | null;
  /** What its dialog and, under `form`, the ticket's form were given. */
  input: Answers;
  /** The version that was seen. */
  version: number;
  key: string;
}

/** With these somebody's own part of the work is done. */
const HANDS_ON = new Set(["complete", "approve", "reject", "return", "resubmit", "transfer"]);
const ENDS = new Set(["withdraw", "terminate"]);

const NO_SLA: Sla = {
  state: "none",
  due_at: null,
  left_seconds: null,
  share_left: null,
  paused_reason: null,
};

const text = (value: unknown): string => (typeof value === "string" ? value : "");

interface Change {
  row?: Partial<TicketRow>;
  sla?: Sla;
  waiting?: Waiting[];
  buttons?: Button[];
}

function changeOf(before: FullTicket, deed: Deed, me: Named, at: string): Change {
  const { verb, step, input } = deed;
  const elsewhere = before.buttons.filter((one) => one.task === null || one.task !== deed.task);
  if (ENDS.has(verb))
    return {
      row: { status: "cancelled", closed_at: at, is_mine: false, handlers: [], step: null },
      sla: NO_SLA,
      waiting: [],
      buttons: [],
    };
  if (HANDS_ON.has(verb))
    return {
      row: { is_mine: false, handlers: before.row.handlers.filter(notHim(me.userid)) },
      waiting: before.waiting.filter((one) => one.step !== step),
      buttons: elsewhere,
    };
  switch (verb) {
    case "claim":
      return {
        row: { is_mine: true, handlers: [{ userid: me.userid, name: me.name }] },
        waiting: before.waiting.map((one) =>
          one.step === step || before.waiting.length === 1 ? { ...one, who: [me.userid] } : one,
        ),
        buttons: before.buttons.filter((one) => one.verb !== "claim"),
      };
    case "suspend":
      return {
        row: { status: "suspended", is_paused: true },
        sla: { ...before.sla, state: "paused", paused_reason: text(input["note"]) || null },
        buttons: [],
      };
    case "resume":
      return { row: { status: "open", is_paused: false }, sla: { ...before.sla, state: "none" } };
    case "reopen":
      return { row: { status: "open", closed_at: null } };
    case "prioritise":
      return { row: { priority: text(input["to"]) as TicketRow["priority"] } };
    case "urge":
      return { waiting: before.waiting.map((one) => ({ ...one, urged: one.urged + 1 })) };
    default:
      return {};
  }
}

const notHim = (userid: string) => (one: Named) => one.userid !== userid;

/** The ticket as it will be. */
export function foresee(before: FullTicket, deed: Deed, me: Named, at: string): FullTicket {
  const { row, ...rest } = changeOf(before, deed, me, at);
  const { status, priority, closed_at, ...own } = { ...row };
  const whole = {
    ...(status === undefined ? {} : { status }),
    ...(priority === undefined ? {} : { priority }),
    ...(closed_at === undefined ? {} : { closed_at }),
  };
  return {
    ...before,
    ...rest,
    ...whole,
    names: { ...before.names, [me.userid]: me.name },
    row: { ...before.row, ...own, ...whole },
  };
}
