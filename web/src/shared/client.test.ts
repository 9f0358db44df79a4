// What stands between a page and the service: the API client, the session, the client around the page.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api, onceKey, pathOf, useToken } from "./api";
import { boot, readBoot, toldBy } from "./boot";
import { reasonText } from "./failure";
import { request, RequestError } from "./request";
import { loginUrl, me, session, signIn, startSession } from "./session";
import { weComError, WeComError, within } from "./wecom/error";
import { chosen, scanned, simulated } from "./wecom/sim";

type Answer = { status?: number; body?: unknown; headers?: Record<string, string> };

/** A server that gives these answers in their order and writes down what it was asked. */
function serving(...answers: (Answer | "down")[]) {
  const asked: { path: string; init: RequestInit }[] = [];
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push({ path, init });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === "down" || !answer) return Promise.reject(new TypeError("refused"));
    const { status = 200, body = {}, headers = {} } = answer;
    return Promise.resolve(new Response(JSON.stringify(body), { status, headers }));
  });
  return asked;
}

const refusal = (status: number, code: string, more: object = {}): Answer => ({
  status,
  body: { code, detail: "话", request_id: "req-1", ...more },
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  useToken("");
});

describe("the API client", () => {
  it("carries the token, the version that was seen and the key of the intent", async () => {
    const asked = serving({ body: { ok: 1 } });
    useToken("token-1");
    await api.post("/tickets/7/actions/claim", {}, { version: 3, key: "k" });
    expect(asked[0]?.path).toBe("/api/v1/tickets/7/actions/claim");
    expect(asked[0]?.init.headers).toEqual({
      "qidan-csrf": "token-1",
      "if-match": '"3"',
      "idempotency-key": "k",
      "content-type": "application/json",
    });
  });

  it("leaves out what a query does not say", () => {
    expect(pathOf("/tickets", { q: "空调", status: null, limit: 20, mine: undefined })).toBe(
      `/api/v1/tickets?q=${encodeURIComponent("空调")}&limit=20`,
    );
  });

  it("tries what is read again when the line breaks, and what is written only with a key", async () => {
    vi.useFakeTimers();
    const read = serving("down", refusal(503, "db.away"), { body: { n: 1 } });
    const reading = api.get("/me/counts");
    await vi.runAllTimersAsync();
    expect(await reading).toEqual({ n: 1 });
    expect(read.length).toBe(3);
    const written = serving("down", { body: {} });
    await expect(api.post("/x", {})).rejects.toMatchObject({ kind: "offline" });
    expect(written.length).toBe(1);
    const keyed = serving("down", { body: {} });
    const writing = api.post("/x", {}, { key: onceKey() });
    await vi.runAllTimersAsync();
    await writing;
    expect(keyed.length).toBe(2);
  });

  it("does not repeat what was refused", async () => {
    const asked = serving(refusal(403, "customer.not_yours"));
    await expect(api.get("/x")).rejects.toMatchObject({
      kind: "refused",
      code: "customer.not_yours",
    });
    expect(asked.length).toBe(1);
  });

  it("tells what the service said: code, fields, number, the state of now", async () => {
    const errors = [{ path: "form.title", code: "required", detail: "请填写标题" }];
    serving(refusal(409, "ticket.changed", { errors, current: { version: 8 } }));
    const error = await request("/x").catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({
      kind: "conflict",
      requestId: "req-1",
      errors,
      current: { version: 8 },
    });
    expect(reasonText(error)).toBe("话");
  });

  it("makes keys that are never the same", () => {
    const keys = Array.from({ length: 50 }, onceKey);
    expect(new Set(keys).size).toBe(50);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("what the server writes into the page", () => {
  it("is read over defaults, and a page without it works", () => {
    expect(readBoot().zone_minutes).toBe(480);
    const page = document.implementation.createHTMLDocument();
    page.head.innerHTML = '<script type="application/json" id="boot">{"corp_id":"ww1"}</script>';
    expect(readBoot(page)).toMatchObject({ corp_id: "ww1", client: "browser" });
  });

  it("answers each question once", () => {
    const page = document.implementation.createHTMLDocument();
    page.head.innerHTML =
      '<script type="application/json" id="told">{"/api/v1/me":{"a":1}}</script>';
    const told = toldBy(page);
    expect([told("/api/v1/tasks"), told("/api/v1/me"), told("/api/v1/me")]).toEqual([
      undefined,
      { a: 1 },
      undefined,
    ]);
    expect(toldBy(document)("/api/v1/me")).toBeUndefined();
  });
});

describe("the session", () => {
  const replaced: string[] = [];
  beforeEach(() => {
    replaced.length = 0;
    sessionStorage.clear();
    session.value = "starting";
    me.value = null;
    vi.spyOn(location, "replace").mockImplementation((url) => void replaced.push(String(url)));
  });
  afterEach(() => vi.restoreAllMocks());

  it("learns who is here and gives its token to every call", async () => {
    serving({ body: { userid: "zhangsan", name: "张三", csrf: "t1" } });
    await startSession();
    expect([session.value, me.value?.name]).toEqual(["ready", "张三"]);
    const asked = serving({ body: {} });
    await api.get("/tickets");
    expect(asked[0]?.init.headers).toEqual({ "qidan-csrf": "t1" });
  });

  it("goes to the silent login twice, and then says that it did not work", async () => {
    serving(refusal(401, "auth.no_session"));
    for (const expected of ["leaving", "leaving", "loop"]) {
      await startSession();
      expect(session.value).toBe(expected);
    }
    expect(replaced).toEqual([loginUrl(), loginUrl()]);
    signIn();
    expect(session.value).toBe("leaving");
  });

  it("comes back to where it was", () => {
    const place = { pathname: "/h5/sidebar", search: "?a=1&b=2" } as Location;
    expect(loginUrl(place)).toBe("/auth/wecom/login?next=%2Fh5%2Fsidebar%3Fa%3D1%26b%3D2");
  });

  it("says so when the browser's session became another person's", async () => {
    serving({ body: { userid: "zhangsan", csrf: "t1" } });
    await startSession();
    serving(refusal(403, "auth.csrf"));
    await api.post("/x").catch(() => undefined);
    expect(session.value).toBe("changed");
  });

  it("shows what failed when the service is away", async () => {
    vi.useFakeTimers();
    serving("down");
    const starting = startSession();
    await vi.runAllTimersAsync();
    await starting;
    expect(session.value).toBe("failed");
  });
});

describe("the client around the page", () => {
  it.each([
    ["getLocation:fail permission denied", "denied"],
    ["agentConfig:fail invalid signature", "denied"],
    ["scanQRCode:cancel", "cancel"],
    ["createTodo:function not exist", "unsupported"],
    ["getLocation:fail network error", "offline"],
    ["sendChatMessage:fail", "failed"],
  ])("names %s", (errMsg, code) => {
    expect(weComError({ errMsg })).toMatchObject({ code, errMsg });
  });

  it("does not wait for ever", async () => {
    vi.useFakeTimers();
    const never = within(100, "getContext", new Promise(() => undefined));
    const told = expect(never).rejects.toMatchObject({ code: "timeout" });
    await vi.advanceTimersByTimeAsync(101);
    await told;
  });

  it("reads bar codes and chosen people as every version hands them out", () => {
    expect(scanned("CODE_128,AC-001")).toBe("AC-001");
    expect(scanned("https://e.com/q/1,2")).toBe("https://e.com/q/1,2");
    const result = {
      userList: [{ id: "LiJing", name: "李静" }],
      departmentList: [{ id: 2, name: "客服" }],
    };
    const expected = {
      users: [{ id: "LiJing", name: "李静" }],
      departments: [{ id: "2", name: "客服" }],
    };
    expect(chosen({ result })).toEqual(expected);
    expect(chosen({ result: JSON.stringify(result) })).toEqual(expected);
  });

  it("asks the simulator by message: first for both identities, then the call itself", async () => {
    const origin = "http://127.0.0.1:8090";
    const calls: { call: string; params: Record<string, unknown> }[] = [];
    const said: Record<string, object> = {
      config: { errMsg: "config:ok" },
      agentConfig: { errMsg: "agentConfig:ok" },
      getCurExternalContact: { errMsg: "getCurExternalContact:ok", userId: "wm1" },
      sendChatMessage: { errMsg: "sendChatMessage:fail permission denied" },
    };
    const target = new EventTarget();
    const answer = (from: string, id: number, result: object) =>
      target.dispatchEvent(
        new MessageEvent("message", { origin: from, data: { wecom: 1, id, result } }),
      );
    const parent = {
      postMessage: (
        message: { id: number; call: string; params: Record<string, unknown> },
        to: string,
      ) => {
        expect(to).toBe(origin);
        calls.push(message);
        // Somebody else's window must not be believed.
        answer("http://evil.example", message.id, { errMsg: "x:ok", userId: "wm-evil" });
        queueMicrotask(() => answer(origin, message.id, said[message.call] ?? {}));
      },
    };
    serving({
      body: {
        corp_id: "ww1",
        agent_id: 7,
        config: { timestamp: 1, nonceStr: "a", signature: "s1" },
        agent_config: { timestamp: 2, nonceStr: "b", signature: "s2" },
      },
    });
    const frame = Object.assign(target, { parent }) as unknown as Window;
    const client = simulated(origin, frame);
    expect(await client.getCurExternalContact()).toEqual({ userId: "wm1" });
    expect(calls.map(({ call }) => call)).toEqual([
      "config",
      "agentConfig",
      "getCurExternalContact",
    ]);
    expect(calls[1]?.params).toMatchObject({ corpId: "ww1", agentId: 7, signature: "s2" });
    const message = { msgtype: "text", text: { content: "好" } } as const;
    await expect(client.sendChatMessage(message)).rejects.toBeInstanceOf(WeComError);
    expect(calls.length).toBe(4);
  });

  it("is a plain browser where nothing else is said", () => expect(boot.simulator).toBeNull());
});
