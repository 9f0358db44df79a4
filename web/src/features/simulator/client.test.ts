// What the client draws around pages, worked out without a page.
import { afterEach, describe, expect, it } from "vitest";
import { faultsOf, isSdk, otherFaults, SDK_PRESETS } from "./faultPresets";
import { sdkTone } from "./logFormat";
import { recentCodes, remembered } from "./scanCodes";
import { linkOf, talkRows } from "./talkRows";
import type { Fault, Said } from "./types";
import { useSheets } from "./useSheets";
import { webLinkOf } from "./webLink";
import { shownOf } from "./workbench";

const said = (part: Partial<Said>): Said => ({
  seq: 1,
  at: 0,
  from: "zhangsan",
  msgtype: "text",
  content: { content: "好" },
  ...part,
});

describe("conversations", () => {
  it("stand on the side of whoever looks, with the hour after a pause", () => {
    const lines = [
      said({ seq: 1, at: 0 }),
      said({ seq: 2, at: 1_000, from: "wmHeyan" }),
      said({ seq: 3, at: 600_000 }),
    ];
    const shape = (viewer: string) =>
      talkRows(lines, viewer, 300_000).map((row) => (row.kind === "time" ? "time" : row.own));
    expect(shape("ZhangSan")).toEqual(["time", true, false, "time", true]);
    expect(shape("wmHeyan")).toEqual(["time", false, true, "time", false]);
  });

  it("lead where a card, an anchor or a bare address leads, and nowhere else", () => {
    const to = (part: Partial<Said>) => linkOf(said(part));
    expect(to({ msgtype: "link", content: { url: "https://e.com/t/1" } })).toBe(
      "https://e.com/t/1",
    );
    expect(to({ content: { content: '看 <a href="https://e.com/a">这里</a>' } })).toBe(
      "https://e.com/a",
    );
    expect(to({ content: { content: "进度：http://e.com/b，请看" } })).toBe("http://e.com/b");
    expect(to({ msgtype: "link", content: { url: "javascript:alert(1)" } })).toBeNull();
    expect(to({ content: { content: "没有链接" } })).toBeNull();
    expect(to({ msgtype: "image", content: { url: "https://e.com/a.png" } })).toBeNull();
  });
});

describe("the workbench", () => {
  it("shows key figures and lists as the app set them", () => {
    const items = [
      { key: "待处理", data: "3", jump_url: "https://e.com/a" },
      { key: "超时", data: 0 },
    ];
    expect(shownOf({ type: "keydata", keydata: { items } }).items).toEqual([
      { key: "待处理", data: "3", url: "https://e.com/a" },
      { key: "超时", data: "0", url: null },
    ]);
    const list = { type: "list", list: { items: [{ title: "今日公告" }] } };
    expect(shownOf(list).items).toEqual([{ key: "今日公告", data: "", url: null }]);
    for (const nothing of [null, {}, { type: "keydata", keydata: { items: "x" } }])
      expect(shownOf(nothing).items).toEqual([]);
  });
});

describe("codes for the camera", () => {
  it("are those read before, newest first, each once", () => {
    expect(recentCodes(null).length).toBeGreaterThan(0);
    expect(recentCodes("{torn")).toEqual(recentCodes(null));
    expect(recentCodes('["A",1]')).toEqual(["A"]);
    expect(JSON.parse(remembered(["A", "B"], "B"))).toEqual(["B", "A"]);
  });
});

describe("failures of the JS-SDK", () => {
  const fault = (path: string, effect: Fault["effect"]): Fault => ({
    id: 1,
    path,
    times: null,
    effect,
  });

  it("have switches of their own and are listed one by one", () => {
    const slow = fault("jssdk/getLocation", { slow_ms: 3_000 });
    const denied = SDK_PRESETS.find(({ id }) => id === "sdk_denied");
    expect(isSdk(slow)).toBe(true);
    expect(isSdk(fault("*", { http: 503 }))).toBe(false);
    expect(denied && faultsOf(denied, [fault("jssdk/*", { denied: true }), slow])).toHaveLength(1);
    expect(otherFaults([slow, fault("*", { slow_ms: 3_000 })]).map(({ text }) => text)).toEqual([
      "jssdk/getLocation slow_ms=3000",
    ]);
  });

  it("are red in the log, a cancel is not", () => {
    const tone = (errMsg: string) => sdkTone({ seq: 1, at: 0, call: "a", result: { errMsg } });
    expect([tone("a:ok"), tone("a:cancel"), tone("a:permission denied"), tone("")]).toEqual([
      "ok",
      "warn",
      "bad",
      "bad",
    ]);
  });
});

describe("sheets", () => {
  it("end with an answer, and the one before is closed by the next", async () => {
    const { sheet, open } = useSheets();
    const first = open("scan", null);
    const second = open("pictures", { count: 1 });
    expect(await first).toBeNull();
    sheet.value?.done(["data:,a"]);
    expect(await second).toEqual(["data:,a"]);
    expect(sheet.value).toBeNull();
  });
});

describe("links", () => {
  afterEach(() => document.body.replaceChildren());

  function press(html: string, init: MouseEventInit = {}): ReturnType<typeof webLinkOf> {
    document.body.innerHTML = html;
    let found: ReturnType<typeof webLinkOf> = null;
    const listen = (event: MouseEvent) => {
      found = webLinkOf(event);
      event.preventDefault();
    };
    document.body.addEventListener("click", listen, { once: true });
    const link = document.querySelector("a");
    link?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...init }));
    return found;
  }

  it("open in the web view unless the person or the link wants the browser", () => {
    const link = '<a target="_blank" href="https://e.com/t/1">进度</a>';
    expect(press(link)).toEqual({ url: "https://e.com/t/1", title: "进度" });
    expect(press(link, { ctrlKey: true })).toBeNull();
    expect(press(link.replace("<a", "<a data-outside"))).toBeNull();
    expect(press('<a href="https://e.com">x</a>')).toBeNull();
    expect(press(`<a target="_blank" href="${location.origin}/_sim/media/1">图</a>`)).toBeNull();
    expect(press('<a target="_blank" href="javascript:alert(1)">x</a>')).toBeNull();
  });
});
