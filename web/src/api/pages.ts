// Types of the pages' endpoints, after what the service's contract says of them. What
// tests/golden/openapi.json has is generated into types.gen.ts; these stand until it has them, too.
import type { Form, Words } from "@/form/types";

export interface Named {
  userid: string;
  name: string;
}

export interface Counts {
  mine: number;
  claimable: number;
  overdue: number;
  today: number;
  approvals: number;
}

export interface Me extends Named {
  avatar: string;
  departments: { id: number; name: string }[];
  roles: string[];
  csrf: string;
  counts: Counts;
}

export type Priority = "low" | "normal" | "high" | "critical";
export type Status = "open" | "suspended" | "closed" | "cancelled";

export interface TicketRow {
  id: string;
  no: string;
  title: string;
  status: Status;
  priority: Priority;
  source: string;
  template: { key: string; version: number; name: string };
  customer: { external_userid: string; name: string } | null;
  step: { key: string; name: string } | null;
  handlers: Named[];
  due_at: string | null;
  is_overdue: boolean;
  is_paused: boolean;
  is_mine: boolean;
  created_at: string;
  updated_at: string;
  closed_at: string | null;
  version: number;
}

export interface SimilarTicket extends TicketRow {
  why: string;
}

export interface TemplateOption {
  key: string;
  version: number;
  name: string;
  description: string;
  category: string;
  uses: number;
  last_used_at: string | null;
  is_pinned: boolean;
}

export interface Button {
  verb: string;
  label: string;
  task: string | null;
  step: string | null;
  tone: "primary" | "normal" | "danger";
  /** The input form of the action itself. */
  dialog: Form;
  /** The part of the ticket's form that is filled in with it. */
  fills: {
    step: string;
    fields: string[];
    form: Form;
    /** What is stored of it. */
    values: Record<string, unknown>;
  } | null;
}

export interface FormView {
  sections: {
    key: string;
    label: Words;
    fields: {
      key: string;
      kind: string;
      label: Words;
      value: unknown;
      text: string;
      access: "read" | "edit";
    }[];
  }[];
}

export interface Sla {
  state: "ok" | "soon" | "overdue" | "paused" | "none";
  due_at: string | null;
  left_seconds: number | null;
  share_left: number | null;
  paused_reason: string | null;
}

export interface Waiting {
  step: string;
  name: string;
  who: string[];
  is_customer: boolean;
  since: string;
  urged: number;
}

export interface PersonHere extends Named {
  editing: boolean;
}

/** What `GET /tickets/{id}` has besides the ticket. */
export interface TicketDetail {
  names: Record<string, string>;
  row: TicketRow;
  buttons: Button[];
  next_action: string | null;
  form_view: FormView;
  sla: Sla;
  waiting: Waiting[];
  people_here: PersonHere[];
}

export interface TimelineItem {
  kind: "state" | "comment" | "file" | "checkin" | "notice" | "approval";
  by_name: string;
  at: string;
  text: string;
  files: { id: string; name: string; mime: string; size: number }[];
  is_public: boolean;
}

export interface LiveTicket {
  id: string;
  no: string;
  version: number;
  seq: number;
  text: string;
  by: string;
  by_name: string;
  at: string;
}

export type PrefillSource = "customer" | "history" | "chat" | "member" | "asset" | "place";

export interface Prefill {
  values: Record<string, unknown>;
  from: Record<string, PrefillSource>;
  context: { customer: { external_userid: string; name: string } | null } | null;
}

/** Whoever did something: a member, a customer, a program, the service itself. */
export interface Doer {
  kind: "member" | "token" | "customer" | "system";
  userid?: string | null;
  external_userid?: string | null;
  name?: string | null;
}

export interface LinkedTicket {
  ticket: string;
  no: string;
  why: string;
}

export interface ChildTicket {
  ticket: string;
  no: string;
  name?: string;
  status?: Status;
}

export interface AttachedFile {
  file: string | null;
  kind: string;
  name: string;
  target?: string | null;
  at: string;
}

/** Somebody was there. */
export interface CheckInSeen {
  at: string;
  accuracy: number | null;
  label: string | null;
  distance_metres: number | null;
}

/** A ticket as its page gets it. */
export interface FullTicket extends TicketDetail {
  id: string;
  no: string;
  title: string;
  status: Status;
  priority: Priority;
  source: string;
  template: { key: string; version: number; name: string };
  customer: { external_userid: string; name: string } | null;
  chat_id: string | null;
  creator: Doer;
  form: Record<string, unknown>;
  tags: string[];
  attachments: AttachedFile[];
  check_ins?: CheckInSeen[];
  children: ChildTicket[];
  links: LinkedTicket[];
  parent: string | null;
  urged: number;
  created_at: string;
  updated_at: string;
  closed_at: string | null;
  version: number;
}

/** A line of a ticket's history, as the server gives it. */
export interface HistoryEntry {
  seq: number;
  verb: string;
  actor: Doer;
  name: string;
  at: string;
  text: string;
  kind?: TimelineItem["kind"];
  files?: { id: string; name: string; kind?: string; mime?: string }[];
  is_public?: boolean;
}

export interface SeenCustomer {
  external_userid: string;
  name: string;
  avatar: string;
  corp_name: string;
  /** Partly hidden from those who do not follow him. */
  phone: string;
  tags: string[];
  follows: { userid: string; name: string; remark: string; since: string }[];
  is_mine: boolean;
}

export interface Opportunity {
  key: string;
  title: string;
  stage: string;
  amount_cents: number;
  owner: string | null;
  expected_on: string | null;
  source: string;
}

export interface Order {
  no: string;
  title: string;
  amount_cents: number;
  state: string;
  ordered_at: string;
  lines: { name: string; quantity: number; price_cents: number }[];
}

export interface Asset {
  serial_no: string;
  model: string;
  name: string;
  place: string;
  installed_on: string | null;
  warranty_until: string | null;
  values: Record<string, string>;
  tickets: number;
  last_service_at: string | null;
}

/** The tickets around a conversation. */
export interface Tickets {
  open: TicketRow[];
  past: TicketRow[];
  past_next: string | null;
}

export interface CustomerContext extends Tickets {
  customer: SeenCustomer;
  opportunities: Opportunity[];
  orders: Order[];
  assets: Asset[];
  /** Who may not see its ticket learns only when it was. */
  last_complaint: {
    ticket: string | null;
    no: string | null;
    at: string;
    text: string | null;
  } | null;
  last_contact_at: string | null;
}

export interface ChatContext extends Tickets {
  chat: {
    chat_id: string;
    name: string;
    owner: string;
    owner_name: string;
    member_count: number;
    place: { kind: string; key: string; name: string } | null;
  };
  sender: SeenCustomer | null;
}

/** A published template, as far as pages fill it in. */
export interface Template {
  key: string;
  version: number;
  name: string;
  description: string;
  form: Form;
}
