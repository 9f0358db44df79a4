import { afterEach, describe, expect, it, vi } from "vitest";
import { coalesced } from "./coalesce";
import { safeLink, safePicture } from "./link";
import { request, RequestError } from "./request";
import { locale, speak, t } from "./t";
import { HUES, hueOf, initialsOf } from "./ui/avatar";

describe("t", () => {
  afterEach(() => (locale.value = "zh-CN"));

  it("fills in what it is given and shows what it is not", () => {
    expect(t("error.with", { what: "甲", detail: "乙" })).toBe("甲（乙）");
    expect(t("error.with", { what: "甲" })).toContain("{detail}");
  });

  it("stays readable until the other language is here, and then changes by itself", async () => {
    locale.value = "en";
    expect(t("app.retry")).toBe("重试");
    expect(document.documentElement.lang).toBe("en");
    await vi.waitFor(() => expect(t("app.retry")).toBe("Retry"));
  });

  it("lets an area say a common thing in its own words", async () => {
    await speak([{ "error.missing": "没有这张工单" }, () => Promise.resolve({})]);
    expect(t("error.missing")).toBe("没有这张工单");
    await speak([{ "error.missing": "找不到" }, () => Promise.resolve({})]);
  });
});

describe("request", () => {
  afterEach(() => vi.unstubAllGlobals());
  const answering = (status: number, body: string) =>
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status })));
  const failure = () =>
    request("x").then(
      () => null,
      (error: unknown) => (error instanceof RequestError ? [error.kind, error.detail] : error),
    );

  it("tells the failures apart that a person can act on, in the server's own words", async () => {
    answering(409, '{"detail":"卡片的按钮已经失效"}');
    expect(await failure()).toEqual(["conflict", "卡片的按钮已经失效"]);
    answering(404, "");
    expect(await failure()).toEqual(["missing", ""]);
    answering(502, "<html>Bad gateway</html>");
    expect(await failure()).toEqual(["broken", ""]);
    answering(200, "not json");
    expect((await failure()) as unknown[]).toContain("broken");
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("refused")));
    expect(await failure()).toEqual(["offline", ""]);
  });

  it("gives up on a server that does not answer", async () => {
    vi.stubGlobal(
      "fetch",
      (_: string, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    );
    const error = await request("x", { timeoutMs: 5 }).catch((e: unknown) => e);
    expect(error).toMatchObject({ kind: "timeout" });
  });

  it("takes an empty answer for nothing", async () => {
    answering(200, "");
    expect(await request("x")).toBeNull();
  });
});

describe("coalesced", () => {
  it("runs once at a time and once more for everything asked meanwhile", async () => {
    let runs = 0;
    const ends: (() => void)[] = [];
    const ask = coalesced(() => {
      runs += 1;
      return new Promise<void>((resolve) => ends.push(resolve));
    });
    const first = ask();
    void ask();
    void ask();
    expect(runs).toBe(1);
    ends[0]?.();
    await Promise.resolve();
    await Promise.resolve();
    expect(runs).toBe(2);
    ends[1]?.();
    await first;
    expect(runs).toBe(2);
    void ask();
    expect(runs).toBe(3);
  });
});

describe("addresses", () => {
  it("leads people only to web pages", () => {
    expect(safeLink("https://e.com")).toBe("https://e.com");
    for (const bad of ["javascript:alert(1)", "data:text/html,x", "//e.com", "", null])
      expect(safeLink(bad)).toBeNull();
  });

  it("loads pictures only from here", () => {
    expect(safePicture("/_sim/media/1")).toBe(`${location.origin}/_sim/media/1`);
    expect(safePicture("blob:x")).toBe("blob:x");
    for (const bad of ["https://e.com/p.png", "javascript:1", "data:text/html,x", "http://["])
      expect(safePicture(bad)).toBeNull();
  });
});

describe("faces", () => {
  it("are the end of a Chinese name and the initials of others", () => {
    expect(["王芳", "欧阳小明", "li jing", "huang.wei", "bob"].map(initialsOf)).toEqual([
      "王芳",
      "小明",
      "LJ",
      "HW",
      "BO",
    ]);
  });

  it("keep their colour, within the palette", () => {
    for (const id of ["a", "王芳", "wmQFAAAA0001heyan"]) {
      expect(hueOf(id)).toBe(hueOf(id));
      expect(hueOf(id)).toBeLessThan(HUES);
    }
  });
});
