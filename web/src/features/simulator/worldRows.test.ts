import { describe, expect, it } from "vitest";
import { bodyOf, rowsOfWorld } from "./worldRows";
import type { SimState } from "./types";

const state: SimState = {
  corp_id: "ww1",
  now: 0,
  apps: [],
  departments: [
    { id: 1, name: "公司", parentid: 0 },
    { id: 2, name: "客服部", parentid: 1 },
  ],
  members: [{ userid: "wangfang", name: "王芳", position: "主管", department: [2] }],
  customers: [{ external_userid: "wm1", name: "何燕", followers: ["wangfang"], corp_name: "" }],
  groups: [{ chat_id: "wr1", name: "群", owner: "wangfang", members: [{ id: "wm1", type: 2 }] }],
  faults: [],
  unread: {},
};

describe("bodyOf", () => {
  it("gives a member numbers for departments and a status, and no empty fields", () => {
    const typed = { name: " 李四 ", userid: "lisi", position: " ", department: "2" };
    expect(bodyOf("members", typed)).toEqual({
      name: "李四",
      userid: "lisi",
      department: [2],
      status: 1,
    });
  });

  it("makes the owner the first person of a group, and a mobile a remark", () => {
    expect(bodyOf("groups", { name: "群", owner: "wangfang" })).toMatchObject({
      members: [{ id: "wangfang", type: 1 }],
    });
    expect(bodyOf("customers", { name: "何燕", userid: "a", mobile: "138" })).toEqual({
      name: "何燕",
      userid: "a",
      remark_mobiles: ["138"],
    });
    expect(bodyOf("departments", { name: "三组", parentid: "1" })).toEqual({
      name: "三组",
      parentid: 1,
    });
  });
});

describe("rowsOfWorld", () => {
  it("names people instead of their ids", () => {
    expect(rowsOfWorld("members", state)[0]?.note).toBe("wangfang · 主管 · 客服部");
    expect(rowsOfWorld("departments", state)[1]).toMatchObject({ id: "2", note: "2 · 公司" });
    expect(rowsOfWorld("groups", state)[0]?.note).toBe("王芳");
  });

  it("says whose contact ends when a customer is removed", () => {
    expect(rowsOfWorld("customers", state)[0]).toEqual({
      id: "wm1",
      name: "何燕",
      note: "王芳",
      removal: { userid: "wangfang" },
    });
  });
});
