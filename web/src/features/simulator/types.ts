// What the simulator's own door speaks. Every field comes from a server that may be newer or
// older than this page, so what is not always there is optional.

export interface MenuButton {
  type?: string;
  name: string;
  key?: string;
  url?: string;
  sub_button?: MenuButton[];
}

export interface SimApp {
  name: string;
  agent_id: number;
  display_name: string;
  callback_url?: string | null;
  menu?: MenuButton[] | null;
  pages?: Partial<Pages> | null;
}

/** Where the app's own pages are: what the company's administrator entered in the console. */
export interface Pages {
  home: string;
  sidebar: string;
  profile: string;
  group: string;
}

export interface Department {
  id: number;
  name: string;
  parentid: number;
}

export interface Member {
  userid: string;
  name: string;
  position?: string | null;
  department?: number[];
  avatar?: string | null;
  status?: number;
}

export interface Customer {
  external_userid: string;
  name: string;
  avatar?: string | null;
  followers?: string[];
  corp_name?: string | null;
  remark_mobiles?: string[];
}

export interface Group {
  chat_id: string;
  name: string;
  owner: string;
  members?: { id: string; type: number }[];
}

export type FaultEffect =
  | { errcode: number }
  | { http: number }
  | { html: true }
  | { empty: true }
  | { reset_before: true }
  | { reset_after_apply: true }
  | { slow_ms: number }
  | { drip_ms: number }
  | { hang_s: number }
  | { big_mb: number }
  | { denied: true }
  | { offline: true }
  | { cancel: true };

export interface Fault {
  id: string | number;
  path: string;
  times: number | null;
  effect: FaultEffect;
}

export interface Limits {
  member_minute: number;
  member_hour: number;
  /** Nothing: as many as the platform grants by itself. */
  app_day: number | null;
}

export interface SimState {
  corp_id: string;
  corp_name?: string;
  now: number;
  /** How many seconds the platform's clock is ahead. */
  skew?: number;
  limits?: Limits;
  apps: SimApp[];
  departments: Department[];
  members: Member[];
  customers: Customer[];
  groups: Group[];
  faults: Fault[];
  unread: Record<string, number>;
  /** What people outside wrote and the member has not opened. */
  unread_outside?: Record<string, number>;
}

/** A line between people: no app hears it. */
export interface Said {
  seq: number;
  at: number;
  /** A userid or an external_userid. */
  from: string;
  msgtype: string;
  content: Content;
}

/** A conversation in somebody's list. */
export interface TalkRow {
  kind: "customer" | "group" | "member";
  id: string;
  name: string;
  remark?: string;
  corp_name?: string;
  /** How many are in the group. */
  count?: number;
  last: Said | null;
  unread: number;
}

/** All that the platform knows of somebody outside. */
export interface CustomerFile {
  external_userid: string;
  name: string;
  type: number;
  corp_name?: string;
  position?: string;
  follows: {
    userid: string;
    remark?: string;
    description?: string;
    createtime?: number;
    remark_mobiles?: string[];
    tags?: { tag_name?: string; group_name?: string }[];
  }[];
}

/** A call of the JS-SDK by a page. */
export interface SdkRecord {
  seq: number;
  at: number;
  call: string;
  params?: unknown;
  result?: { errMsg?: string } | null;
  entry?: string;
  user?: string;
  page?: string;
  took_ms?: number;
}

export interface CardState {
  disabled?: boolean;
  replace_text?: string | null;
  chosen?: Record<string, string[]> | null;
  updated?: number;
}

/** A message's body: which fields are there follows from `msgtype`. */
export interface Content {
  content?: string;
  url?: string | null;
  media_id?: string;
  filename?: string;
  lat?: number;
  lng?: number;
  label?: string;
  scale?: number;
  title?: string;
  description?: string;
  btntxt?: string;
  desc?: string;
  event?: string;
  event_key?: string;
  /** A pressed menu button's words. */
  name?: string;
  articles?: Article[];
  content_item?: { key: string; value: string }[];
  emphasis_first_item?: boolean;
  card?: TemplateCard;
  card_id?: string;
  state?: CardState;
}

export interface Article {
  title?: string;
  description?: string;
  url?: string;
  picurl?: string;
}

export interface Entry {
  seq: number;
  at: number;
  direction: "in" | "out";
  msgtype: string;
  msgid?: string;
  recalled?: boolean;
  content: Content;
}

export interface CallRecord {
  seq: number;
  at: number;
  method: string;
  path: string;
  query?: unknown;
  request?: unknown;
  status: number | null;
  response?: unknown;
  errcode?: number | null;
  took_ms?: number;
}

export interface CallbackRecord {
  seq: number;
  at: number;
  app: string;
  kind: string;
  plain: string;
  attempt: number;
  status: number | null;
  took_ms?: number;
  answer?: string | null;
  error?: string | null;
}

/** How the simulator hands a callback to the service. */
export interface Deliver {
  copies?: number;
  retry?: boolean;
  retry_on_status?: boolean;
  delay_ms?: number;
  lose?: boolean;
  tamper?: "signature" | "ciphertext" | "receiveid" | "xml" | "utf8" | null;
  json?: boolean;
  shuffle?: boolean;
  bom?: boolean;
  no_cdata?: boolean;
  no_agent?: boolean;
  empty_agent?: boolean;
  same_nonce?: boolean;
}

export interface Happening {
  type: "chat" | "talk" | "call" | "callback" | "jssdk" | "state";
  userid?: string;
  seq?: number;
}

interface Option {
  id: string;
  text: string;
  is_checked?: boolean;
}

interface Select {
  question_key: string;
  title?: string;
  selected_id?: string;
  disable?: boolean;
  option_list?: Option[];
}

/** WeCom's template card, all five types in one shape as the platform itself sends them. */
export interface TemplateCard {
  card_type: string;
  source?: { icon_url?: string; desc?: string; desc_color?: number };
  action_menu?: { desc?: string; action_list?: { text: string; key: string }[] };
  task_id?: string;
  main_title?: { title?: string; desc?: string };
  quote_area?: { type?: number; url?: string; title?: string; quote_text?: string };
  emphasis_content?: { title?: string; desc?: string };
  sub_title_text?: string;
  horizontal_content_list?: {
    type?: number;
    keyname: string;
    value?: string;
    url?: string;
    media_id?: string;
    userid?: string;
  }[];
  vertical_content_list?: { title?: string; desc?: string }[];
  jump_list?: { type?: number; title: string; url?: string; appid?: string }[];
  card_action?: { type?: number; url?: string; appid?: string };
  image_text_area?: {
    type?: number;
    url?: string;
    title?: string;
    desc?: string;
    image_url?: string;
  };
  card_image?: { url?: string; aspect_ratio?: number };
  button_selection?: Select;
  button_list?: { type?: number; text: string; style?: number; key?: string; url?: string }[];
  checkbox?: {
    question_key: string;
    mode?: number;
    disable?: boolean;
    option_list?: Option[];
  };
  select_list?: Select[];
  submit_button?: { text?: string; key: string };
  replace_text?: string;
}
