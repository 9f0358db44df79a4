// The dialog of an action: it is sent once, and stays with its reason when the service refuses.
import { createApp, h, nextTick, type App } from "vue";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Button, FullTicket, Me } from "@/api/pages";
import { me, session } from "@/shared/session";
import { toast } from "@/shared/toast";
import TicketSheet from "./TicketSheet.vue";

const STOP: Button = {
  verb: "terminate",
  label: "终止",
  task: null,
  step: null,
  tone: "danger",
  dialog: { fields: [{ key: "note", kind: "textarea", label: "原因", required: true }] },
  fills: null,
};
const row = {
  id: "7",
  no: "GD-7",
  title: "空调",
  status: "open",
  priority: "normal",
  source: "bot",
  template: { key: "a", version: 1, name: "报修" },
  customer: null,
  step: null,
  handlers: [],
  due_at: null,
  is_overdue: false,
  is_paused: false,
  is_mine: true,
  created_at: "2026-11-22T00:00:00Z",
  updated_at: "2026-11-22T00:00:00Z",
  closed_at: null,
  version: 3,
};
const ticket = {
  ...row,
  row,
  names: {},
  buttons: [STOP],
  next_action: null,
  form_view: { sections: [] },
  sla: { state: "none", due_at: null },
  waiting: [],
  people_here: [],
  form: {},
  tags: [],
  chat_id: null,
  creator: { kind: "system" },
  attachments: [],
  children: [],
  links: [],
  parent: null,
  urged: 0,
} as unknown as FullTicket;

/** What the service answers to the action, in the order of the asking. */
let answers: (() => Promise<Response>)[] = [];
const asked: { path: string; key: string | null }[] = [];
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

let app: App | undefined;
beforeEach(() => {
  localStorage.clear();
  asked.length = 0;
  me.value = { userid: "zhaomin", name: "赵敏", csrf: "x" } as Me;
  session.value = "ready";
  Element.prototype.scrollIntoView ??= () => undefined;
  vi.stubGlobal("EventSource", undefined);
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    if (path.includes("/actions/")) {
      asked.push({ path, key: new Headers(init.headers).get("idempotency-key") });
      return answers.shift()?.();
    }
    if (path.endsWith("/tickets/7")) return Promise.resolve(json(200, ticket));
    return Promise.resolve(json(200, { items: [], next: null, people: [], counts: null }));
  });
});
afterEach(() => {
  app?.unmount();
  document.body.innerHTML = "";
  vi.unstubAllGlobals();
});

const dialogs = () => [...document.querySelectorAll<HTMLElement>("[role=dialog]")];
const topmost = () => dialogs()[dialogs().length - 1];
const button = (within: Element | undefined, words: string) =>
  [...(within?.querySelectorAll("button") ?? [])].find((one) => one.textContent?.trim() === words);

async function asking(): Promise<void> {
  app = createApp({ render: () => h(TicketSheet, { id: "7" }) });
  app.mount(document.body.appendChild(document.createElement("div")));
  await vi.waitFor(() => expect(button(topmost(), "更多")).toBeDefined(), 5_000);
  button(topmost(), "更多")?.click();
  await nextTick();
  button(topmost(), "终止")?.click();
  await vi.waitFor(() => expect(topmost()?.querySelector("textarea")).not.toBeNull(), 5_000);
  const note = topmost()?.querySelector("textarea");
  if (note) note.value = "客户不要了";
  note?.dispatchEvent(new Event("input", { bubbles: true }));
  await nextTick();
}
const send = () => button(topmost(), "终止")?.click();

it("two taps send it once", { timeout: 20_000 }, async () => {
  let finish: (answer: Response) => void = () => undefined;
  answers = [() => new Promise((resolve) => (finish = resolve))];
  await asking();
  const once = button(topmost(), "终止");
  once?.click();
  once?.click();
  await nextTick();
  expect(once?.disabled).toBe(true);
  once?.click();
  expect(asked.length).toBe(1);
  finish(json(200, { ...ticket, buttons: [], row: { ...row, status: "cancelled", version: 4 } }));
  await vi.waitFor(() => expect(dialogs().length).toBe(1));
  expect(toast.value?.text).toContain("终止");
});

it("what was written stays, with the reason and its number, and goes again as the same", async () => {
  const no = { code: "not.now", detail: "还有未完成的子工单", request_id: "R-1" };
  answers = [
    () => Promise.resolve(json(422, no)),
    () =>
      Promise.resolve(
        json(409, { ...no, detail: "已经终止", current: { ...ticket, buttons: [] } }),
      ),
  ];
  await asking();
  send();
  await vi.waitFor(() => expect(topmost()?.textContent).toContain("还有未完成的子工单"));
  expect(topmost()?.textContent).toContain("R-1");
  expect(topmost()?.querySelector("textarea")?.value).toBe("客户不要了");
  send();
  // Now nothing can be done any more; what was written can still be copied.
  await vi.waitFor(() => expect(topmost()?.textContent).toContain("已经终止"));
  expect(topmost()?.querySelector("textarea")?.value).toBe("客户不要了");
  expect(asked.map(({ key }) => key)).toEqual([asked[0]?.key, asked[0]?.key]);
});
