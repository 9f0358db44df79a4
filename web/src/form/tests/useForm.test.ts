import { effectScope, nextTick, ref } from "vue";
import { describe, expect, it } from "vitest";
import { RequestError } from "@/shared/request";
import { useForm, type FormOptions } from "../useForm";
import type { Field, Form } from "../types";

const field = (key: string, kind: string, more: Partial<Field> = {}): Field => ({
  key,
  kind,
  label: key,
  ...more,
});
const made = (fields: Field[], options: Partial<FormOptions> = {}) =>
  effectScope().run(() => useForm({ form: () => ({ fields }), ...options })) ?? fail();
function fail(): never {
  throw new Error("no scope");
}
const keys = (form: ReturnType<typeof made>) =>
  form.sections.value.flatMap((section) => section.fields.map((one) => one.field.key));

const urgent = { "==": [{ var: "urgency" }, "urgent"] };
const options = ["normal", "urgent"].map((value) => ({ value, label: value }));
const linked: Field[] = [
  field("urgency", "single_select", { options, default: "normal" }),
  field("why", "text", { rules: { show: urgent, require: urgent } }),
  field("level", "number", { rules: { set: [{ when: urgent, to: 1 }] } }),
  field("way", "single_select", {
    options: ["a", "b"].map((value) => ({ value, label: value })),
    rules: { filter: [{ when: urgent, options: ["a"] }] },
  }),
];

describe("rules of a form", () => {
  it("show and require in place, keep what was typed, and send only what is shown", () => {
    const form = made(linked);
    expect(keys(form)).toEqual(["urgency", "level", "way"]);
    form.set("urgency", "urgent");
    expect(keys(form)).toContain("why");
    expect(form.validate()).toBe(false);
    expect(form.problems["why"]).toBe("请填写why");
    form.set("why", "停业");
    expect(form.problems["why"]).toBeUndefined();
    form.set("urgency", "normal");
    expect(form.answers()).toEqual({ urgency: "normal" });
    form.set("urgency", "urgent");
    expect(form.answers()).toEqual({ urgency: "urgent", why: "停业" });
  });

  it("set an answer that nobody can change, and do not send it", () => {
    const form = made(linked);
    form.set("level", 3);
    expect(form.answers()["level"]).toBe(3);
    form.set("urgency", "urgent");
    expect(form.find("level")).toMatchObject({ value: 1, byRule: true });
    expect(form.answers()["level"]).toBeUndefined();
  });

  it("take options away, and say so where one was chosen", () => {
    const form = made(linked);
    form.set("way", "b");
    form.set("urgency", "urgent");
    form.set("why", "x");
    expect(form.find("way")?.left).toEqual(["a"]);
    expect(form.validate()).toBe(false);
    expect(Object.keys(form.problems)).toEqual(["way"]);
  });

  it("compute from parts of answers, and hide with their section", () => {
    const form = made([
      field("fix", "switch"),
      field("cost", "section", { rules: { show: { var: "fix" } } }),
      field("items", "items"),
      field("sum", "formula", { reads: "money", formula: { "*": [{ var: "items.total" }, 2] } }),
    ]);
    expect(keys(form)).toEqual(["fix"]);
    form.set("fix", true);
    form.set("items", { rows: [{ name: "灯", quantity: 2, price: 150 }] });
    expect(form.find("sum")?.value).toBe(600);
    expect(form.answers()).toEqual({
      fix: true,
      items: { rows: [{ name: "灯", quantity: 2, price: 150, amount: 300 }], total: 300 },
    });
  });

  it("read fields that stand further down", () => {
    const form = made([
      field("first", "text", { rules: { show: { var: "last" } } }),
      field("last", "switch"),
    ]);
    form.set("last", true);
    expect(keys(form)).toEqual(["first", "last"]);
  });
});

describe("a form at a step", () => {
  it("asks what may be edited, shows what may be read, and clears what was emptied", () => {
    const access = { fix: "edit" as const };
    const form = made(
      [
        field("title", "text"),
        field("note", "text", { access }),
        field("secret", "text", { access: { "*": "hidden" } }),
        field("hours", "number", { access }),
      ],
      { step: () => "fix", before: () => ({ title: "空调", note: "旧", secret: "s" }) },
    );
    expect(keys(form)).toEqual(["title", "note", "hours"]);
    expect(form.find("title")).toMatchObject({ access: "read", value: "空调" });
    form.set("note", "");
    form.set("hours", "2");
    expect(form.answers()).toEqual({ note: null, hours: 2 });
  });

  it("leaves out sections that are another's", () => {
    const form = made([field("a", "section", { owner: { member: "x" } }), field("b", "text")], {
      owned: () => [],
    });
    expect(keys(form)).toEqual([]);
  });
});

describe("filling in a form", () => {
  it("marks what filled itself in, and spares what somebody typed", () => {
    const form = made([field("title", "text"), field("phone", "phone")]);
    form.set("title", "我的");
    form.prefill({ title: "别的", phone: "13800138000", gone: 1 }, { phone: "customer" });
    expect(form.values).toMatchObject({ title: "我的", phone: "13800138000" });
    expect(form.from).toEqual({ phone: "customer" });
    expect(form.typed.value).toEqual({ title: "我的" });
    form.unfill("phone");
    expect(form.answers()).toEqual({ title: "我的" });
    form.prefill({ phone: "1" });
    form.set("phone", "2");
    expect(form.from["phone"]).toBeUndefined();
  });

  it("does not scold for what was only passed, and brings what was given to its form", () => {
    const form = made([field("title", "text", { required: true }), field("phone", "phone")]);
    form.leave("title");
    expect(form.problems).toEqual({});
    form.set("phone", "138 0013 8000");
    form.leave("phone");
    expect(form.values["phone"]).toBe("13800138000");
    form.set("phone", "12");
    form.leave("phone");
    expect(Object.keys(form.problems)).toEqual(["phone"]);
  });

  it("shows the first wrong field again, whenever it is sent again", async () => {
    const form = made([
      field("a", "text"),
      field("b", "text", { required: true }),
      field("c", "text", { required: true }),
    ]);
    form.validate();
    await nextTick();
    expect(form.focus.value?.key).toBe("b");
    const first = form.focus.value;
    form.validate();
    await nextTick();
    expect(form.focus.value).not.toEqual(first);
  });

  it("puts the service's problems at their fields", async () => {
    const form = made([
      field("a", "text"),
      field("rows", "table", { columns: [field("x", "text")] }),
    ]);
    const refusal = (path: string) =>
      new RequestError("refused", 422, "有字段不对", {
        code: "field_invalid",
        requestId: "r",
        errors: [{ path, code: "too_long", detail: "太长" }],
        current: null,
      });
    expect(form.refused(refusal("form.rows[1].x"))).toBe(true);
    expect(form.problems).toEqual({ "rows[1].x": "太长" });
    await nextTick();
    expect(form.focus.value?.key).toBe("rows");
    expect(form.refused(refusal("tags[0]"))).toBe(false);
    expect(form.refused(new Error("x"))).toBe(false);
  });

  it("begins anew with another form, and takes a draft back", async () => {
    const shown = ref<Form>({ fields: [field("a", "text", { default: "一" })] });
    const form = effectScope().run(() => useForm({ form: () => shown.value })) ?? fail();
    expect(form.dirty.value).toBe(false);
    form.restore({ a: "草稿" });
    expect(form.values).toEqual({ a: "草稿" });
    expect(form.dirty.value).toBe(true);
    shown.value = { fields: [field("b", "text")] };
    await nextTick();
    expect(form.values).toEqual({});
  });
});
