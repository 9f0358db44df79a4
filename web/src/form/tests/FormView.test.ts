import { createApp, h, nextTick, type App } from "vue";
import { afterEach, describe, expect, it, vi } from "vitest";
import FormView from "../FormView.vue";
import { KINDS, SECTION } from "../kinds";
import { useForm, type FormState } from "../useForm";
import { everyKind } from "./everyKind";

let app: App | undefined;
afterEach(() => {
  app?.unmount();
  document.body.innerHTML = "";
});

function draw(): FormState {
  let form: FormState | undefined;
  const box = document.body.appendChild(document.createElement("div"));
  app = createApp({
    setup() {
      form = useForm({ form: () => everyKind });
      return () => h(FormView, { form: form as FormState });
    },
  });
  app.mount(box);
  return form as FormState;
}
const row = (key: string) => document.querySelector<HTMLElement>(`[data-field="${key}"]`);

describe("a form on the page", () => {
  it("has a control with a name for every kind", { timeout: 30_000 }, async () => {
    draw();
    const asked = everyKind.fields.filter(
      (field) => KINDS[field.kind]?.source === "input" && field.key !== "why",
    );
    await vi.waitFor(() => {
      for (const { key } of asked)
        expect([
          key,
          row(key)?.querySelectorAll("input, textarea, button, canvas").length,
        ]).not.toEqual([key, 0]);
    }, 20_000);
    for (const { key } of everyKind.fields.filter(
      (field) => field.kind !== SECTION && field.key !== "why",
    ))
      expect([key, !!row(key)]).toEqual([key, true]);
    for (const label of document.querySelectorAll("label[for]"))
      expect(document.getElementById(label.getAttribute("for") ?? "")).not.toBeNull();
    for (const control of document.querySelectorAll("button"))
      expect(control.textContent?.trim() || control.getAttribute("aria-label")).toBeTruthy();
  });

  it("says what is wrong below the field and ties it to the control", async () => {
    const form = draw();
    Element.prototype.scrollIntoView ??= () => undefined;
    form.validate();
    await nextTick();
    await nextTick();
    const input = row("title")?.querySelector("input");
    expect(input?.getAttribute("aria-invalid")).toBe("true");
    const told = document.getElementById(input?.getAttribute("aria-describedby") ?? "");
    expect(told?.textContent).toBe("请填写标题");
    expect(document.activeElement).toBe(input);
  });

  it("shows and hides by rule while one types", async () => {
    draw();
    expect(row("why")).toBeNull();
    row("urgency")?.querySelectorAll("button")[2]?.click();
    await nextTick();
    expect(row("why")).not.toBeNull();
  });

  it("marks what filled itself in and clears it with one press", async () => {
    const form = draw();
    form.prefill({ title: "空调坏了" }, { title: "history" });
    await nextTick();
    const mark = row("title")?.querySelector<HTMLButtonElement>("button.filled");
    expect(mark?.title).toBe("取自上一张工单");
    mark?.click();
    await nextTick();
    expect(row("title")?.querySelector("input")?.value).toBe("");
  });
});
