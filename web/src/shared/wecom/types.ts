// What the pages ask of the client around them: WeCom itself, its simulator, or a plain browser.

export interface Place {
  latitude: number;
  longitude: number;
  /** In metres. */
  accuracy: number;
  coords: "gcj02" | "wgs84";
}

export interface Person {
  id: string;
  name: string;
}

/** The messages that can be sent into the chat beside which the page is open. */
export type ChatMessage =
  | { msgtype: "text"; text: { content: string } }
  | { msgtype: "news"; news: { link: string; title: string; desc: string; imgUrl: string } };

export interface ImageWish {
  count?: number;
  /** Only the camera: what is photographed is there now. */
  camera?: boolean;
}

export interface ContactWish {
  mode: "single" | "multi";
  type: ("user" | "department")[];
  selected?: { users?: string[]; departments?: string[] };
}

export interface WeCom {
  readonly kind: "real" | "simulator" | "browser";
  /** Resolves when calls of the app's identity are allowed. */
  ready(): Promise<void>;
  getContext(): Promise<{ entry: string }>;
  getCurExternalContact(): Promise<{ userId: string }>;
  getCurExternalChat(): Promise<{ chatId: string }>;
  sendChatMessage(message: ChatMessage): Promise<void>;
  getLocation(): Promise<Place>;
  chooseImage(wish?: ImageWish): Promise<File[]>;
  scanQRCode(): Promise<string>;
  openUserProfile(who: { userid: string; external?: boolean }): Promise<void>;
  selectEnterpriseContact(wish: ContactWish): Promise<{ users: Person[]; departments: Person[] }>;
  previewFile(file: { url: string; name: string; size: number }): Promise<void>;
  closeWindow(): Promise<void>;
}

/** How long each call may take. Those where a person chooses something wait for him. */
export const TIMES = {
  ready: 8_000,
  quick: 4_000,
  context: 8_000,
  locate: 12_000,
  person: 300_000,
} as const;

/** The answer of `GET /api/v1/jssdk`. */
export interface Signed {
  corp_id: string;
  agent_id: number;
  config: Signature;
  agent_config: Signature;
}

export interface Signature {
  timestamp: number | string;
  nonceStr: string;
  signature: string;
}

export const CALLS = [
  "getContext",
  "getCurExternalContact",
  "getCurExternalChat",
  "sendChatMessage",
  "getLocation",
  "chooseImage",
  "getLocalImgData",
  "scanQRCode",
  "openUserProfile",
  "selectEnterpriseContact",
  "previewFile",
  "closeWindow",
] as const;
