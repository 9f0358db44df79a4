// What a deadline looks like now. The server says how it stood; the page lets it run on.

export interface SlaFacts {
  due_at: string | null;
  /** As the server judged it: it knows the calendar and how much of the time is left. */
  state?: "ok" | "soon" | "overdue" | "paused" | "none";
  is_paused?: boolean;
  paused_reason?: string | null;
}

export interface SlaSeen {
  state: "ok" | "soon" | "overdue" | "paused" | "none";
  /** In milliseconds; below zero when it is over. */
  left: number;
  why: string;
}

/** From here on it is urgent, whatever the share. */
export const SOON_MS = 15 * 60_000;

export function slaOf(facts: SlaFacts, now: number): SlaSeen {
  const why = facts.paused_reason ?? "";
  if (facts.state === "paused" || facts.is_paused) return { state: "paused", left: 0, why };
  const due = facts.due_at === null ? Number.NaN : Date.parse(facts.due_at);
  if (facts.state === "none" || Number.isNaN(due)) return { state: "none", left: 0, why };
  const left = due - now;
  if (left < 0) return { state: "overdue", left, why };
  if (left < SOON_MS || facts.state === "soon") return { state: "soon", left, why };
  return { state: "ok", left, why };
}
