// WeCom itself, by its own package. It is fetched when the first call is made: no page waits for it
// to be drawn.
import * as ww from "@wecom/jssdk";
import { api } from "../api";
import { boot } from "../boot";
import { pickImages } from "./browser";
import { weComError, within } from "./error";
import { chosen, scanned } from "./sim";
import { CALLS, TIMES, type Signed, type WeCom } from "./types";

let signed: { url: string; answer: Promise<Signed> } | null = null;

/** Both signatures of an address come with one call; a failed one is asked for again. */
function sign(url: string): Promise<Signed> {
  if (signed?.url !== url) {
    const answer = api.get<Signed>("/jssdk", { url });
    signed = { url, answer };
    answer.catch(() => (signed = null));
  }
  return signed.answer;
}

const numbered = ({ timestamp, nonceStr, signature }: Signed["config"]) => ({
  timestamp: Number(timestamp),
  nonceStr,
  signature,
});

ww.register({
  corpId: boot.corp_id,
  agentId: boot.agent_id,
  jsApiList: [...CALLS] as NonNullable<Parameters<typeof ww.register>[0]["jsApiList"]>,
  getConfigSignature: async (url) => numbered((await sign(url)).config),
  getAgentConfigSignature: async (url) => numbered((await sign(url)).agent_config),
});

/** A call by its name: the package's types differ by version, its names do not. */
function call(name: string, params: object, ms: number): Promise<Record<string, unknown>> {
  const made = (ww as unknown as Record<string, (params: object) => Promise<unknown>>)[name];
  const answer = made
    ? made(params)
    : Promise.reject(weComError({ errMsg: `${name}:function not exist` }));
  return within(ms, name, answer as Promise<Record<string, unknown>>);
}

export const real: WeCom = {
  kind: "real",
  ready: () =>
    within(TIMES.ready, "agentConfig", ww.ensureAgentConfigReady()).then(() => undefined),
  getContext: async () => ({
    entry: String((await call("getContext", {}, TIMES.quick))["entry"] ?? "normal"),
  }),
  getCurExternalContact: async () => ({
    userId: String((await call("getCurExternalContact", {}, TIMES.context))["userId"] ?? ""),
  }),
  getCurExternalChat: async () => ({
    chatId: String((await call("getCurExternalChat", {}, TIMES.context))["chatId"] ?? ""),
  }),
  sendChatMessage: (message) =>
    call("sendChatMessage", message, TIMES.person).then(() => undefined),
  getLocation: async () => {
    const found = await call("getLocation", { type: "gcj02" }, TIMES.locate);
    return {
      latitude: Number(found["latitude"]),
      longitude: Number(found["longitude"]),
      accuracy: Number(found["accuracy"] ?? 0),
      coords: "gcj02",
    };
  },
  // The client's own chooser hands out ids whose bytes only iOS gives to the page; the input of the
  // web opens the same camera and album everywhere.
  chooseImage: (wish) => within(TIMES.person, "chooseImage", pickImages(wish)),
  scanQRCode: async () => {
    const params = { needResult: true, scanType: ["qrCode", "barCode"] };
    return scanned(String((await call("scanQRCode", params, TIMES.person))["resultStr"] ?? ""));
  },
  openUserProfile: ({ userid, external }) =>
    call("openUserProfile", { type: external ? 2 : 1, userid }, TIMES.quick).then(() => undefined),
  selectEnterpriseContact: async (wish) =>
    chosen(
      await call(
        "selectEnterpriseContact",
        {
          fromDepartmentId: -1,
          mode: wish.mode,
          type: wish.type,
          selectedUserIds: wish.selected?.users ?? [],
          selectedDepartmentIds: (wish.selected?.departments ?? []).map(Number),
        },
        TIMES.person,
      ),
    ),
  previewFile: (file) => call("previewFile", file, TIMES.quick).then(() => undefined),
  closeWindow: () => call("closeWindow", {}, TIMES.quick).then(() => undefined),
};
