// What the lists of work are made of.
import type { TicketRow } from "@/api/pages";

export type View = "mine" | "today" | "overdue" | "claimable" | "done";
export const VIEWS: readonly View[] = ["mine", "today", "overdue", "claimable", "done"];

export interface Task {
  id: string;
  step: string;
  step_name: string;
  state: string;
  owner: string | null;
  due_at: string | null;
  is_approval: boolean;
}

/** A line of a list: a piece of work and its ticket; found tickets have no work. */
export interface Line {
  task: Task | null;
  ticket: TicketRow;
}

export const keyOf = ({ task, ticket }: Line): string => task?.id ?? ticket.id;
