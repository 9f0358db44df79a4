import { describe, expect, it } from "vitest";
import {
  callbackTone,
  errcodeTone,
  matches,
  millis,
  pretty,
  prettyXml,
  shortPath,
} from "./logFormat";
import type { CallbackRecord } from "./types";

describe("errcodeTone", () => {
  it.each([
    [0, 200, "ok"],
    [42001, 200, "warn"],
    [45009, 200, "warn"],
    [40008, 200, "bad"],
    [0, 503, "bad"],
    [null, null, "bad"],
    [null, 200, "idle"],
    [null, 404, "bad"],
  ])("errcode %s with status %s is %s", (errcode, status, tone) => {
    expect(errcodeTone(errcode, status)).toBe(tone);
  });
});

describe("callbackTone", () => {
  const one = (more: Partial<CallbackRecord>) =>
    callbackTone({ seq: 1, at: 0, app: "", kind: "", plain: "", attempt: 1, status: 200, ...more });

  it("warns while the platform will try again and gives up with the third attempt", () => {
    expect(one({})).toBe("ok");
    expect(one({ status: null, attempt: 2 })).toBe("warn");
    expect(one({ status: 500, attempt: 3 })).toBe("bad");
    expect(one({ status: null, attempt: 0, error: "没有地址" })).toBe("bad");
    expect(one({ error: "密文不对", attempt: 3 })).toBe("bad");
  });
});

describe("pretty", () => {
  it("indents XML and leaves CDATA alone, whatever stands in it", () => {
    const xml = "<xml><A><![CDATA[1 < 2 </b>\n3]]></A><B><C>x</C><D/></B><E></E></xml>";
    expect(prettyXml(xml)).toBe(
      [
        "<xml>",
        "  <A><![CDATA[1 < 2 </b>\n3]]></A>",
        "  <B>",
        "    <C>x</C>",
        "    <D/>",
        "  </B>",
        "  <E></E>",
        "</xml>",
      ].join("\n"),
    );
  });

  it("gives XML that is indented already the same shape", () => {
    expect(prettyXml("<xml>\n   <A>1</A>\n</xml>")).toBe("<xml>\n  <A>1</A>\n</xml>");
  });

  it("survives XML that is torn", () => {
    expect(prettyXml("<xml><A>1")).toContain("<A>1");
    expect(prettyXml("</a></b>")).toContain("</b>");
  });

  it("reads JSON out of a text and keeps what is no JSON", () => {
    expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(pretty("{torn")).toBe("{torn");
    expect(pretty({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect([pretty(null), pretty(undefined), pretty("")]).toEqual(["", "", ""]);
    expect(pretty(0)).toBe("0");
  });
});

it("paths, times and filters read as people write them", () => {
  expect(shortPath("/cgi-bin/message/send")).toBe("message/send");
  expect(shortPath("/other")).toBe("/other");
  expect([millis(0.4), millis(12), millis(1_500), millis(undefined)]).toEqual([
    "0 ms",
    "12 ms",
    "1.5 s",
    "",
  ]);
  expect(matches(" SEND ", "message/send", 0)).toBe(true);
  expect(matches("42001", "gettoken", 42001)).toBe(true);
  expect(matches("nothing", "gettoken", null)).toBe(false);
  expect(matches("  ", null)).toBe(true);
});
