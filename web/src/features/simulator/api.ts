// The simulator's control API as typed calls. Paths are written here and nowhere else.
import { request } from "@/shared/request";
import type { SdkEffect, Suffering } from "./bridgeTypes";
import type {
  CallbackRecord,
  CallRecord,
  CustomerFile,
  Deliver,
  Entry,
  Fault,
  Limits,
  Pages,
  Said,
  SdkRecord,
  SimState,
  TalkRow,
} from "./types";

const CONTROL = "_sim";
/** How many lines of a log one request asks for. */
export const LOG_PAGE = 200;
const at = (...parts: string[]) => [CONTROL, ...parts.map(encodeURIComponent)].join("/");
const post = <T>(path: string, json: unknown = {}) => request<T>(path, { method: "POST", json });

/** What a person can be made to send; `options` decide how the callback reaches the service. */
export type Outgoing =
  | { msgtype: "text"; content: string }
  | { msgtype: "location"; lat: number; lng: number; label: string; scale: number }
  | { msgtype: "link"; title: string; description: string; url: string }
  | { msgtype: "image" | "voice" | "video" | "file"; media: File };

/** A stored file, or a card that leads somewhere, as a page puts it into a chat. */
export type Forwarded =
  | { msgtype: "image" | "video" | "file"; media_id: string }
  | { msgtype: "link"; title: string; description: string; url: string; picurl: string };

/** What somebody presses on a card. */
export interface Press {
  userid: string;
  key: string;
  /** What is chosen: option ids by question. */
  selected: Record<string, string[]>;
  /** The key is one of the card's menu. */
  menu: boolean;
}

export type Kind = "members" | "departments" | "customers" | "groups";

const withOptions = (options: Deliver) => (Object.keys(options).length > 0 ? { options } : {});

export const sim = {
  streamUrl: `${CONTROL}/stream`,
  state: () => request<SimState>(at("state")),
  chat: (userid: string, app: string) =>
    request<{ items: Entry[] }>(`${at("chats", userid)}?app=${encodeURIComponent(app)}&after=0`),
  calls: (after: number) =>
    request<{ items: CallRecord[] }>(`${at("calls")}?after=${after}&limit=${LOG_PAGE}`),
  callbacks: (after: number) =>
    request<{ items: CallbackRecord[] }>(`${at("callbacks")}?after=${after}&limit=${LOG_PAGE}`),

  send(userid: string, app: string, message: Outgoing, options: Deliver) {
    const path = at("chats", userid, "messages");
    if (!("media" in message))
      return post<{ seq: number }>(path, { app, ...message, ...withOptions(options) });
    const form = new FormData();
    form.set("app", app);
    form.set("msgtype", message.msgtype);
    form.set("media", message.media, message.media.name);
    if (Object.keys(options).length > 0) form.set("options", JSON.stringify(options));
    return request<{ seq: number }>(path, { method: "POST", form, timeoutMs: 60_000 });
  },
  menu: (userid: string, app: string, key: string, options: Deliver) =>
    post(at("chats", userid, "menu"), { app, key, ...withOptions(options) }),
  enter: (userid: string, app: string, options: Deliver) =>
    post(at("chats", userid, "enter"), { app, ...withOptions(options) }),
  click: (cardId: string, press: Press, options: Deliver) =>
    post(at("cards", cardId, "click"), { ...press, ...withOptions(options) }),
  callback: (app: string, plain: string, options: Deliver) =>
    post(at("callback"), { app, plain, options }),
  saveUrl: (app: string, url: string) =>
    post<{ ok: boolean; detail?: string }>(at("save_url"), { app, url }),

  talks: (viewer: string) => request<{ items: TalkRow[] }>(at("talks", viewer)),
  talk: (viewer: string, peer: string) =>
    request<{ items: Said[]; can_send: boolean }>(at("talks", viewer, peer)),
  /** `speaker` says something to `peer`, or into the group that `peer` is. */
  speak(speaker: string, peer: string, message: Outgoing | Forwarded) {
    const path = at("talks", speaker, peer, "messages");
    if (!("media" in message)) return post<{ seq: number }>(path, message);
    const form = new FormData();
    form.set("msgtype", message.msgtype);
    form.set("media", message.media, message.media.name);
    return request<{ seq: number }>(path, { method: "POST", form, timeoutMs: 60_000 });
  },
  /** What each app shows this person on the workbench. */
  workbench: (userid: string) =>
    request<{ items: { app: string; shown: unknown }[] }>(at("workbench", userid)),
  customer: (id: string) => request<CustomerFile>(at("customers", id)),
  setPages: (app: string, pages: Pages) =>
    request(at("apps", app), { method: "PATCH", json: { pages } }),

  sdkCalls: (after: number) =>
    request<{ items: SdkRecord[] }>(`${at("jssdk", "calls")}?after=${after}&limit=${LOG_PAGE}`),
  noteSdkCall: (line: object) => post(at("jssdk", "calls"), line),
  takeSdkFault: (call: string, suffers: Suffering[]) =>
    post<{ effect: SdkEffect | null }>(at("jssdk", "take"), { call, suffers }),
  verifySdk: (body: object) =>
    post<{ errMsg?: string; errCode?: number }>(at("jssdk", "verify"), body),
  upload(media: Blob) {
    const form = new FormData();
    form.set("media", media, "picture.jpg");
    return request<{ media_id: string }>(at("media"), { method: "POST", form });
  },

  add: (kind: Kind, body: object) => post(at(kind), body),
  edit: (kind: Kind, id: string, body: object) =>
    request(at(kind, id), { method: "PATCH", json: body }),
  /** A customer is removed by one member: whose contact ends is part of the address. */
  remove: (kind: Kind, id: string, by?: { userid: string }) =>
    request(`${at(kind, id)}${by ? `?userid=${encodeURIComponent(by.userid)}` : ""}`, {
      method: "DELETE",
    }),

  addFault: (fault: Omit<Fault, "id">) => post(at("faults"), fault),
  removeFault: (id: Fault["id"]) => request(at("faults", String(id)), { method: "DELETE" }),
  clearFaults: () => request(at("faults"), { method: "DELETE" }),
  expireTokens: () => post(at("tokens", "expire")),
  rotateSecret: (app: string, secret: string) => post(at("tokens", "rotate"), { app, secret }),
  skewClock: (seconds: number) => post(at("clock", "skew"), { seconds }),
  limits: (limits: Limits) => post(at("limits"), limits),
  reset: () => post(at("reset")),
};
