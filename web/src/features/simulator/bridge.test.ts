import { beforeEach, describe, expect, it } from "vitest";
import { Bridge, originsOf, readAsk } from "./bridge";
import { messageOf } from "./bridgeCalls";
import type { Ask, ChatMessage, Hands, Scene, SdkEffect, Suffering } from "./bridgeTypes";
import { toGcj02, toWgs84 } from "@/shared/coords";

const ORIGIN = "http://127.0.0.1:8080";
const SIGNED = {
  corpId: "ww1",
  agentId: 2,
  timestamp: 1,
  nonceStr: "n",
  signature: "right",
  url: `${ORIGIN}/h5/sidebar?x=1`,
};

interface World {
  scene: Scene;
  sent: ChatMessage[];
  noted: { call: string; result: { errMsg: string } }[];
  effect: SdkEffect | null;
  suffers: Suffering[];
  scanned: string | null;
}

let world: World;
let bridge: Bridge;

function clientOf(): Hands {
  return {
    now: () => 0,
    note: (line) => void world.noted.push(line),
    async planned(_call, suffers) {
      world.suffers = suffers;
      return world.effect;
    },
    pause: async () => {},
    verify: async (_kind, { signature }) =>
      signature === "right" ? null : { words: "invalid signature", code: 40093 },
    send: async (message) => void world.sent.push(message),
    place: async () => ({ lat: 30.2741, lng: 120.1551, accuracy: 25 }),
    pictures: async (count) => ["data:image/png;base64,AA==", "data:,b"].slice(0, count),
    upload: async () => "MEDIA1",
    scan: async () => world.scanned,
    pick: async ({ what }) => ({
      departments: [],
      users: [{ id: what === "customers" ? "wm1" : "lijing", name: "李静" }],
    }),
    preview: () => {},
    profile: (_kind, id) => id !== "nobody",
    copy: async () => {},
    close: () => {},
    kept: new Map(),
  };
}

beforeEach(() => {
  const scene: Scene = {
    entry: "single_chat_tools",
    as: "member",
    user: "zhangsan",
    customer: "wmHeyan",
    chatId: null,
    device: "phone",
    corpId: "ww1",
  };
  world = { scene, sent: [], noted: [], effect: null, suffers: [], scanned: "SN-1" };
  bridge = new Bridge(() => world.scene, clientOf());
});

const ask = (call: string, params: Record<string, unknown> = {}) =>
  bridge.answer({ wecom: 1, id: 1, call, params } satisfies Ask, ORIGIN);
const ready = async () => {
  await ask("config", SIGNED);
  await ask("agentConfig", SIGNED);
};

describe("what is heard", () => {
  it("is a call of the protocol and nothing else", () => {
    expect(readAsk({ wecom: 1, id: "a", call: "getContext" })).toEqual({
      wecom: 1,
      id: "a",
      call: "getContext",
      params: {},
    });
    for (const bad of [null, "x", [], { wecom: 2, id: 1, call: "a" }, { wecom: 1, call: "a" }])
      expect(readAsk(bad)).toBeNull();
  });

  it("comes from the origins of the app's pages only", () => {
    const origins = originsOf([`${ORIGIN}/h5/sidebar`, "", "javascript:alert(1)", "http://["]);
    expect([...origins]).toEqual([ORIGIN]);
  });
});

describe("configuration", () => {
  it("is verified by the platform and opens the calls of the company's identity", async () => {
    expect(await ask("getContext")).toEqual({
      errMsg: "getContext:the permission value is offline verifying",
      errCode: -1,
    });
    expect((await ask("config", SIGNED)).errMsg).toBe("config:ok");
    expect(await ask("getContext")).toEqual({
      entry: "single_chat_tools",
      errMsg: "getContext:ok",
      errCode: 0,
    });
  });

  it("is refused with a wrong signature, a foreign address or a missing part", async () => {
    const wrong = (part: object) => ask("config", { ...SIGNED, ...part });
    expect(await wrong({ signature: "wrong" })).toEqual({
      errMsg: "config:invalid signature",
      errCode: 40093,
    });
    expect((await wrong({ url: "http://elsewhere/" })).errMsg).toBe("config:invalid url domain");
    expect((await wrong({ url: `${SIGNED.url}#a` })).errMsg).toBe("config:invalid signature");
    expect((await wrong({ nonceStr: "" })).errMsg).toBe("config:fail missing nonceStr");
    expect((await wrong({ corpId: "ww2" })).errCode).toBe(92002);
    expect((await ask("getContext")).errCode).toBe(-1);
  });

  it("denies the app's calls until agentConfig is right, and again when it is wrong", async () => {
    await ask("config", SIGNED);
    expect((await ask("getCurExternalContact")).errMsg).toBe(
      "getCurExternalContact:permission denied",
    );
    await ask("agentConfig", SIGNED);
    expect((await ask("getCurExternalContact"))["userId"]).toBe("wmHeyan");
    await ask("agentConfig", { ...SIGNED, signature: "wrong" });
    expect((await ask("getCurExternalContact")).errCode).toBe(-1);
  });

  it("grants only what its list names, unless it is the SDK's own list", async () => {
    await ask("agentConfig", { ...SIGNED, jsApiList: ["getContext"] });
    expect((await ask("getContext")).errCode).toBe(0);
    expect((await ask("getLocation")).errMsg).toBe("getLocation:fail_nopermission");
    await ask("agentConfig", { ...SIGNED, jsApiList: ["agentConfig"] });
    expect((await ask("getLocation")).errCode).toBe(0);
  });
});

describe("rights by entry", () => {
  it("give the customer beside his chat and his profile, the group beside its chat", async () => {
    await ready();
    const words = "getCurExternalContact:fail without context of external contact";
    for (const entry of ["single_chat_tools", "contact_profile"] as const) {
      world.scene.entry = entry;
      expect((await ask("getCurExternalContact"))["userId"]).toBe("wmHeyan");
      expect((await ask("getCurExternalChat")).errCode).toBe(-1);
    }
    for (const entry of ["group_chat_tools", "normal"] as const) {
      world.scene.entry = entry;
      expect((await ask("getCurExternalContact")).errMsg).toBe(words);
    }
    world.scene = { ...world.scene, entry: "group_chat_tools", chatId: "wrGroup" };
    expect((await ask("getCurExternalChat"))["chatId"]).toBe("wrGroup");
  });

  it("let messages into chats from a tool bar only", async () => {
    await ready();
    const message = { msgtype: "text", text: { content: "您好" } };
    expect((await ask("sendChatMessage", message)).errMsg).toBe("sendChatMessage:ok");
    for (const entry of ["contact_profile", "normal"] as const) {
      world.scene.entry = entry;
      expect((await ask("sendChatMessage", message)).errCode).toBe(-1);
    }
    expect(world.sent).toEqual([{ msgtype: "text", content: "您好" }]);
  });

  it("leave a customer's WeChat with the company's identity and a part of the calls", async () => {
    world.scene = { ...world.scene, as: "customer", entry: "normal" };
    expect((await ask("agentConfig", SIGNED)).errMsg).toBe("agentConfig:function not exist");
    await ask("config", SIGNED);
    expect((await ask("getContext")).errMsg).toBe("getContext:function not exist");
    expect((await ask("sendChatMessage")).errMsg).toBe("sendChatMessage:function not exist");
    expect((await ask("getLocation")).errCode).toBe(0);
  });

  it("leave desktops without camera and scanner, and tell so beforehand", async () => {
    await ready();
    world.scene.device = "desktop";
    expect((await ask("scanQRCode")).errMsg).toBe("scanQRCode:function not exist");
    const { checkResult } = await ask("checkJsApi", {
      jsApiList: ["scanQRCode", "getLocation", "nothing", "toString"],
    });
    expect(checkResult).toEqual({
      scanQRCode: false,
      getLocation: true,
      nothing: false,
      toString: false,
    });
    expect((await ask("toString")).errMsg).toBe("toString:function not exist");
  });
});

describe("calls", () => {
  beforeEach(ready);

  it("take messages in the platform's shapes and refuse the others by name", () => {
    expect(
      messageOf({ msgtype: "news", news: { link: "https://e.com", title: "进度", desc: "点开" } }),
    ).toEqual({
      msgtype: "link",
      title: "进度",
      description: "点开",
      url: "https://e.com",
      picurl: "",
    });
    expect(messageOf({ msgtype: "image", image: { mediaid: "M" } })).toEqual({
      msgtype: "image",
      media_id: "M",
    });
    const refused = (params: Record<string, unknown>) => expect(() => messageOf(params));
    refused({ msgtype: "text", text: { content: " " } }).toThrow("fail invalid content");
    refused({ msgtype: "text", text: { content: "长".repeat(1334) } }).toThrow("too long");
    refused({ msgtype: "image", image: {} }).toThrow("fail invalid mediaid");
    refused({ msgtype: "news", news: { link: "javascript:1" } }).toThrow("fail invalid link");
    refused({ msgtype: "news", news: { link: "https://e.com", imgUrl: "/a.png" } }).toThrow(
      "fail invalid imgUrl",
    );
    refused({ msgtype: "link", link: {} }).toThrow("fail unsupported msgtype");
  });

  it("give the place on the map that is asked for", async () => {
    expect(await ask("getLocation", { type: "gcj02" })).toMatchObject({
      latitude: 30.2741,
      longitude: 120.1551,
      accuracy: 25,
      speed: 0,
    });
    const world84 = await ask("getLocation");
    expect(Math.abs(Number(world84["latitude"]) - 30.2741)).toBeGreaterThan(0.001);
  });

  it("hand over chosen pictures by id", async () => {
    const { localIds } = await ask("chooseImage", { count: 1 });
    const [localId] = localIds as string[];
    expect((localIds as string[]).length).toBe(1);
    expect((await ask("getLocalImgData", { localId }))["localData"]).toContain("data:image/png");
    expect((await ask("uploadImage", { localId }))["serverId"]).toBe("MEDIA1");
    expect((await ask("getLocalImgData", { localId: "x" })).errMsg).toBe(
      "getLocalImgData:fail invalid localId",
    );
  });

  it("say cancel when a person closes what they opened", async () => {
    expect((await ask("scanQRCode", { needResult: 1 }))["resultStr"]).toBe("SN-1");
    world.scanned = null;
    expect((await ask("scanQRCode", { needResult: 1 })).errMsg).toBe("scanQRCode:cancel");
  });

  it("pick people in the platform's result", async () => {
    const params = { fromDepartmentId: -1, mode: "single", type: ["user"] };
    expect((await ask("selectEnterpriseContact", params))["result"]).toEqual({
      departmentList: [],
      userList: [{ id: "lijing", name: "李静" }],
    });
    expect((await ask("selectEnterpriseContact", { mode: "one" })).errCode).toBe(-1);
    expect((await ask("selectExternalContact"))["userIds"]).toEqual(["wm1"]);
    expect((await ask("openUserProfile", { type: 1, userid: "nobody" })).errMsg).toBe(
      "openUserProfile:fail invalid userid",
    );
  });

  it("are noted, each with its result", async () => {
    await ask("unheardOf");
    expect(world.noted.map(({ call, result }) => [call, result.errMsg])).toEqual([
      ["config", "config:ok"],
      ["agentConfig", "agentConfig:ok"],
      ["unheardOf", "unheardOf:function not exist"],
    ]);
  });
});

describe("planned failures", () => {
  beforeEach(ready);

  it("answer in the platform's words", async () => {
    const withEffect = async (effect: SdkEffect) => {
      world.effect = effect;
      return (await ask("scanQRCode", { needResult: 1 })).errMsg;
    };
    expect(await withEffect({ denied: true })).toBe("scanQRCode:permission denied");
    expect(await withEffect({ cancel: true })).toBe("scanQRCode:cancel");
    expect(await withEffect({ offline: true })).toBe("scanQRCode:fail network offline");
    expect(await withEffect({ slow_ms: 5 })).toBe("scanQRCode:ok");
  });

  it("hit a call only with what can happen to it", async () => {
    await ask("getContext");
    expect(world.suffers).toEqual(["slow_ms", "offline", "denied"]);
    await ask("scanQRCode");
    expect(world.suffers).toContain("cancel");
    world.effect = { denied: true };
    expect((await ask("config", SIGNED)).errMsg).toBe("config:ok");
    expect(world.suffers).toEqual(["slow_ms", "offline"]);
  });
});

it("coordinates go over to the country's maps and back", () => {
  const there = toGcj02({ lat: 31.1774276, lng: 121.5272106 });
  expect(there.lat).toBeCloseTo(31.17530398, 6);
  expect(there.lng).toBeCloseTo(121.53154186, 6);
  const back = toWgs84(there);
  expect(back.lat).toBeCloseTo(31.1774276, 8);
  expect(back.lng).toBeCloseTo(121.5272106, 8);
  expect(toWgs84({ lat: 48.85, lng: 2.35 })).toEqual({ lat: 48.85, lng: 2.35 });
});
