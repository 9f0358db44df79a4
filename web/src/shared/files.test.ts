// Files on their way, signatures, addresses: what stands behind the fields that take more than a line.
import { effectScope } from "vue";
import { afterEach, describe, expect, it, vi } from "vitest";
import { addressIn } from "@/form/fields/addressText";
import { search } from "@/form/fields/useCascade";
import { coordinatesIn } from "@/form/fields/useLocation";
import { boundsOf, lengthOf, usePad } from "@/form/fields/usePad";
import { shrunk, sizeWords } from "./picture";
import { useUploads } from "./useUploads";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

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
    this.answer(status, JSON.stringify(body));
  }
  answer(status: number, text: string) {
    this.status = status;
    this.responseText = text;
    this.dispatchEvent(new Event("load"));
  }
}

function sending(max = 10, maxBytes = 1_000, pictures = false) {
  Call.all = [];
  vi.stubGlobal("XMLHttpRequest", Call);
  const ids: string[] = [];
  const scope = effectScope();
  const sent = scope.run(() =>
    useUploads({
      pictures,
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

/** A picture of so many bytes that has not got them: nobody reads them here. */
function photo(name: string, type: string, megabytes: number): File {
  const large = new File(["x"], name, { type });
  return Object.defineProperty(large, "size", { value: megabytes * 1_048_576 });
}
/** A browser that decodes pictures to this size, or cannot. */
function decoding(size: [number, number] | null): void {
  class Picture extends EventTarget {
    naturalWidth = size?.[0] ?? 0;
    naturalHeight = size?.[1] ?? 0;
    set src(_url: string) {
      setTimeout(() => this.dispatchEvent(new Event(size ? "load" : "error")));
    }
  }
  vi.stubGlobal("Image", Picture);
  const pen = { fillRect: vi.fn(), drawImage: vi.fn() };
  const canvas = HTMLCanvasElement.prototype;
  vi.spyOn(canvas, "getContext").mockImplementation((() => pen) as never);
  vi.spyOn(canvas, "toBlob").mockImplementation((done) =>
    done(new Blob(["y".repeat(700)], { type: "image/jpeg" })),
  );
}
const MEGABYTES_MAX = 20 * 1_048_576;
const known = async (condition: () => unknown) =>
  vi.waitFor(() => expect(condition()).toBeTruthy(), { interval: 5 });

describe("what phones hand out", () => {
  it("thirty photos at once: as many as there is room for, three at a time, all in the end", async () => {
    const { sent, ids } = sending(9);
    const thirty = Array.from({ length: 30 }, (_, nth) => file(`${nth}.txt`));
    expect(sent.add(thirty)).toBe(21);
    await settled();
    expect([sent.items.length, Call.all.length]).toEqual([9, 3]);
    for (let nth = 0; nth < 9; nth += 1) {
      Call.all[nth]?.end(201, { id: String(nth) });
      await settled();
    }
    expect([ids.length, Call.all.length, sent.pending.value]).toEqual([9, 9, 0]);
    expect(sent.add([file("31")])).toBe(1);
  });

  it("a photo of 40 MB is made small before it goes", async () => {
    decoding([12_000, 9_000]);
    const { sent, ids } = sending(9, MEGABYTES_MAX, true);
    const append = vi.spyOn(FormData.prototype, "set");
    sent.add([photo("IMG_1.JPG", "image/jpeg", 40)]);
    await known(() => Call.all.length);
    const [, blob, name] = append.mock.calls[0] ?? [];
    expect([(blob as unknown as Blob).size, name]).toEqual([700, "IMG_1.jpg"]);
    Call.all[0]?.end(201, { id: "7" });
    await settled();
    expect(ids).toEqual(["7"]);
  });

  it("another file of 40 MB is refused with its size and the limit, and nothing is sent", async () => {
    const { sent } = sending(9, MEGABYTES_MAX);
    sent.add([photo("说明.pdf", "application/pdf", 40)]);
    await known(() => sent.items[0]?.state === "failed");
    expect(sent.items[0]?.why).toBe("说明.pdf 有 40 MB，最多 20 MB。请压缩后再传");
    expect([Call.all.length, sent.items[0]?.canRetry, sent.pending.value]).toEqual([0, false, 0]);
  });

  it.each([
    ["IMG_0001.HEIC", "image/heic"],
    ["IMG_0001.heic", ""],
  ])(
    "HEIC goes as JPEG where the browser reads it, else the mend is said: %s %s",
    async (...of) => {
      decoding(null);
      const blind = sending(9, MEGABYTES_MAX, true).sent;
      blind.add([photo(of[0], of[1], 3)]);
      await known(() => blind.items[0]?.state === "failed");
      expect(blind.items[0]?.why).toContain("HEIC");
      expect(blind.items[0]?.why).toContain("兼容性最佳");
      expect(Call.all.length).toBe(0);
      decoding([4_032, 3_024]);
      const seeing = sending(9, MEGABYTES_MAX, true).sent;
      seeing.add([photo(of[0], of[1], 3)]);
      await known(() => Call.all.length);
      expect(seeing.items[0]?.state).toBe("sending");
    },
  );

  it("is not sent on for a page that is gone, and a proxy's page is no answer", async () => {
    const { sent, scope } = sending(9);
    sent.add(["1", "2", "3", "4", "5"].map((name) => file(name)));
    await settled();
    Call.all[0]?.answer(200, "<html>");
    await known(() => sent.items[0]?.state === "failed");
    expect(sent.items[0]?.canRetry).toBe(true);
    const before = Call.all.length;
    scope.stop();
    Call.all[1]?.end(201, { id: "2" });
    await settled();
    expect(Call.all.length).toBe(before);
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
