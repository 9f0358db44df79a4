// Files on their way, signatures, addresses: what stands behind the fields that take more than a line.
import { effectScope } from "vue";
import { afterEach, describe, expect, it, vi } from "vitest";
import { addressIn } from "@/form/fields/addressText";
import { search } from "@/form/fields/useCascade";
import { coordinatesIn } from "@/form/fields/useLocation";
import { boundsOf, lengthOf, usePad } from "@/form/fields/usePad";
import { shrunk, sizeWords } from "./picture";
import { useUploads } from "./useUploads";

afterEach(() => vi.unstubAllGlobals());

/** Uploads that end when the test says so. */
class Call extends EventTarget {
  static all: Call[] = [];
  upload = new EventTarget();
  status = 0;
  responseText = "";
  timeout = 0;
  headers: Record<string, string> = {};
  open() {}
  setRequestHeader(name: string, value: string) {
    this.headers[name] = value;
  }
  getResponseHeader() {
    return null;
  }
  abort() {}
  send() {
    Call.all.push(this);
  }
  end(status: number, body: object) {
    this.status = status;
    this.responseText = JSON.stringify(body);
    this.dispatchEvent(new Event("load"));
  }
}

function sending(max = 10, maxBytes = 1_000) {
  Call.all = [];
  vi.stubGlobal("XMLHttpRequest", Call);
  const ids: string[] = [];
  const scope = effectScope();
  const sent = scope.run(() =>
    useUploads({
      pictures: false,
      max: () => max,
      count: () => ids.length,
      arrived: (id) => ids.push(id),
      maxBytes,
    }),
  );
  if (!sent) throw new Error("no scope");
  return { sent, ids, scope };
}
const file = (name: string, size = 10) =>
  new File(["x".repeat(size)], name, { type: "text/plain" });
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("uploads", () => {
  it("go three at a time, and the next when one has arrived", async () => {
    const { sent, ids } = sending();
    sent.add(["1", "2", "3", "4", "5"].map((name) => file(name)));
    await settled();
    expect([Call.all.length, sent.pending.value]).toEqual([3, 5]);
    Call.all[1]?.end(201, { id: "72" });
    await settled();
    expect([Call.all.length, ids]).toEqual([4, ["72"]]);
  });

  it("try one again by itself, as the same upload", async () => {
    const { sent, ids } = sending();
    sent.add([file("a")]);
    await settled();
    Call.all[0]?.end(503, { code: "files.full", detail: "磁盘满了" });
    await settled();
    expect(sent.items[0]).toMatchObject({ state: "failed", why: "磁盘满了", canRetry: true });
    sent.retry(sent.items[0]?.key ?? "");
    await settled();
    const keys = Call.all.map((call) => call.headers["idempotency-key"]);
    expect(keys[0]).toBe(keys[1]);
    Call.all[1]?.end(201, { id: "7" });
    await settled();
    expect([ids, sent.pending.value]).toEqual([["7"], 0]);
  });

  it("refuse what is too large with the mend, and what is too many", async () => {
    const { sent } = sending(2, 100);
    expect(sent.add([file("big.pdf", 2_048), file("b"), file("c")])).toBe(1);
    await settled();
    expect(sent.items[0]).toMatchObject({ state: "failed", canRetry: false });
    expect(sent.items[0]?.why).toContain("big.pdf 有 2 KB");
    expect(Call.all.length).toBe(1);
  });
});

describe("pictures", () => {
  it("are made smaller in proportion, and never larger", () => {
    expect(shrunk(4_000, 3_000)).toEqual([1_600, 1_200]);
    expect(shrunk(3_000, 4_000)).toEqual([1_200, 1_600]);
    expect(shrunk(800, 600)).toEqual([800, 600]);
    expect([sizeWords(20 * 1_048_576), sizeWords(1_536)]).toEqual(["20 MB", "1.5 KB"]);
  });
});

describe("a signature", () => {
  it("is more than a slip of the finger, and is taken back stroke by stroke", () => {
    const pad = usePad();
    pad.begin({ x: 10, y: 10 });
    pad.move({ x: 12, y: 10 });
    pad.end();
    expect(pad.isSigned.value).toBe(false);
    pad.begin({ x: 0, y: 0 });
    pad.move({ x: 30, y: 40 });
    pad.end();
    expect([pad.isSigned.value, lengthOf(pad.strokes.value)]).toEqual([true, 52]);
    expect(boundsOf(pad.strokes.value)).toEqual({ left: -12, top: -12, width: 54, height: 64 });
    pad.undo();
    expect(pad.strokes.value.length).toBe(1);
  });
});

describe("what is pasted or searched", () => {
  it.each([
    ["广东省广州市天河区体育西路 1 号", ["广东省", "广州市", "天河区"], "体育西路 1 号"],
    ["北京市朝阳区建国路 88 号", ["北京市", "朝阳区"], "建国路 88 号"],
    [
      "新疆维吾尔自治区伊犁哈萨克自治州伊宁市解放路",
      ["新疆维吾尔自治区", "伊犁哈萨克自治州", "伊宁市"],
      "解放路",
    ],
    ["老街小区 3 栋", [], "老街小区 3 栋"],
  ])("takes %s apart", (text, region, detail) =>
    expect(addressIn(text)).toEqual({ region, detail }),
  );

  it("reads coordinates as people copy them", () => {
    expect(coordinatesIn("23.12911，113.26436")).toEqual([23.12911, 113.26436]);
    for (const wrong of ["113.2, 23.1", "天河区", "91,0"]) expect(coordinatesIn(wrong)).toBeNull();
  });

  it("finds the ends of a tree by any word on the way", () => {
    const tree = [{ value: "a", label: "空调", children: [{ value: "b", label: "不制冷" }] }];
    expect(search(tree, false, "空调").map((one) => one.path)).toEqual([["a", "b"]]);
    expect(search(tree, true, "空调").map((one) => one.path)).toEqual([["a"], ["a", "b"]]);
  });
});
