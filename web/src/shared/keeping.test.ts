// What a page keeps over its life: what the server said last, what somebody has not sent yet.
import { effectScope, nextTick, reactive, ref } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cache, cacheIn } from "./cache";
import { draftName, readDraft, tidyDrafts, useDraft, writeDraft, type DraftKey } from "./draft";
import { useResource } from "./resource";
import { me, session } from "./session";

beforeEach(() => localStorage.clear());
afterEach(() => vi.useRealTimers());

/** A storage that takes so many characters and no more. */
function small(room: number): Storage {
  const kept = new Map<string, string>();
  return {
    get length() {
      return kept.size;
    },
    key: (nth: number) => [...kept.keys()][nth] ?? null,
    getItem: (name: string) => kept.get(name) ?? null,
    removeItem: (name: string) => void kept.delete(name),
    clear: () => kept.clear(),
    setItem: (name: string, value: string) => {
      const others = [...kept].reduce(
        (sum, [own, text]) => sum + (own === name ? 0 : text.length),
        0,
      );
      if (others + value.length > room) throw new DOMException("full", "QuotaExceededError");
      kept.set(name, value);
    },
  };
}

describe("the cache", () => {
  it("is each person's own", () => {
    cache.write("a", "counts", { mine: 3 });
    expect(cache.read("a", "counts")).toEqual({ mine: 3 });
    expect(cache.read("b", "counts")).toBeUndefined();
    cache.forget("b", true);
    expect(cache.read("a", "counts")).toBeUndefined();
  });

  it("keeps fifty, and lets go what was not used longest", () => {
    let now = 0;
    const own = cacheIn(
      () => localStorage,
      () => (now += 1),
    );
    for (let nth = 0; nth < 50; nth += 1) own.write("a", `k${nth}`, nth);
    own.read("a", "k0");
    own.write("a", "new", 1);
    expect([own.read("a", "k0"), own.read("a", "k1"), own.read("a", "new")]).toEqual([
      0,
      undefined,
      1,
    ]);
  });

  it("makes room where the storage is full, and gives up quietly where it is refused", () => {
    let now = 0;
    const store = small(120);
    const own = cacheIn(
      () => store,
      () => (now += 1),
    );
    for (const key of ["one", "two", "three", "four", "five", "six"])
      own.write("a", key, "x".repeat(20));
    expect(own.read("a", "six")).toBe("x".repeat(20));
    expect(own.read("a", "one")).toBeUndefined();
    const refused = cacheIn(() => {
      throw new DOMException("no", "SecurityError");
    });
    refused.write("a", "k", 1);
    expect(refused.read("a", "k")).toBeUndefined();
  });

  it("forgets after a week", () => {
    let now = 1_000;
    const own = cacheIn(
      () => localStorage,
      () => now,
    );
    own.write("a", "k", 1);
    now += 8 * 86_400_000;
    expect(own.read("a", "k")).toBeUndefined();
  });
});

describe("a resource", () => {
  beforeEach(() => {
    me.value = { userid: "zhangsan" } as NonNullable<typeof me.value>;
    session.value = "ready";
  });
  const settled = async () => {
    for (let turn = 0; turn < 4; turn += 1) await nextTick();
  };

  it("shows what it knew, then what is", async () => {
    cache.write("zhangsan", "counts", 1);
    let give: (n: number) => void = () => undefined;
    const load = () => new Promise<number>((resolve) => (give = resolve));
    const scope = effectScope();
    const counts = scope.run(() => useResource("counts", load));
    expect([counts?.data.value, counts?.stale.value, counts?.loading.value]).toEqual([
      1,
      true,
      false,
    ]);
    give(2);
    await settled();
    expect([counts?.data.value, counts?.stale.value]).toEqual([2, false]);
    expect(cache.read("zhangsan", "counts")).toBe(2);
    scope.stop();
  });

  it("never shows the answer to an older question", async () => {
    const key = ref<string | null>("a");
    const gives = new Map<string, (text: string) => void>();
    const scope = effectScope();
    const one = scope.run(() =>
      useResource(
        () => key.value,
        () => new Promise<string>((resolve) => gives.set(key.value ?? "", resolve)),
        { keep: false },
      ),
    );
    key.value = "b";
    await settled();
    gives.get("b")?.("of b");
    await settled();
    gives.get("a")?.("of a");
    await settled();
    expect(one?.data.value).toBe("of b");
    scope.stop();
  });

  it("shows nothing of whoever was here last to somebody else", async () => {
    me.value = null;
    session.value = "starting";
    localStorage.setItem("qidan.last", "lisi");
    cache.write("lisi", "list", ["his"]);
    const scope = effectScope();
    const load = () => Promise.reject(new Error("away"));
    const list = scope.run(() => useResource("list", load));
    expect(list?.data.value).toEqual(["his"]);
    me.value = { userid: "zhangsan" } as NonNullable<typeof me.value>;
    session.value = "ready";
    await settled();
    expect(list?.data.value).toBeUndefined();
    scope.stop();
  });

  it("keeps what it shows when asking again fails, and waits for the session", async () => {
    session.value = "starting";
    const load = vi.fn(() => Promise.reject(new Error("away")));
    cache.write("zhangsan", "list", ["kept"]);
    const scope = effectScope();
    const list = scope.run(() => useResource("list", load));
    expect(load).not.toHaveBeenCalled();
    session.value = "ready";
    await settled();
    expect([list?.data.value, list?.error.value]).toEqual([["kept"], new Error("away")]);
    scope.stop();
  });
});

describe("a draft", () => {
  const key: DraftKey = { user: "zhangsan", template: "repair", customer: "wm1" };
  const drafting = (values: Record<string, unknown>, of: () => DraftKey | null = () => key) => {
    const scope = effectScope();
    const draft = scope.run(() =>
      useDraft(
        of,
        () => values,
        (kept) => void Object.assign(values, kept),
      ),
    );
    return { scope, draft };
  };

  it("is kept when the typing rests, restored, and gone when it was sent", async () => {
    vi.useFakeTimers();
    const values = reactive<Record<string, unknown>>({});
    const first = drafting(values);
    values["title"] = "空调";
    await nextTick();
    expect(readDraft(key)).toBeNull();
    vi.advanceTimersByTime(400);
    expect(readDraft(key)).toEqual({ title: "空调" });
    first.scope.stop();

    const again = reactive<Record<string, unknown>>({});
    const second = drafting(again);
    expect([again, second.draft?.restored.value]).toEqual([{ title: "空调" }, true]);
    second.draft?.clear();
    second.scope.stop();
    expect(readDraft(key)).toBeNull();
  });

  it("survives the page that is thrown away in the middle of a word", async () => {
    const values = reactive<Record<string, unknown>>({});
    const { scope } = drafting(values);
    values["title"] = "空";
    await nextTick();
    window.dispatchEvent(new Event("pagehide"));
    expect(readDraft(key)).toEqual({ title: "空" });
    scope.stop();
  });

  it("is another one for another customer", async () => {
    const customer = ref("wm1");
    const values = reactive<Record<string, unknown>>({});
    const { scope } = drafting(values, () => ({ ...key, customer: customer.value }));
    values["title"] = "甲";
    await nextTick();
    customer.value = "wm2";
    await nextTick();
    expect(readDraft(key)).toEqual({ title: "甲" });
    expect(readDraft({ ...key, customer: "wm2" })).toBeNull();
    scope.stop();
  });

  it("can be refused: what then changes is not kept again", async () => {
    writeDraft(key, { title: "旧" });
    const values = reactive<Record<string, unknown>>({});
    const { scope, draft } = drafting(values);
    await draft?.discard(() => void delete values["title"]);
    await nextTick();
    scope.stop();
    expect(readDraft(key)).toBeNull();
  });

  it("goes after a week, and the oldest of too many", () => {
    writeDraft(key, { title: "旧" }, Date.now() - 8 * 86_400_000);
    expect(readDraft(key)).toBeNull();
    for (let nth = 0; nth < 45; nth += 1)
      writeDraft({ ...key, template: `t${nth}` }, { n: nth }, Date.now() - nth);
    tidyDrafts();
    expect(localStorage.getItem(draftName(key))).toBeNull();
    expect(readDraft({ ...key, template: "t0" })).not.toBeNull();
    expect(readDraft({ ...key, template: "t44" })).toBeNull();
  });
});
