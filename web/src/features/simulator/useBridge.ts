// The bridge of one frame: hears the page in it, lets the client do what the page asks, answers.
import { onBeforeUnmount, onMounted, type Ref } from "vue";
import { RequestError } from "@/shared/request";
import { t } from "@/shared/t";
import { say } from "@/shared/toast";
import { sim } from "./api";
import { Bridge, readAsk } from "./bridge";
import { Refusal, type ChatMessage, type Hands, type Scene } from "./bridgeTypes";
import { usePlace } from "./usePlace";
import { useSimulator } from "./useSimulator";

/** The words behind the call's name: `config:invalid signature` says `invalid signature`. */
const wordsOf = (errMsg: string): string => errMsg.replace(/^\w+:\s*/, "");

const bytesOf = async (data: string): Promise<Blob> => {
  const [head = "", body = ""] = data.split(",");
  const bytes = Uint8Array.from(atob(body), (c) => c.charCodeAt(0));
  return new Blob([bytes], { type: /^data:([^;]+)/.exec(head)?.[1] ?? "image/jpeg" });
};

export function useBridge(
  frame: Ref<HTMLIFrameElement | null>,
  scene: () => Scene,
  page: () => string,
  close: () => void,
): void {
  const { world, panels, sheets, talks } = useSimulator();
  const place = usePlace();

  async function send(message: ChatMessage): Promise<void> {
    const { user, customer, chatId } = scene();
    const peer = customer ?? chatId;
    if (peer === null) throw new Refusal("fail without context of external contact");
    try {
      await sim.speak(user, peer, message);
    } catch (error) {
      if (error instanceof RequestError) throw new Refusal(`fail ${error.detail || error.kind}`);
      throw error;
    }
  }

  function profile(kind: "member" | "customer", id: string): boolean {
    if (kind === "member") {
      const member = [...world.byId.value.values()].find(
        (m) => m.userid.toLowerCase() === id.toLowerCase(),
      );
      if (!member) return false;
      void sheets.open("member", { userid: member.userid });
      return true;
    }
    const customer = world.state.value?.customers.find((c) => c.external_userid === id);
    if (!customer) return false;
    panels.openProfile(id, customer.name);
    return true;
  }

  const hands: Hands = {
    now: () => performance.now(),
    note({ call, params, result, tookMs }) {
      const { entry, user } = scene();
      const line = { call, params, result, entry, user, page: page(), took_ms: tookMs };
      // A log that cannot be written is no reason to leave a page without its answer.
      sim.noteSdkCall(line).catch(() => undefined);
    },
    async planned(call, suffers) {
      return (await sim.takeSdkFault(call, suffers)).effect;
    },
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    async verify(kind, params) {
      const { errMsg, errCode } = await sim.verifySdk({
        ...params,
        call: kind,
        userid: scene().user,
      });
      if (!errMsg || errMsg.endsWith(":ok") || errMsg === "ok") return null;
      return { words: wordsOf(errMsg), code: errCode ?? -1 };
    },
    send,
    place: async () => place.value,
    pictures: (count) => sheets.open("pictures", { count }),
    async upload(picture) {
      return (await sim.upload(await bytesOf(picture))).media_id;
    },
    scan: () => sheets.open("scan", null),
    pick: (ask) => sheets.open("pick", ask),
    preview: (file) => void sheets.open("preview", file),
    profile,
    async copy(text) {
      try {
        await navigator.clipboard.writeText(text);
        say(t("app.copied"));
      } catch {
        throw new Refusal("fail permission denied");
      }
    },
    close,
    kept: new Map(),
  };

  const bridge = new Bridge(scene, hands);

  async function heard(event: MessageEvent): Promise<void> {
    const view = frame.value?.contentWindow;
    if (!view || event.source !== view || !panels.origins.value.has(event.origin)) return;
    const ask = readAsk(event.data);
    if (!ask) return;
    const result = await bridge.answer(ask, event.origin);
    view.postMessage({ wecom: 1, id: ask.id, result }, event.origin);
    if (ask.call === "sendChatMessage" && result.errCode === 0) void talks.refetch();
  }
  const listener = (event: MessageEvent) => void heard(event);
  onMounted(() => window.addEventListener("message", listener));
  onBeforeUnmount(() => window.removeEventListener("message", listener));
}
