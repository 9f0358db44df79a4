import { describe, expect, it } from "vitest";
import { answerProblems, answerWords, cleanAnswer, isEmptyAnswer } from "../kinds";
import type { Field } from "../types";
import { amountOf, totalOf } from "../values/rows";

const field = (kind: string, more: Partial<Field> = {}): Field => ({
  key: "x",
  kind,
  label: "甲",
  ...more,
});
const paths = (of: Field, value: unknown) =>
  answerProblems(of, cleanAnswer(of, value)).map((one) => one.path);
const good = (of: Field, value: unknown) => expect(paths(of, value)).toEqual([]);

describe("texts", () => {
  it("are cleaned as the service cleans them", () => {
    expect(cleanAnswer(field("text"), " 空调\u0000坏了\n三楼 ")).toBe("空调坏了 三楼");
    expect(cleanAnswer(field("textarea"), "\ufeff一\n二\u202e ")).toBe("一\n二");
    expect(cleanAnswer(field("text"), "   ")).toBeNull();
  });

  it("count characters, not units", () => {
    good(field("text", { max: 2 }), "😀😀");
    expect(paths(field("text", { max: 2 }), "一二三")).toEqual(["x"]);
    expect(paths(field("text", { min: 2 }), "一")).toEqual(["x"]);
    expect(paths(field("text"), "字".repeat(201))).toEqual(["x"]);
  });

  it.each([
    ["138 0013-8000", "13800138000"],
    ["+86 13800138000", "13800138000"],
    ["0086１３８００１３８０００", "13800138000"],
    ["(020) 8888-6666", "02088886666"],
    ["00852 9123 4567", "+85291234567"],
  ])("telephone number %s", (written, stored) => {
    expect(cleanAnswer(field("phone"), written)).toBe(stored);
    good(field("phone"), written);
  });

  it("refuses what is a slip of a number or no address", () => {
    for (const wrong of ["12345678901", "1234", "打这个"])
      expect(paths(field("phone"), wrong)).toEqual(["x"]);
    good(field("email"), "Chen.Li@Example.COM");
    expect(cleanAnswer(field("email"), "Chen.Li@Example.COM")).toBe("Chen.Li@example.com");
    for (const wrong of ["a@b", "a..b@c.com", "a@-b.com", "@c.com", "a b@c.com"])
      expect(paths(field("email"), wrong)).toEqual(["x"]);
  });
});

describe("numbers", () => {
  it("are read as people write them, within bounds and digits", () => {
    const hours = field("number", { lowest: 0, highest: 10, scale: 1 });
    expect(cleanAnswer(hours, "１，２34.5")).toBe(1234.5);
    good(hours, "2.5");
    expect(paths(hours, "2.55")).toEqual(["x"]);
    expect(paths(hours, "10.1")).toEqual(["x"]);
    expect(paths(hours, "-1")).toEqual(["x"]);
    expect(paths(hours, "两个")).toEqual(["x"]);
    expect(cleanAnswer(hours, "1234567890123456")).toBe("1234567890123456");
    expect(answerWords(field("number", { unit: "小时" }), 1234.5)).toBe("1,234.5 小时");
  });

  it("that are money are whole fen, and never a float", () => {
    expect(cleanAnswer(field("money"), "￥1,280.5")).toBe(128_050);
    expect(cleanAnswer(field("money"), "0.07 元")).toBe(7);
    expect(cleanAnswer(field("money"), "1.005")).toBe("1.005");
    expect(paths(field("money"), "1.005")).toEqual(["x"]);
    expect(paths(field("money"), "-1")).toEqual(["x"]);
    good(field("money", { lowest: -500 }), "-5");
    expect(paths(field("money", { highest: 100 }), "1.01")).toEqual(["x"]);
    expect(answerWords(field("money"), 128_050)).toBe("¥1,280.50");
  });

  it("that are stars are whole and not more than there are", () => {
    good(field("rating"), 5);
    expect(paths(field("rating"), 6)).toEqual(["x"]);
    good(field("rating", { max: 10 }), 6);
    expect(answerWords(field("rating"), 4)).toBe("4 / 5");
  });
});

describe("choices", () => {
  const options = ["a", "b", "c"].map((value) => ({
    value,
    label: { "zh-CN": value.toUpperCase() },
  }));
  const tree = [{ value: "1", label: "一", children: [{ value: "2", label: "二" }] }];

  it("stand in the order of their options", () => {
    const many = field("multi_select", { options, min: 2 });
    expect(cleanAnswer(many, ["c", "a", "x"])).toEqual(["a", "c"]);
    expect(answerWords(many, ["a", "c"])).toBe("A、C");
    expect(paths(many, ["a"])).toEqual(["x"]);
    expect(paths(field("single_select", { options }), "z")).toEqual(["x"]);
  });

  it("go down to the last level unless any will do", () => {
    good(field("cascade", { tree }), ["1", "2"]);
    expect(paths(field("cascade", { tree }), ["1"])).toEqual(["x"]);
    good(field("cascade", { tree, any_level: true }), ["1"]);
    expect(paths(field("cascade", { tree }), ["1", "3"])).toEqual(["x"]);
    expect(answerWords(field("cascade", { tree }), ["1", "2"])).toBe("一 / 二");
  });

  it("of yes and no know that no is an answer", () => {
    expect(isEmptyAnswer(field("switch"), false)).toBe(false);
    expect(answerWords(field("switch"), false)).toBe("否");
  });

  it("of an address are its region and the rest", () => {
    const address = field("address", { required: true });
    expect(cleanAnswer(address, { region: [" 广东省 ", ""], detail: " 路 1 号 " })).toEqual({
      region: ["广东省"],
      detail: "路 1 号",
    });
    expect(paths(address, { region: [], detail: "路" })).toEqual(["x.region"]);
    expect(isEmptyAnswer(address, { region: [], detail: "" })).toBe(true);
    expect(answerWords(address, { region: ["广东省", "广州市"], detail: "路" })).toBe(
      "广东省广州市 路",
    );
    expect(paths(field("address", { tree }), { region: ["1"], detail: "" })).toEqual(["x.region"]);
  });
});

describe("dates", () => {
  it("are days of the calendar within their bounds", () => {
    expect(cleanAnswer(field("date"), "2026年1月5日")).toBe("2026-01-05");
    for (const wrong of ["2026-02-30", "0226-01-01", "今天"])
      expect(paths(field("date"), wrong)).toEqual(["x"]);
    const bounded = field("date", { lowest: "2026-01-01", highest: "2026-12-31" });
    good(bounded, "2026-12-31");
    expect(paths(bounded, "2027-01-01")).toEqual(["x"]);
  });

  it("with a time are instants in UTC, read on the organisation's clock", () => {
    expect(cleanAnswer(field("datetime"), "2026-11-22T15:04:59.9+08:00")).toBe(
      "2026-11-22T07:04:59Z",
    );
    expect(paths(field("datetime"), "2026-11-22T15:04")).toEqual(["x"]);
    expect(answerWords(field("datetime"), "2026-11-22T07:04:00Z")).toBe("2026-11-22 15:04");
  });

  it("of a span have an end that is not before its start", () => {
    const span = field("date_range");
    good(span, { start: "2026-01-01", end: "2026-01-01" });
    expect(paths(span, { start: "2026-01-02", end: "2026-01-01" })).toEqual(["x.end"]);
    expect(paths(span, { start: "2026-01-02", end: "" })).toEqual(["x.end"]);
    expect(isEmptyAnswer(span, { start: "", end: "" })).toBe(true);
  });
});

describe("places and ids", () => {
  it("keep seven digits of a degree", () => {
    const place = cleanAnswer(field("location"), { lat: 23.123456789, lng: 113, accuracy: 30 });
    expect(place).toEqual({ lat: 23.1234568, lng: 113, system: "gcj02", label: "", accuracy: 30 });
    expect(paths(field("location"), { lat: 91, lng: 0 })).toEqual(["x"]);
  });

  it("have the letters that the service takes", () => {
    good(field("member"), "zhao.min@x");
    expect(paths(field("member"), "赵敏")).toEqual(["x"]);
    expect(paths(field("department"), "2a")).toEqual(["x"]);
  });
});

describe("rows", () => {
  const rows = [
    { name: "灯管", quantity: 1.5, unit: "支", price: 333 },
    { name: "上门", quantity: 1, price: 5_000 },
  ];

  it("have amounts rounded half away from zero, and a total", () => {
    expect(rows.map(amountOf)).toEqual([500, 5_000]);
    expect(totalOf(rows)).toBe(5_500);
    const clean = cleanAnswer(field("items"), { rows: [{ ...rows[0], name: " 灯管 ", code: "" }] });
    expect(clean).toEqual({
      rows: [{ name: "灯管", unit: "支", quantity: 1.5, price: 333, amount: 500 }],
      total: 500,
    });
    expect(answerWords(field("items"), { rows })).toBe("灯管 ×1.5 支、上门 ×1，合计 ¥55.00");
  });

  it("tell every cell that is wrong by its path", () => {
    expect(paths(field("parts"), { rows: [{ name: "", quantity: 0, price: -1 }] })).toEqual([
      "x.rows[0].name",
      "x.rows[0].quantity",
      "x.rows[0].price",
    ]);
    expect(paths(field("items"), { rows: [{ ...rows[0], quantity: 0.0001 }] })).toEqual([
      "x.rows[0].quantity",
    ]);
  });

  it("of a table are forms of their own", () => {
    const table = field("table", {
      columns: [field("text", { key: "item", required: true }), field("money", { key: "cost" })],
    });
    expect(cleanAnswer(table, [{ item: " 灯 ", cost: "1.5" }])).toEqual([
      { item: "灯", cost: 150 },
    ]);
    expect(paths(table, [{ cost: "1.555" }, {}])).toEqual(["x[0].item", "x[0].cost", "x[1]"]);
  });
});
