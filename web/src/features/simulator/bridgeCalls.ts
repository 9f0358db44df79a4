// What each call of the JS-SDK does: what it demands, what it asks the client for, and what it
// gives back, with the names and limits of the platform's documents.
import {
  Refusal,
  type ChatMessage,
  type Entrance,
  type Hands,
  type PickAsk,
  type Scene,
} from "./bridgeTypes";
import { toWgs84 } from "@/shared/coords";

interface Spec {
  identity: "app" | "corp";
  run(
    params: Record<string, unknown>,
    scene: Scene,
    hands: Hands,
  ): Promise<Record<string, unknown>>;
  /** Only from here. */
  entries?: Entrance[];
  /** A customer's WeChat has it too. */
  wechat?: boolean;
  /** Not in the client for desktops. */
  phoneOnly?: boolean;
  /** It opens something that a person can close. */
  opens?: boolean;
}

const COUNT_MAX = 9;
const TEXT_BYTES_MAX = 4_000;
const MEDIA = ["image", "video", "file"] as const;
const WEB = /^https?:\/\//i;

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const object = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const chosenOr = <T>(chosen: T | null): T => {
  if (chosen === null) throw new Refusal("cancel");
  return chosen;
};

/** The body of a `sendChatMessage`, or why the platform does not take it. */
export function messageOf(params: Record<string, unknown>): ChatMessage {
  const msgtype = text(params["msgtype"]);
  const body = object(params[msgtype]);
  if (msgtype === "text") {
    const content = text(body["content"]);
    if (content.trim() === "") throw new Refusal("fail invalid content");
    if (new TextEncoder().encode(content).length > TEXT_BYTES_MAX)
      throw new Refusal("fail content too long");
    return { msgtype, content };
  }
  const media = MEDIA.find((kind) => kind === msgtype);
  if (media) {
    if (text(body["mediaid"]) === "") throw new Refusal("fail invalid mediaid");
    return { msgtype: media, media_id: text(body["mediaid"]) };
  }
  if (msgtype === "news") {
    const picurl = text(body["imgUrl"]);
    if (!WEB.test(text(body["link"]))) throw new Refusal("fail invalid link");
    if (picurl !== "" && !WEB.test(picurl)) throw new Refusal("fail invalid imgUrl");
    return {
      msgtype: "link",
      title: text(body["title"]),
      description: text(body["desc"]),
      url: text(body["link"]),
      picurl,
    };
  }
  throw new Refusal("fail unsupported msgtype");
}

const CHAT_TOOLS: Entrance[] = ["single_chat_tools", "group_chat_tools"];

const SPECS: Record<string, Spec> = {
  getContext: { identity: "corp", run: async (_, scene) => ({ entry: scene.entry }) },
  getCurExternalContact: {
    identity: "app",
    entries: ["single_chat_tools", "contact_profile"],
    run: async (_, scene) => ({ userId: scene.customer }),
  },
  getCurExternalChat: {
    identity: "app",
    entries: ["group_chat_tools"],
    run: async (_, scene) => ({ chatId: scene.chatId }),
  },
  sendChatMessage: {
    identity: "app",
    entries: CHAT_TOOLS,
    opens: true,
    async run(params, _, hands) {
      await hands.send(messageOf(params));
      return {};
    },
  },
  getLocation: {
    identity: "corp",
    wechat: true,
    async run(params, _, hands) {
      const { lat, lng, accuracy } = await hands.place();
      const at = params["type"] === "gcj02" ? { lat, lng } : toWgs84({ lat, lng });
      return { latitude: at.lat, longitude: at.lng, speed: 0, accuracy };
    },
  },
  chooseImage: {
    identity: "corp",
    wechat: true,
    phoneOnly: true,
    opens: true,
    async run(params, _, hands) {
      const asked = Number(params["count"] ?? COUNT_MAX);
      const count = Number.isInteger(asked) ? Math.min(Math.max(asked, 1), COUNT_MAX) : COUNT_MAX;
      const pictures = chosenOr(await hands.pictures(count));
      const localIds = pictures.slice(0, count).map((picture) => {
        const id = `picture-${hands.kept.size + 1}`;
        hands.kept.set(id, picture);
        return id;
      });
      return { localIds };
    },
  },
  getLocalImgData: {
    identity: "corp",
    wechat: true,
    phoneOnly: true,
    run: async (params, _, hands) => ({ localData: keptPicture(params, hands) }),
  },
  uploadImage: {
    identity: "corp",
    wechat: true,
    phoneOnly: true,
    run: async (params, _, hands) => ({ serverId: await hands.upload(keptPicture(params, hands)) }),
  },
  previewImage: {
    identity: "corp",
    wechat: true,
    async run(params, _, hands) {
      const urls = Array.isArray(params["urls"]) ? params["urls"].map(text) : [];
      const url = text(params["current"]) || urls[0] || "";
      if (!WEB.test(url)) throw new Refusal("fail invalid url");
      hands.preview({ url, name: "", size: null });
      return {};
    },
  },
  previewFile: {
    identity: "corp",
    phoneOnly: true,
    async run(params, _, hands) {
      const [url, size] = [text(params["url"]), Number(params["size"])];
      if (!WEB.test(url)) throw new Refusal("fail invalid url");
      if (!(size > 0)) throw new Refusal("fail invalid size");
      hands.preview({ url, name: text(params["name"]), size });
      return {};
    },
  },
  scanQRCode: {
    identity: "corp",
    wechat: true,
    phoneOnly: true,
    opens: true,
    async run(params, _, hands) {
      const code = chosenOr(await hands.scan());
      // Without `needResult` the client itself deals with what it read.
      return params["needResult"] ? { resultStr: code } : {};
    },
  },
  openUserProfile: {
    identity: "corp",
    async run(params, _, hands) {
      const kind = { 1: "member" as const, 2: "customer" as const }[Number(params["type"])];
      if (!kind) throw new Refusal("fail invalid type");
      if (!hands.profile(kind, text(params["userid"]))) throw new Refusal("fail invalid userid");
      return {};
    },
  },
  selectEnterpriseContact: {
    identity: "corp",
    opens: true,
    async run(params, _, hands) {
      const mode = text(params["mode"]);
      if (mode !== "single" && mode !== "multi") throw new Refusal("fail invalid mode");
      const types = Array.isArray(params["type"]) ? params["type"].map(text) : [];
      const [departments, people] = [types.includes("department"), types.includes("user")];
      if (!departments && !people) throw new Refusal("fail invalid type");
      const ids = (name: string) => (Array.isArray(params[name]) ? params[name].map(String) : []);
      const chosen = [...ids("selectedUserIds"), ...ids("selectedDepartmentIds")];
      const ask: PickAsk = {
        what: "contacts",
        multi: mode === "multi",
        departments,
        people,
        chosen,
      };
      const picked = chosenOr(await hands.pick(ask));
      return { result: { departmentList: picked.departments, userList: picked.users } };
    },
  },
  selectExternalContact: {
    identity: "app",
    opens: true,
    async run(_params, _, hands) {
      const chosen: string[] = [];
      const ask: PickAsk = {
        what: "customers",
        multi: true,
        departments: false,
        people: true,
        chosen,
      };
      const picked = chosenOr(await hands.pick(ask));
      return { userIds: picked.users.map((user) => user.id) };
    },
  },
  setClipboardData: {
    identity: "corp",
    async run(params, _, hands) {
      await hands.copy(text(params["data"]));
      return {};
    },
  },
  getNetworkType: {
    identity: "corp",
    wechat: true,
    run: async () => ({ networkType: "wifi" }),
  },
  closeWindow: {
    identity: "corp",
    wechat: true,
    async run(_params, _, hands) {
      hands.close();
      return {};
    },
  },
};

export const CALLS: ReadonlyMap<string, Spec> = new Map(Object.entries(SPECS));

function keptPicture(params: Record<string, unknown>, hands: Hands): string {
  const picture = hands.kept.get(text(params["localId"]));
  if (picture === undefined) throw new Refusal("fail invalid localId");
  return picture;
}
