import { effectScope, type EffectScope } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Entry, SimState } from "./types";
import { useChat, type Chat } from "./useChat";
import { useDelivery, type Delivering } from "./useDelivery";
import { useLogs } from "./useLogs";
import { useWorld } from "./useWorld";
import { simulator } from "@/locales/zh-CN/simulator";
import { speak } from "@/shared/t";

await speak([simulator, () => Promise.resolve({})]);

const state: SimState = {
  corp_id: "ww1",
  now: 0,
  apps: [{ name: "desk", agent_id: 1, display_name: "服务台" }],
  departments: [],
  members: [
    { userid: "WangFang", name: "王芳" },
    { userid: "lisi", name: "李四" },
  ],
  customers: [],
  groups: [],
  faults: [],
  unread: { wangfang: 2, lisi: 1 },
};

/** A simulator of a few lines: what was sent is in the chat, unless the line is cut. */
class Server {
  cut = false;
  sent: { path: string; body: Record<string, unknown> }[] = [];
  chats: Record<string, Entry[]> = {};
  seq = 0;

  fetch = async (path: string, init: RequestInit): Promise<Response> => {
    if (this.cut) throw new TypeError("refused");
    if (path === "_sim/state") return Response.json(state);
    const userid = decodeURIComponent(path.split("/")[2] ?? "").split("?")[0] ?? "";
    const entries = (this.chats[userid] ??= []);
    if (init.method === "GET") return Response.json({ items: entries });
    const body = JSON.parse(String(init.body)) as { msgtype: string; content: string };
    this.sent.push({ path, body });
    this.seq += 1;
    const { msgtype, content } = body;
    entries.push({ seq: this.seq, at: 0, direction: "out", msgtype, content: { content } });
    return Response.json({ seq: this.seq });
  };
}

describe("useChat", () => {
  let server: Server;
  let scope: EffectScope;
  let chat: Chat;
  let delivery: Delivering;
  let unreadOf: (userid: string) => number | undefined;

  beforeEach(async () => {
    server = new Server();
    vi.stubGlobal("fetch", server.fetch);
    scope = effectScope();
    await scope.run(async () => {
      const world = useWorld();
      delivery = useDelivery();
      chat = useChat(world, useLogs(), delivery);
      unreadOf = (userid) => world.unread.value.get(userid);
      await world.refetch();
    });
    chat.userid.value = "WangFang";
    await settled();
  });
  afterEach(() => {
    scope.stop();
    vi.unstubAllGlobals();
  });

  const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
  const kinds = () => chat.rows.value.map((r) => r.kind).filter((k) => k !== "time");

  it("shows a message at once, and then the one that the server has", async () => {
    chat.send({ msgtype: "text", content: "空调坏了" });
    expect(kinds()).toEqual(["pending"]);
    await settled();
    expect(kinds()).toEqual(["entry"]);
  });

  it("keeps a message that did not get out, says why, and sends it again when asked", async () => {
    server.cut = true;
    chat.send({ msgtype: "text", content: "空调坏了" });
    await settled();
    const row = chat.rows.value.find((r) => r.kind === "pending");
    expect(row?.kind === "pending" && row.pending.failure).toBe("连不上模拟器");
    server.cut = false;
    if (row?.kind === "pending") chat.retry(row.pending.id);
    await settled();
    expect(kinds()).toEqual(["entry"]);
    expect(server.sent).toHaveLength(1);
  });

  it("keeps one person's unsent words out of another's chat, and has them when one returns", async () => {
    server.cut = true;
    chat.send({ msgtype: "text", content: "在吗" });
    await settled();
    server.cut = false;
    chat.userid.value = "lisi";
    await settled();
    expect(kinds()).toEqual([]);
    chat.userid.value = "WangFang";
    await settled();
    expect(kinds()).toEqual(["pending"]);
  });

  it("sends along how the callback shall travel, and only what differs from the usual", async () => {
    chat.send({ msgtype: "text", content: "一" });
    delivery.settings.copies = 3;
    delivery.settings.tamper = "signature";
    chat.send({ msgtype: "text", content: "二" });
    await settled();
    expect(server.sent.map((s) => s.body["options"])).toEqual([
      undefined,
      { copies: 3, tamper: "signature" },
    ]);
  });

  it("finds unread counts although the platform writes ids in small letters", () => {
    expect([unreadOf("WangFang"), unreadOf("lisi")]).toEqual([2, 1]);
  });
});
