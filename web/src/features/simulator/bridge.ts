// WeCom's JS-SDK as the simulator's web view offers it to pages: which calls there are, who may use
// them from where, and in which words they are refused. What a call does in the client is in
// `bridgeCalls.ts`; nothing here touches the page, so that all of it can be tested alone.
import { CALLS } from "./bridgeCalls";
import {
  Refusal,
  type Answer,
  type Ask,
  type Hands,
  type Scene,
  type Suffering,
} from "./bridgeTypes";

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A message of the page, when it is one of the protocol. */
export function readAsk(data: unknown): Ask | null {
  if (!isObject(data) || data["wecom"] !== 1) return null;
  const { id, call, params } = data;
  if (typeof call !== "string" || (typeof id !== "string" && typeof id !== "number")) return null;
  return { wecom: 1, id, call, params: isObject(params) ? params : {} };
}

/** The origins whose pages are heard: those that the company's administrator has entered. */
export const originsOf = (addresses: readonly (string | null | undefined)[]): Set<string> => {
  const origins = new Set<string>();
  for (const address of addresses) {
    try {
      if (address && /^https?:/i.test(address)) origins.add(new URL(address).origin);
    } catch {
      // An address that is none lets nobody in.
    }
  }
  return origins;
};

/** The SDK's own default names no calls: it stands for all of them. */
const isWhole = (list: readonly string[]) =>
  list.length === 0 || list.includes("config") || list.includes("agentConfig");

const listOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];

type Rights = { all: boolean; calls: Set<string> } | null;

const SIGNED = ["timestamp", "nonceStr", "signature", "url"] as const;

export class Bridge {
  private readonly rights: Record<"config" | "agentConfig", Rights> = {
    config: null,
    agentConfig: null,
  };

  constructor(
    private readonly scene: () => Scene,
    private readonly hands: Hands,
  ) {}

  /** Answers one call of a page from `origin`; never throws, and notes what happened. */
  async answer(ask: Ask, origin: string): Promise<Answer> {
    const { call, params } = ask;
    const began = this.hands.now();
    const result = await this.tried(call, params, origin);
    this.hands.note({ call, params, result, tookMs: Math.round(this.hands.now() - began) });
    return result;
  }

  private async tried(
    call: string,
    params: Record<string, unknown>,
    origin: string,
  ): Promise<Answer> {
    try {
      const fields = await this.run(call, params, origin);
      return { ...fields, errMsg: `${call}:ok`, errCode: 0 };
    } catch (error) {
      if (error instanceof Refusal)
        return { errMsg: `${call}:${error.words}`, errCode: error.code };
      const why = error instanceof Error ? error.message : String(error);
      return { errMsg: `${call}:fail ${why}`, errCode: -1 };
    }
  }

  private async run(
    call: string,
    params: Record<string, unknown>,
    origin: string,
  ): Promise<Record<string, unknown>> {
    if (call === "config" || call === "agentConfig") return this.configure(call, params, origin);
    if (call === "checkJsApi") {
      const asked = listOf(params["jsApiList"]);
      return { checkResult: Object.fromEntries(asked.map((name) => [name, this.exists(name)])) };
    }
    const spec = this.exists(call) ? CALLS.get(call) : undefined;
    if (!spec) throw new Refusal("function not exist");
    this.permit(call, spec.identity);
    await this.suffer(call, spec.opens ? ["denied", "cancel"] : ["denied"]);
    if (spec.entries && !spec.entries.includes(this.scene().entry))
      throw new Refusal("fail without context of external contact");
    return spec.run(params, this.scene(), this.hands);
  }

  /** Whether this client has the call at all. */
  private exists(call: string): boolean {
    const { as, device } = this.scene();
    if (call === "config" || call === "checkJsApi") return true;
    if (call === "agentConfig") return as === "member";
    const spec = CALLS.get(call);
    if (!spec) return false;
    return (as === "member" || spec.wechat === true) && (device === "phone" || !spec.phoneOnly);
  }

  private permit(call: string, identity: "app" | "corp"): void {
    const { config, agentConfig } = this.rights;
    if (identity === "app" && !agentConfig) throw new Refusal("permission denied");
    // The app's identity includes the rights of the company's.
    const granted = identity === "app" ? [agentConfig] : [agentConfig, config];
    if (!granted.some(Boolean)) throw new Refusal("the permission value is offline verifying");
    if (!granted.some((rights) => rights && (rights.all || rights.calls.has(call))))
      throw new Refusal("fail_nopermission");
  }

  private async configure(
    kind: "config" | "agentConfig",
    params: Record<string, unknown>,
    origin: string,
  ): Promise<Record<string, unknown>> {
    this.rights[kind] = null;
    if (!this.exists(kind)) throw new Refusal("function not exist");
    await this.suffer(kind, []);
    const missing = [...SIGNED, "corpId"].find((name) => !params[name]);
    if (missing) throw new Refusal(`fail missing ${missing}`);
    const url = String(params["url"]);
    // The client knows the page's address: one that is not the page's was never signed for it.
    if (!originsOf([url]).has(origin)) throw new Refusal("invalid url domain", 40093);
    if (url.includes("#")) throw new Refusal("invalid signature", 40093);
    if (params["corpId"] !== this.scene().corpId) throw new Refusal("fail invalid corpid", 92002);
    const verdict = await this.hands.verify(kind, params);
    if (verdict !== null) throw new Refusal(verdict.words, verdict.code);
    const asked = listOf(params["jsApiList"]);
    this.rights[kind] = { all: isWhole(asked), calls: new Set(asked) };
    return { checkResult: Object.fromEntries(asked.map((name) => [name, this.exists(name)])) };
  }

  /** Lets happen what was planned to go wrong with this call. */
  private async suffer(call: string, also: ("denied" | "cancel")[]): Promise<void> {
    const suffers: Suffering[] = ["slow_ms", "offline", ...also];
    const effect = await this.hands.planned(call, suffers);
    if (!effect) return;
    if (effect.slow_ms) await this.hands.pause(effect.slow_ms);
    if (effect.offline) throw new Refusal("fail network offline");
    if (effect.denied && also.includes("denied")) throw new Refusal("permission denied");
    if (effect.cancel && also.includes("cancel")) throw new Refusal("cancel");
  }
}
