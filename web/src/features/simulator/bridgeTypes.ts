// The words between a page, the bridge and the client that answers for it.

/** Where a page was opened from, in the platform's own words. */
export type Entrance = "single_chat_tools" | "group_chat_tools" | "contact_profile" | "normal";

/** Who holds the client, and what stands around the page. */
export interface Scene {
  entry: Entrance;
  /** Staff in WeCom, or a customer in WeChat: there only a part of the calls exists. */
  as: "member" | "customer";
  /** The member's userid or the customer's external_userid. */
  user: string;
  customer: string | null;
  chatId: string | null;
  device: "phone" | "desktop";
  corpId: string;
}

export interface Ask {
  wecom: 1;
  id: string | number;
  call: string;
  params: Record<string, unknown>;
}

export interface Answer {
  errMsg: string;
  errCode: number;
  [field: string]: unknown;
}

/** What a call refuses with: the words behind its name. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  constructor(
    readonly words: string,
    readonly code = -1,
  ) {
    super(words);
  }
}

export type Suffering = "slow_ms" | "denied" | "offline" | "cancel";

export interface SdkEffect {
  slow_ms?: number;
  denied?: boolean;
  offline?: boolean;
  cancel?: boolean;
}

export interface Spot {
  /** On the map of the country: gcj02. */
  lat: number;
  lng: number;
  accuracy: number;
}

export interface Named {
  id: string;
  name: string;
  avatar?: string;
}

/** What goes into the chat that the page stands beside. */
export type ChatMessage =
  | { msgtype: "text"; content: string }
  | { msgtype: "image" | "video" | "file"; media_id: string }
  | { msgtype: "link"; title: string; description: string; url: string; picurl: string };

export interface PickAsk {
  what: "contacts" | "customers";
  multi: boolean;
  departments: boolean;
  people: boolean;
  chosen: string[];
}

/** What the client can do for a page. Nothing comes back where a person closed what was opened. */
export interface Hands {
  now(): number;
  note(line: {
    call: string;
    params: Record<string, unknown>;
    result: Answer;
    tookMs: number;
  }): void;
  planned(call: string, suffers: Suffering[]): Promise<SdkEffect | null>;
  pause(ms: number): Promise<void>;
  /** Nothing when the signature is right, else why not. */
  verify(
    kind: "config" | "agentConfig",
    params: Record<string, unknown>,
  ): Promise<{ words: string; code: number } | null>;
  send(message: ChatMessage): Promise<void>;
  place(): Promise<Spot>;
  /** Pictures as data addresses. */
  pictures(count: number): Promise<string[] | null>;
  upload(picture: string): Promise<string>;
  scan(): Promise<string | null>;
  pick(ask: PickAsk): Promise<{ departments: Named[]; users: Named[] } | null>;
  preview(file: { url: string; name: string; size: number | null }): void;
  profile(kind: "member" | "customer", id: string): boolean;
  copy(text: string): Promise<void>;
  close(): void;
  kept: Map<string, string>;
}
