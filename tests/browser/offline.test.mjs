// Without a network: what was read stays readable, what is done waits, a killed page loses nothing,
// and what the service does not take later is explained.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench, isKept, isSound, openBench, PHOTO, VISIT } from "./support/bench.mjs";
import { setting } from "./support/setting.mjs";

let house;
let api;
let browser;

setting(async (all) => {
  ({ house, api, browser } = all);
  await api.publish(VISIT);
});

const ticketOf = (id) => api.get(`/tickets/${id}`);

/** A job of the worker's own. */
async function job(title) {
  const form = { title, phone: "13800000009" };
  const ticket = await api.post("/tickets", { template: VISIT.key, form }, "wangfang");
  await api.post(`/tickets/${ticket.id}/actions/claim`, {}, "zhaomin");
  return ticket;
}

async function worker() {
  const page = await browser.window({ size: "tall" });
  page.setDefaultTimeout(15_000);
  return { page, bench: await openBench(page, house, "赵敏") };
}
/** What the device keeps in one of its stores. */
const kept = (page, store, what = "getAll") =>
  page.evaluate(
    async ([name, read]) => {
      const open = indexedDB.open("qidan.field");
      const db = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
      const asked = db.transaction(name).objectStore(name)[read]();
      const found = await new Promise((resolve) => (asked.onsuccess = () => resolve(asked.result)));
      db.close();
      return found;
    },
    [store, what],
  );
/** Everything that is fetched ahead is there: the job, its history, the templates, their code. */
async function settled(page, ticket) {
  const wanted = [
    `/tickets/${ticket}`,
    `/tickets/${ticket}/timeline?limit=200`,
    "/templates/field_visit",
  ];
  await until(async () => {
    const keys = await kept(page, "seen", "getAllKeys");
    return wanted.every((end) => keys.some((key) => key.endsWith(end)));
  });
  await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => null);
}
const waits = (page) => kept(page, "entries");
async function until(what, ms = 20_000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await what();
    if (found) return found;
    if (Date.now() > end) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function completes(bench, page, words) {
  await bench.button("完成").click();
  const form = bench.dialog("完成");
  await form.getByText("试机正常").click();
  await form.getByLabel("处理说明").fill(words);
  await form
    .getByRole("group", { name: "完工照片" })
    .locator("input[type=file]")
    .first()
    .setInputFiles(PHOTO);
  await isKept(form);
  await form.getByRole("button", { name: "完成", exact: true }).click();
  await bench.says("已保存，联网后自动提交");
}

test("a day without a signal: read, comment, photograph, complete, create; the page is killed; all arrives once and in order", async () => {
  const ticket = await job("地下机房");
  const { page, bench } = await worker();
  await bench.line("地下机房").waitFor();
  await settled(page, ticket.id);
  const context = page.context();
  await context.setOffline(true);

  // It was never opened, and can be read.
  await bench.opens("地下机房");
  await page.getByText("创建了工单").waitFor();
  await page.getByText("没有网络", { exact: false }).first().waitFor();
  await isSound(page, "offline-ticket");

  await bench.button("沟通").click();
  await bench.dialog("沟通").getByRole("textbox").fill("到了，没有信号");
  await bench.dialog("沟通").getByRole("button", { name: "沟通", exact: true }).click();
  await bench.says("已保存，联网后自动提交");
  await completes(bench, page, "离线完成");
  await isSound(page, "offline-queued");

  await bench.button("返回").first().click();
  await bench.line("地下机房").getByText("待同步").waitFor();
  await page.getByRole("button", { name: "新建：上门服务" }).click();
  await page.getByLabel("什么事").fill("顺路发现漏水");
  await page.locator("input[type=file]").last().setInputFiles(PHOTO);
  await isKept(page);
  await bench.button("提交").click();
  await page.getByText("已保存在手机上").waitFor();
  await isSound(page, "offline-created");
  await bench.button("回到列表").click();
  await page.getByRole("button", { name: "待同步 3 项" }).click();
  assert.equal(await page.locator("li.card").count(), 3);
  await isSound(page, "offline-outbox");
  assert.equal((await ticketOf(ticket.id)).status, "open");

  // The page dies; nothing of it is left but what the device keeps.
  await page.close();
  await context.setOffline(false);
  const again = await context.newPage();
  await again.goto(new URL("/h5/workbench", house.service).href);
  const done = await until(async () => {
    const now = await ticketOf(ticket.id);
    return now.row.step?.key === "accept" ? now : null;
  }, 40_000);
  assert.equal(done.form.result, "离线完成");
  assert.equal(done.form.photos.length, 1);
  const lines = (await api.get(`/tickets/${ticket.id}/timeline`)).items;
  const verbs = lines.map(({ verb }) => verb);
  assert.deepEqual(verbs.slice(-2), ["comment", "complete"]);
  const found = await until(async () => {
    const { items } = await api.get("/tickets?q=顺路发现漏水");
    return items.length > 0 ? items : null;
  });
  assert.equal(found.length, 1);
  assert.equal(found[0].form.evidence.length, 1);
  assert.equal(found[0].source, "workbench");
  await until(async () => (await waits(again)).length === 0);
  await context.close();
});

test("killed in the middle of sending: it is done once", async () => {
  const ticket = await job("半路断电");
  const { page, bench } = await worker();
  await bench.opens("半路断电");
  const context = page.context();
  // The service takes it; its answer never arrives.
  await context.route("**/actions/comment*", async (route) => {
    await route.fetch();
    await page.close();
  });
  await bench.button("沟通").click();
  await bench.dialog("沟通").getByRole("textbox").fill("只说一次");
  await bench.dialog("沟通").getByRole("button", { name: "沟通", exact: true }).click();
  await until(() => page.isClosed());
  await context.unroute("**/actions/comment*");
  const again = await context.newPage();
  await again.goto(new URL("/h5/workbench", house.service).href);
  await again.getByRole("heading", { name: "我的工单" }).waitFor();
  await until(async () => (await waits(again)).length === 0, 60_000);
  const lines = (await api.get(`/tickets/${ticket.id}/timeline`)).items;
  assert.equal(lines.filter(({ text }) => text.includes("只说一次")).length, 1);
  await context.close();
});

test("what changed meanwhile is explained, with the newer state and what can be done", async () => {
  const ticket = await job("被改派了");
  const { page, bench } = await worker();
  await bench.line("被改派了").waitFor();
  await settled(page, ticket.id);
  await page.context().setOffline(true);
  await bench.opens("被改派了");
  await completes(bench, page, "我修好了，但是");
  await api.post(`/tickets/${ticket.id}/actions/terminate`, { note: "客户取消" }, "zhaomin");
  await page.context().setOffline(false);
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await bench.button("返回").first().click();
  await page.getByRole("button", { name: /1 项没有提交成功/ }).click();
  const card = page.locator("li.card").first();
  await card.getByText(/这张工单在你离线时变了|现在没有权限/).waitFor();
  await card.getByText(/现在：已取消/).waitFor();
  await isSound(page, "offline-conflict");
  for (const name of ["重试", "复制内容", "看工单", "放弃"])
    await card.getByRole("button", { name, exact: true }).waitFor();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await card.getByRole("button", { name: "复制内容" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /我修好了，但是/);
  await card.getByRole("button", { name: "放弃" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "放弃" }).click();
  await page.getByText("都同步好了").waitFor();
  await page.context().close();
});

test("two tabs show the same queue and send it once", async () => {
  const ticket = await job("两个窗口");
  const { page, bench } = await worker();
  await bench.opens("两个窗口");
  const context = page.context();
  const second = await context.newPage();
  second.setDefaultTimeout(15_000);
  await second.goto(new URL("/h5/workbench", house.service).href);
  const other = new Bench(second);
  await other.line("两个窗口").waitFor();
  await page.waitForTimeout(2_500);
  await context.setOffline(true);
  for (const words of ["第一句", "第二句", "第三句"]) {
    await bench.button("沟通").click();
    await bench.dialog("沟通").getByRole("textbox").fill(words);
    await bench.dialog("沟通").getByRole("button", { name: "沟通", exact: true }).click();
    await bench.dialog("沟通").waitFor({ state: "detached" });
  }
  await second.getByRole("button", { name: "待同步 3 项" }).waitFor();
  let posts = 0;
  context.on("request", (request) => {
    if (request.method() === "POST" && request.url().includes("/actions/comment")) posts += 1;
  });
  await context.setOffline(false);
  await until(async () => (await waits(page)).length === 0);
  assert.equal(posts, 3);
  const lines = (await api.get(`/tickets/${ticket.id}/timeline`)).items;
  const said = lines.filter(({ verb }) => verb === "comment").map(({ text }) => text);
  assert.deepEqual(
    said.map((text) => text.match(/第.句/)[0]),
    ["第一句", "第二句", "第三句"],
  );
  await second.getByRole("button", { name: /待同步/ }).waitFor({ state: "detached" });
  await context.close();
});

test("a device without room says so, and nothing that was written is lost", async () => {
  const ticket = await job("空间不足");
  const { page, bench } = await worker();
  await bench.line("空间不足").waitFor();
  await settled(page, ticket.id);
  await bench.opens("空间不足");
  await page.context().setOffline(true);
  await page.evaluate(() => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function full(...given) {
      if (this.name === "entries") throw new DOMException("", "QuotaExceededError");
      return put.apply(this, given);
    };
  });
  await bench.button("沟通").click();
  await bench.dialog("沟通").getByRole("textbox").fill("写了很多");
  await bench.dialog("沟通").getByRole("button", { name: "沟通", exact: true }).click();
  await bench.dialog("沟通").getByText("存储空间不足", { exact: false }).waitFor();
  assert.equal(await bench.dialog("沟通").getByRole("textbox").inputValue(), "写了很多");
  await isSound(page, "offline-full");
  await page.context().close();
});
