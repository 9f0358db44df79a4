import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { leased, LEASE_MS, locked } from "./alone";
import type { Stored } from "./api";
import { openFieldDb, type FieldDb, type HeldFile } from "./fieldDb";
import { localFiles, Outbox, replaced, type Doing, type OutboxMeans } from "./outbox";
import { shelf, standInFor } from "./offline";
import { RequestError } from "./request";

const offline = () => new RequestError("offline", 0, "");
const conflict = (current: unknown = null) =>
  new RequestError("conflict", 409, "工单已被李四认领", {
    code: "ticket.taken",
    requestId: "req-1",
    errors: [],
    current,
  });

let db: FieldDb;
let clock: number;
let posts: { path: string; body: unknown; key: string }[];
let answer: (path: string) => unknown;
let uploads: string[];

const doing = (more: Partial<Doing> = {}): Doing => ({
  lane: "t1",
  path: "/tickets/t1/actions/comment",
  body: { text: "到了" },
  label: "评论",
  title: "空调不制冷",
  no: "GD-1",
  words: "评论：到了",
  ...more,
});

const means = (more: Partial<OutboxMeans> = {}): OutboxMeans => ({
  db: () => Promise.resolve(db),
  user: () => "zhang",
  post: async (path, body, key) => {
    posts.push({ path, body, key });
    const given = answer(path);
    if (given instanceof Error) throw given;
    return given;
  },
  upload: async (file: HeldFile): Promise<Stored> => {
    uploads.push(file.id);
    return { id: `stored-${uploads.length}`, name: file.name, mime: file.type, size: 1 };
  },
  alone: async (work) => {
    await work();
    return true;
  },
  lateWords: (at) => `实际时间 ${at}`,
  now: () => clock,
  ...more,
});

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  db = await openFieldDb("test");
  clock = Date.parse("2026-11-22T02:00:00Z");
  posts = [];
  uploads = [];
  answer = () => ({ ok: true });
});

describe("the outbox", () => {
  it("sends at once and keeps nothing of what the server took", async () => {
    const box = new Outbox(means());
    expect(await box.submit(doing())).toEqual({ done: true, value: { ok: true } });
    expect(await box.entries()).toEqual([]);
    expect(posts).toHaveLength(1);
  });

  it("has written it down before the first byte leaves", async () => {
    const box = new Outbox(means());
    let kept = 0;
    const watching = new Outbox(
      means({
        post: async () => {
          kept = (await box.entries()).length;
          return {};
        },
      }),
    );
    await watching.submit(doing());
    expect(kept).toBe(1);
  });

  it("keeps what cannot be sent, and sends it in its order under the same keys", async () => {
    answer = offline;
    const box = new Outbox(means());
    expect(await box.submit(doing({ body: { text: "一" } }))).toEqual({ done: false });
    expect(await box.submit(doing({ body: { text: "二" } }))).toEqual({ done: false });
    expect(await box.submit(doing({ body: { text: "别处" }, lane: "t2" }))).toEqual({
      done: false,
    });
    const tried = posts.map(({ key }) => key);
    posts = [];
    answer = () => ({});
    // The page was killed: another one finds the same.
    await new Outbox(means({ tab: "new" })).flush();
    clock += 30_000;
    await new Outbox(means({ tab: "new" })).flush();
    expect(posts.map(({ body }) => body)).toEqual([
      { text: "一" },
      { text: "二" },
      { text: "别处" },
    ]);
    expect(posts[0]?.key).toBe(tried[0]);
    expect(await box.entries()).toEqual([]);
  });

  it("queues behind what waits for the same ticket, without asking the server first", async () => {
    answer = offline;
    const box = new Outbox(means());
    await box.submit(doing());
    posts = [];
    answer = () => ({});
    const gate = new Outbox(means({ alone: () => Promise.resolve(false) }));
    expect(await gate.submit(doing({ body: { text: "二" } }))).toEqual({ done: false });
    expect(posts).toEqual([]);
    expect(await gate.submit(doing({ lane: "t2" }))).toMatchObject({ done: true });
  });

  it("throws what the server refuses while somebody waits, and keeps it out of the box", async () => {
    answer = () => conflict();
    const box = new Outbox(means());
    await expect(box.submit(doing())).rejects.toThrow("工单已被李四认领");
    expect(await box.entries()).toEqual([]);
  });

  it("keeps a refusal of the background with its reason and the newer state, and holds the rest of that ticket", async () => {
    answer = offline;
    const box = new Outbox(means());
    await box.submit(doing({ body: { text: "一" } }));
    await box.submit(doing({ body: { text: "二" } }));
    await box.submit(doing({ lane: "t2", path: "/tickets/t2/actions/comment" }));
    const current = {
      row: { status: "open", version: 7, step: { name: "维修" }, handlers: [{ name: "李四" }] },
    };
    answer = (path) => (path.includes("t1") ? conflict(current) : {});
    posts = [];
    await box.flush();
    const left = await box.entries();
    expect(left.map(({ state }) => state)).toEqual(["refused", "waiting"]);
    expect(left[0]?.why).toMatchObject({
      status: 409,
      code: "ticket.taken",
      detail: "工单已被李四认领",
      requestId: "req-1",
      now: { status: "open", step: "维修", handlers: ["李四"], version: 7 },
    });
    // Once more: under a new key, for the server remembers what it said under the old one.
    const before = left[0]?.key;
    answer = () => ({});
    await box.retry(left[0]?.id ?? "");
    expect(posts[posts.length - 1]?.key).not.toBe(before);
    expect(await box.entries()).toEqual([]);
  });

  it("looks how the ticket is when the refusal does not say", async () => {
    answer = offline;
    const look = async () => ({ status: "closed", version: 9, step: null, handlers: [] });
    const box = new Outbox(means({ look }));
    await box.submit(doing());
    answer = () => new RequestError("refused", 403, "没有权限");
    await box.flush();
    const [entry] = await box.entries();
    expect(entry?.why).toMatchObject({ status: 403, now: { status: "closed", version: 9 } });
  });

  it("goes on behind what was given up", async () => {
    answer = offline;
    const box = new Outbox(means());
    await box.submit(doing({ body: { text: "一" } }));
    await box.submit(doing({ body: { text: "二" } }));
    answer = () => conflict();
    await box.flush();
    answer = () => ({});
    posts = [];
    const [first] = await box.entries();
    await box.discard(first?.id ?? "");
    await box.flush();
    expect(posts.map(({ body }) => body)).toEqual([{ text: "二" }]);
    expect(await box.entries()).toEqual([]);
  });

  it("sends files first and once, and puts their ids in place of its own", async () => {
    const box = new Outbox(means());
    const photo = await box.hold(new Blob(["x"], { type: "image/jpeg" }), "a.jpg");
    answer = offline;
    await box.submit(doing({ body: { form: { photos: [photo], sign: photo } } }));
    expect(uploads).toEqual([photo]);
    answer = () => ({});
    posts = [];
    clock += 30_000;
    await box.flush();
    expect(uploads).toEqual([photo]);
    expect(posts[0]?.body).toEqual({ form: { photos: ["stored-1"], sign: "stored-1" } });
    expect(await box.files()).toEqual([]);
  });

  it("keeps a file that an open form still names when its sending was refused", async () => {
    const box = new Outbox(means());
    const photo = await box.hold(new Blob(["x"]), "a.jpg");
    answer = () => conflict();
    await expect(box.submit(doing({ body: { photos: [photo] } }))).rejects.toThrow();
    expect(await box.files()).toHaveLength(1);
    answer = () => ({});
    await box.submit(doing({ body: { photos: [photo] } }));
    expect(uploads).toEqual([photo]);
    expect(await box.files()).toEqual([]);
  });

  it("says when it was really done, where there is a field for it", async () => {
    answer = offline;
    const box = new Outbox(means());
    await box.submit(doing({ body: { note: "到了" }, note: "note" }));
    answer = () => ({});
    clock += 3_600_000;
    await box.flush();
    expect(posts[posts.length - 1]?.body).toEqual({
      note: "到了\n实际时间 2026-11-22T02:00:00.000Z",
    });
  });

  it("does not touch what is another person's", async () => {
    answer = offline;
    await new Outbox(means()).submit(doing());
    posts = [];
    answer = () => ({});
    const other = new Outbox(means({ user: () => "li" }));
    await other.flush();
    expect(posts).toEqual([]);
    expect(await other.entries()).toEqual([]);
  });

  it("waits for a login instead of giving up", async () => {
    answer = () => new RequestError("login", 401, "");
    const box = new Outbox(means());
    expect(await box.submit(doing())).toEqual({ done: false });
    await box.flush();
    expect((await box.entries()).map(({ state }) => state)).toEqual(["waiting"]);
  });

  it("gives up on a server that stumbles over it again and again, and says so", async () => {
    answer = offline;
    const box = new Outbox(means());
    await box.submit(doing());
    answer = () => new RequestError("broken", 500, "内部错误");
    for (let n = 0; n < 8; n += 1) await box.flush();
    expect((await box.entries())[0]).toMatchObject({ state: "refused", why: { status: 500 } });
  });

  it("says plainly that the device is full, and still sends what it cannot keep", async () => {
    const full = Object.assign(new Error(), { name: "QuotaExceededError" });
    const box = new Outbox(means({ db: () => Promise.reject(full), isOnline: () => false }));
    await expect(box.submit(doing())).rejects.toMatchObject({ reason: "full" });
    const online = new Outbox(means({ db: () => Promise.reject(full) }));
    expect(await online.submit(doing())).toMatchObject({ done: true });
  });

  it("leaves alone what another tab is sending, until that one must be dead", async () => {
    let release = (): void => undefined;
    const slow = new Outbox(
      means({ tab: "a", post: () => new Promise((resolve) => (release = () => resolve({}))) }),
    );
    const running = slow.submit(doing());
    await vi.waitFor(async () => expect(await slow.entries()).toHaveLength(1));
    const other = new Outbox(means({ tab: "b" }));
    await other.flush();
    expect(posts).toEqual([]);
    clock += 61_000;
    await other.flush();
    expect(posts).toHaveLength(1);
    release();
    await running;
  });
});

describe("one tab at a time", () => {
  it("holds a lease that ends by itself", async () => {
    let now = 1_000;
    const open = () => Promise.resolve(db);
    let finish = (): void => undefined;
    const first = leased(
      open,
      "x",
      "a",
      () => now,
    )(() => new Promise<void>((resolve) => (finish = resolve)));
    await vi.waitFor(async () => expect(await db.get("leases", "x")).toBeDefined());
    const second = leased(open, "x", "b", () => now);
    expect(await second(() => Promise.resolve())).toBe(false);
    now += LEASE_MS + 1;
    expect(await second(() => Promise.resolve())).toBe(true);
    finish();
    expect(await first).toBe(true);
  });

  it("uses the browser's locks where it has them", async () => {
    const locks = {
      request: async (_name: string, _options: object, run: (lock: unknown) => Promise<boolean>) =>
        run(null),
    } as unknown as LockManager;
    expect(await locked("x", locks)(() => Promise.resolve())).toBe(false);
  });
});

describe("what stands in for the server", () => {
  const kept = () =>
    shelf(
      () => "zhang",
      () => Promise.resolve(db),
      () => clock,
    );

  it("shows what was read last while the server is away, and nothing that it does not keep", async () => {
    const around = standInFor(kept(), () => true);
    await around("/api/v1/tickets/7", async () => ({ no: "GD-7" }));
    await vi.waitFor(async () => expect(await kept().read("/api/v1/tickets/7")).not.toBeNull());
    const away = () => Promise.reject(offline());
    expect(await around("/api/v1/tickets/7", away)).toEqual({ no: "GD-7" });
    await expect(around("/api/v1/tickets/8", away)).rejects.toThrow();
    await around("/api/v1/search?q=x", async () => 1);
    await expect(around("/api/v1/search?q=x", away)).rejects.toThrow();
  });

  it("does not hide a refusal behind what it knows", async () => {
    const around = standInFor(kept(), () => true);
    await around("/api/v1/tickets/7", async () => 1);
    await expect(
      around("/api/v1/tickets/7", () => Promise.reject(new RequestError("missing", 404, ""))),
    ).rejects.toThrow();
  });

  it("keeps no token", async () => {
    await kept().keep("/api/v1/me", { userid: "zhang", csrf: "secret" });
    expect(JSON.stringify(await db.getAll("seen"))).not.toContain("secret");
  });

  it("keeps no more than there is room for", async () => {
    const on = kept();
    for (let n = 0; n < 452; n += 1) {
      clock += 1;
      await on.keep(`/api/v1/tickets/${n}`, n);
    }
    expect(await db.count("seen")).toBeLessThanOrEqual(451);
    expect(await on.read("/api/v1/tickets/0")).toBeNull();
    expect(await on.read("/api/v1/tickets/451")).toMatchObject({ value: 451 });
  });
});

describe("files in a body", () => {
  it("are found and replaced wherever they stand", () => {
    const body = { form: { a: ["local-1", "x"], b: { c: "local-2" } } };
    expect([...localFiles(body)]).toEqual(["local-1", "local-2"]);
    const ids = new Map([
      ["local-1", "7"],
      ["local-2", "8"],
    ]);
    expect(replaced(body, ids)).toEqual({ form: { a: ["7", "x"], b: { c: "8" } } });
  });
});
