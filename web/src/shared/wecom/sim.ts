// The simulated client: the page runs in a frame of it and asks by message. The answers have the
// names and fields of the real JS-SDK, so what is proved here is what WeCom gets.
import { api } from "../api";
import { pickImages } from "./browser";
import { weComError, within } from "./error";
import { CALLS, TIMES, type Person, type Signed, type WeCom } from "./types";

interface Answer {
  wecom: 1;
  id: number;
  result: { errMsg?: string } & Record<string, unknown>;
}

const KEYWORD = /:(?:ok|yes)$/;

export function simulated(origin: string, frame: Window = window): WeCom {
  const waiting = new Map<number, (result: Answer["result"]) => void>();
  let count = 0;

  frame.addEventListener("message", (event: MessageEvent<Partial<Answer> | null>) => {
    const { origin: from, data } = event;
    if (from !== origin || data?.wecom !== 1 || typeof data.id !== "number" || !data.result) return;
    waiting.get(data.id)?.(data.result);
    waiting.delete(data.id);
  });

  function ask(call: string, params: object = {}, ms: number = TIMES.quick) {
    count += 1;
    const id = count;
    const answered = new Promise<Record<string, unknown>>((resolve, reject) => {
      waiting.set(id, (result) => {
        if (KEYWORD.test(result.errMsg ?? "")) resolve(result);
        else reject(weComError(result));
      });
      frame.parent.postMessage({ wecom: 1, id, call, params }, origin);
    });
    return within(ms, call, answered).finally(() => waiting.delete(id));
  }

  async function configure(): Promise<void> {
    const url = location.href.split("#")[0] ?? "";
    const signed = await api.get<Signed>("/jssdk", { url });
    const whole = { corpId: signed.corp_id, agentId: signed.agent_id, url, jsApiList: CALLS };
    await ask("config", { ...whole, ...signed.config }, TIMES.ready);
    await ask("agentConfig", { ...whole, ...signed.agent_config }, TIMES.ready);
  }

  let configured: Promise<void> | null = null;
  const ready = () => {
    configured ??= configure().catch((error: unknown) => {
      configured = null;
      throw weComError(error);
    });
    return configured;
  };
  const call = (name: string, params: object = {}, ms: number = TIMES.quick) =>
    ready().then(() => ask(name, params, ms));

  async function picture(localId: string): Promise<File> {
    const { localData } = await call("getLocalImgData", { localId });
    const data = String(localData);
    const bytes = Uint8Array.from(atob(data.replace(/^data:[^,]*,/, "")), (c) => c.charCodeAt(0));
    const type = /^data:([^;,]+)/.exec(data)?.[1] ?? "image/jpeg";
    return new File([bytes], `${localId}.${type.split("/")[1] ?? "jpg"}`, { type });
  }

  return {
    kind: "simulator",
    ready,
    getContext: async () => ({ entry: String((await call("getContext"))["entry"] ?? "normal") }),
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
      const number = (name: string) => Number(found[name] ?? 0);
      return {
        latitude: number("latitude"),
        longitude: number("longitude"),
        accuracy: number("accuracy"),
        coords: "gcj02",
      };
    },
    chooseImage: async (wish = {}) => {
      const sourceType = wish.camera ? ["camera"] : ["album", "camera"];
      try {
        const found = await call(
          "chooseImage",
          { count: wish.count ?? 9, sourceType },
          TIMES.person,
        );
        return await Promise.all((found["localIds"] as string[]).map(picture));
      } catch (error) {
        // A simulator without an album: the browser's own picker gives real pictures.
        if (weComError(error).code === "unsupported") return pickImages(wish);
        throw error;
      }
    },
    scanQRCode: async () => {
      const params = { needResult: true, scanType: ["qrCode", "barCode"] };
      return scanned(String((await call("scanQRCode", params, TIMES.person))["resultStr"] ?? ""));
    },
    openUserProfile: ({ userid, external }) =>
      call("openUserProfile", { type: external ? 2 : 1, userid }).then(() => undefined),
    selectEnterpriseContact: async (wish) =>
      chosen(
        await call(
          "selectEnterpriseContact",
          {
            fromDepartmentId: -1,
            mode: wish.mode,
            type: wish.type,
            selectedUserIds: wish.selected?.users ?? [],
            selectedDepartmentIds: wish.selected?.departments ?? [],
          },
          TIMES.person,
        ),
      ),
    previewFile: (file) => call("previewFile", file).then(() => undefined),
    closeWindow: () => call("closeWindow").then(() => undefined),
  };
}

/** Bar codes come with the name of their kind before them: `CODE_128,6901234`. */
export const scanned = (text: string): string => text.replace(/^[A-Z]+_?\d*,/, "");

const people = (list: Person[] | undefined): Person[] =>
  (list ?? []).map(({ id, name }) => ({ id: String(id), name }));

/** Some clients hand out the result as text. */
export function chosen(answer: Record<string, unknown>): {
  users: Person[];
  departments: Person[];
} {
  const raw = answer["result"];
  const result = (typeof raw === "string" ? JSON.parse(raw) : raw) as
    | { userList?: Person[]; departmentList?: Person[] }
    | undefined;
  return { users: people(result?.userList), departments: people(result?.departmentList) };
}
