// A new ticket: sent once, and what was typed stays with the form and the customer it was typed for.
import { effectScope, nextTick, ref } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Me, Template, TemplateOption } from "@/api/pages";
import { readDraft } from "@/shared/draft";
import { me, session } from "@/shared/session";
import type { Origin } from "./types";
import { useCreate } from "./useCreate";
import { useTemplateForm } from "./useTemplateForm";

const fields = [
  { key: "title", kind: "text", label: "标题", required: true },
  { key: "more", kind: "textarea", label: "说明" },
];
const template = (version: number, form = { fields }): Template => ({
  key: "repair",
  version,
  name: "报修",
  description: "",
  form,
});
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
let answer: (path: string, init: RequestInit) => Promise<Response> | Response | undefined;
const posted: { path: string; key: string | null; body: unknown }[] = [];

beforeEach(() => {
  localStorage.clear();
  posted.length = 0;
  me.value = { userid: "zhangsan", name: "张三", csrf: "x" } as Me;
  session.value = "ready";
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    if (init.method === "POST") {
      const key = new Headers(init.headers).get("idempotency-key");
      posted.push({ path, key, body: JSON.parse(String(init.body)) as unknown });
    }
    const known = answer(path, init);
    if (known) return Promise.resolve(known);
    if (path.includes("/templates/")) return Promise.resolve(json(200, template(1)));
    return Promise.resolve(
      json(200, { items: [], next: null, values: {}, from: {}, context: null }),
    );
  });
  answer = () => undefined;
});
afterEach(() => vi.unstubAllGlobals());

const origin: Origin = { source: "chat_sidebar", customer: "wm1", chat: null };
function creating() {
  const scope = effectScope();
  const state = scope.run(() =>
    useCreate({
      template: () => ({ key: "repair", version: 1, name: "报修" }) as TemplateOption,
      origin: () => origin,
    }),
  );
  if (!state) throw new Error("no scope");
  return { scope, state };
}
const drawn = (state: { template: { value: unknown } }) =>
  vi.waitFor(() => expect(state.template.value).toBeDefined());

describe("a new ticket", () => {
  it("is made once by two taps, and once more under the same key when the answer was lost", async () => {
    const { state, scope } = creating();
    await drawn(state);
    state.form.set("title", "空调不制冷");
    answer = (path) => (path.endsWith("/tickets") ? json(500, { detail: "忙" }) : undefined);
    const [first, second] = [state.send(), state.send()];
    expect(await Promise.all([first, second])).toEqual([null, null]);
    expect(posted.filter(({ path }) => path.endsWith("/tickets")).length).toBe(1);
    expect(state.problem.value).toMatchObject({ kind: "broken" });
    expect(state.form.values["title"]).toBe("空调不制冷");
    const made = { id: "7", no: "GD-7", title: "空调不制冷" };
    answer = (path) => (path.endsWith("/tickets") ? json(201, made) : undefined);
    expect(await state.send()).toMatchObject({ kind: "created", ticket: made });
    const [one, other] = posted.filter(({ path }) => path.endsWith("/tickets"));
    expect(one?.key).toBe(other?.key);
    scope.stop();
  });

  it("waits for the files that are on their way", async () => {
    const { state, scope } = creating();
    await drawn(state);
    state.form.set("title", "空调不制冷");
    state.form.uploading.set("paste", 2);
    expect(await state.send()).toBeNull();
    expect(posted.length).toBe(0);
    scope.stop();
  });

  it("keeps its draft when the session is lost in the middle", async () => {
    const { state, scope } = creating();
    await drawn(state);
    state.form.set("title", "空调不制冷");
    await nextTick();
    answer = (path) =>
      path.endsWith("/tickets") ? json(401, { code: "auth.session", detail: "请登录" }) : undefined;
    await state.send();
    scope.stop();
    const key = { user: "zhangsan", template: "repair", customer: "wm1" };
    expect(readDraft(key)).toEqual({ title: "空调不制冷" });
  });
});

describe("a template's form", () => {
  function filling() {
    const scope = effectScope();
    const state = scope.run(() =>
      useTemplateForm(
        () => "repair",
        () => "template.repair",
      ),
    );
    if (!state) throw new Error("no scope");
    return { scope, state };
  }

  it("that was remembered keeps what is typed while it is fetched anew", async () => {
    const first = filling();
    await drawn(first.state);
    first.scope.stop();
    const late = ref<(answer: Response) => void>(() => undefined);
    answer = () => new Promise((resolve) => (late.value = resolve));
    const { state, scope } = filling();
    expect(state.template.value?.version).toBe(1);
    state.form.set("title", "在慢网络上写的");
    late.value(json(200, template(1)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(state.form.values["title"]).toBe("在慢网络上写的");
    expect(state.newer.value).toBe(false);
    scope.stop();
  });

  it("that is another now takes along what still fits, and says so", async () => {
    const { state, scope } = filling();
    await drawn(state);
    state.form.set("title", "空调");
    state.form.set("more", "没有这一栏了");
    const [title] = fields;
    answer = () => json(200, template(2, { fields: title ? [title] : [] }));
    await state.refresh();
    await vi.waitFor(() => expect(state.template.value?.version).toBe(2));
    await nextTick();
    expect(state.form.answers()).toEqual({ title: "空调" });
    expect(state.newer.value).toBe(true);
    scope.stop();
  });
});
