// A field worker's day at the workbench: what there is to do, claimed, visited, photographed, filled
// in and handed on; what a lead does with it; something new in two taps; on every size of screen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isKept, isSound, openBench, PHOTO, VISIT } from "./support/bench.mjs";
import { looks, screenshot } from "./support/browser.mjs";
import { Client } from "./support/client.mjs";
import { setting } from "./support/setting.mjs";

const SITE = { lat: 30.2741, lng: 120.1551, system: "wgs84", label: "一号楼" };
const AT_SITE = { latitude: 30.2745, longitude: 120.1556, accuracy: 24 };

let house;
let api;
let browser;

setting(async (all) => {
  ({ house, api, browser } = all);
  await api.publish(VISIT);
});

const raised = (title, more = {}) =>
  api.post(
    "/tickets",
    { template: VISIT.key, form: { title, phone: "13800000009", site: SITE, ...more } },
    "wangfang",
  );
const ticketOf = (id) => api.get(`/tickets/${id}`);

async function worker(name, { size = "tall", dark = false, place = AT_SITE } = {}) {
  const page = await browser.window({ size, dark });
  page.setDefaultTimeout(15_000);
  if (place) {
    await page.context().grantPermissions(["geolocation"]);
    await page.context().setGeolocation(place);
  }
  return { page, bench: await openBench(page, house, name) };
}

test("a visit from claim to hand-over, and the lead's yes with an opinion", async () => {
  const ticket = await raised("冷却塔异响");
  const { page, bench } = await worker("赵敏");

  await bench.tab("可认领").click();
  const took = Date.now();
  await bench.line("冷却塔异响").getByRole("button", { name: /^认领/ }).click();
  await bench.line("冷却塔异响").waitFor({ state: "detached" });
  assert.ok(Date.now() - took < 2_000);
  await bench.says("已认领");
  await bench.opens("冷却塔异响");

  await bench.button("签到").click();
  const visit = bench.dialog("签到");
  await visit.getByText("误差约 24 米").waitFor();
  await visit.getByText("距工单位置约 65 米").waitFor();
  await visit.locator("input[type=file]").last().setInputFiles(PHOTO);
  await isKept(visit);
  await isSound(page, "bench-checkin");
  await visit.getByRole("button", { name: "签到", exact: true }).click();
  await bench.says("已签到，距工单位置 65 米");
  await page.getByText(/签到.*误差约 24 米/).waitFor();

  await bench.button("完成").click();
  const form = bench.dialog("完成");
  await form.getByRole("button", { name: "完成", exact: true }).click();
  await form.getByText("请填写处理说明").waitFor();
  await form.getByText("已断电").click();
  await form.getByText("试机正常").click();
  await form.getByLabel("处理说明").fill("更换启动电容，制冷恢复");
  await form.getByRole("button", { name: "完成", exact: true }).click();
  await form.getByText("请添加完工照片").waitFor();
  assert.equal((await ticketOf(ticket.id)).row.step.key, "visit", "not without the photo");
  await form
    .getByRole("group", { name: "完工照片" })
    .locator("input[type=file]")
    .first()
    .setInputFiles(PHOTO);
  await form
    .getByRole("button", { name: /^移除|^删除/ })
    .first()
    .waitFor();
  await form.getByRole("button", { name: /添加/ }).click();
  await isSound(page, "bench-complete");
  await form.getByRole("textbox", { name: /名称/ }).fill("启动电容");
  await form.getByRole("textbox", { name: /单价/ }).fill("35");
  await form.getByRole("button", { name: "完成", exact: true }).click();
  await bench.says("已完成");
  await page.locator("[data-ticket]").getByText("等 王芳").waitFor();
  const done = await ticketOf(ticket.id);
  assert.equal(done.form.result, "更换启动电容，制冷恢复");
  assert.deepEqual(done.form.checks, ["power", "test"]);
  assert.equal(done.form.photos.length, 1);
  assert.equal(done.form.used.total, 3_500);
  assert.equal(done.check_ins.length, 1);
  assert.equal(done.check_ins[0].accuracy, 24);
  assert.equal(done.check_ins[0].place.system, "wgs84");
  assert.equal(done.check_ins[0].distance_metres, 65);
  await bench.button("返回").first().click();
  await bench.tab("已办").click();
  await bench.line("冷却塔异响").waitFor();
  assert.deepEqual(page.troubles.outside, []);
  await page.context().close();

  const lead = await worker("王芳");
  await lead.bench.button("有 1 项等你审批").click();
  await lead.bench.opens("冷却塔异响", "可认领");
  await lead.bench.presses("同意");
  const opinion = lead.bench.dialog("同意");
  await opinion.getByRole("textbox").first().fill("干得漂亮");
  await opinion.getByRole("button", { name: "同意", exact: true }).click();
  await lead.page.getByText("干得漂亮").waitFor();
  await lead.page.context().close();
  assert.equal((await ticketOf(ticket.id)).status, "closed");
});

test("sent back to a chosen step, and handed to a colleague", async () => {
  const ticket = await raised("要排单");
  await api.post(`/tickets/${ticket.id}/actions/claim`, {}, "wuting").catch(() => null);
  await api.post(`/tickets/${ticket.id}/actions/complete`, {}, "wuting");
  await api.post(`/tickets/${ticket.id}/actions/claim`, {}, "zhaomin");
  const { page, bench } = await worker("赵敏", { size: "phone" });
  await bench.opens("要排单");

  await bench.presses("转办");
  const hand = bench.dialog("转办");
  await isSound(page, "bench-transfer");
  await hand.getByRole("button", { name: "请选择" }).first().click();
  await page.getByRole("dialog").last().getByRole("button", { name: /周杰/ }).click();
  await hand.getByRole("button", { name: "转办", exact: true }).click();
  await bench.says("已转办");
  assert.equal((await ticketOf(ticket.id)).row.handlers[0].userid, "zhoujie");
  await page.context().close();

  const next = await worker("周杰", { size: "phone" });
  await next.bench.opens("要排单");
  await next.bench.presses("退回");
  const back = next.bench.dialog("退回");
  await isSound(next.page, "bench-return");
  await back.getByText("排单", { exact: true }).click();
  const why = back.getByRole("textbox");
  if ((await why.count()) > 0) await why.first().fill("客户改期，请重新排");
  await back.getByRole("button", { name: "退回", exact: true }).click();
  await next.bench.says("已退回");
  assert.equal((await ticketOf(ticket.id)).row.step.key, "plan");
  await next.page.context().close();
});

test("a new ticket takes two taps: it says where, by whom and from where it came", async () => {
  const { page, bench } = await worker("孙浩");
  await bench.button("新建工单").click();
  await page.getByRole("button", { name: "置顶 上门服务" }).click();
  await page.getByRole("button", { name: "取消置顶 上门服务" }).waitFor();
  await bench.button("返回").click();

  // One:
  await page.getByRole("button", { name: "新建：上门服务" }).click();
  await page.getByText("误差约 24 米").waitFor();
  await isSound(page, "bench-create");
  // Two:
  await bench.button("提交").click();
  const no = await page.locator(".done .no").innerText();
  await isSound(page, "bench-created");
  const ticket = await ticketOf(no);
  assert.equal(ticket.source, "workbench");
  assert.deepEqual(ticket.creator, { kind: "member", userid: "sunhao" });
  assert.equal(ticket.title, "例行巡检");
  const { lat, lng, accuracy, system } = ticket.form.site;
  assert.deepEqual(
    { lat, lng, accuracy, system },
    { lat: 30.2745, lng: 120.1556, accuracy: 24, system: "wgs84" },
  );

  await page.getByRole("button", { name: /^撤销/ }).click();
  await bench.says("已撤销");
  assert.equal((await ticketOf(no)).status, "cancelled");
  await page.context().close();
});

test("a guard reports with a photo and the place that his phone tells", async () => {
  const { page, bench } = await worker("黄伟");
  await page.getByRole("button", { name: "新建：上门服务" }).click();
  await page.getByLabel("什么事").fill("围栏被撞坏");
  await page.locator("input[type=file]").last().setInputFiles(PHOTO);
  await isKept(page);
  await page.getByText("误差约 24 米").waitFor();
  await bench.button("提交").click();
  const ticket = await ticketOf(await page.locator(".done .no").innerText());
  assert.equal(ticket.form.evidence.length, 1);
  const { lat, lng, accuracy } = ticket.form.site;
  assert.deepEqual({ lat, lng, accuracy }, { lat: 30.2745, lng: 120.1556, accuracy: 24 });
  await page.context().close();
});

test("a guard reports with a photo although the phone does not say where he is", async () => {
  const { page, bench } = await worker("黄伟", { place: null });
  await page.getByRole("button", { name: "新建：上门服务" }).click();
  await page.getByLabel("什么事").fill("消防通道堵塞");
  await page.locator("input[type=file]").last().setInputFiles(PHOTO);
  await isKept(page);
  await page.getByRole("button", { name: "定位", exact: false }).first().click();
  await page
    .getByText("没有定位权限", { exact: false })
    .or(page.getByRole("alert"))
    .first()
    .waitFor();
  await page.getByRole("button", { name: /手动/ }).first().click();
  await page.getByLabel(/纬度/).first().fill("30.2741, 120.1551");
  await page.keyboard.press("Tab");
  await bench.button("提交").click();
  const ticket = await ticketOf(await page.locator(".done .no").innerText());
  assert.equal(ticket.form.evidence.length, 1);
  assert.equal(ticket.form.site.lat, 30.2741);
  assert.equal(ticket.form.site.accuracy, undefined);
  await page.context().close();
});

test("a check-in by hand needs a reason, and is told apart", async () => {
  const ticket = await raised("地下室没有信号");
  await api.post(`/tickets/${ticket.id}/actions/claim`, {}, "zhaomin");
  const { page, bench } = await worker("赵敏", { place: null });
  await bench.opens("地下室没有信号");
  await bench.button("签到").click();
  const visit = bench.dialog("签到");
  await visit.getByText("没有拿到定位").waitFor();
  await isSound(page, "bench-checkin-denied");
  await visit.getByRole("button", { name: "我就在工单的位置" }).click();
  await visit.getByRole("button", { name: "签到", exact: true }).click();
  await visit.getByText("请写明为什么手动标记").waitFor();
  await visit.getByLabel(/手动标记的原因/).fill("地下二层收不到卫星");
  await visit.getByRole("button", { name: "签到", exact: true }).click();
  await bench.says("已签到");
  await page.getByText("手动标记：地下二层收不到卫星").waitFor();
  const [checked] = (await ticketOf(ticket.id)).check_ins;
  assert.equal(checked.accuracy ?? null, null);
  await page.context().close();
});

test("what others do shows within two seconds, and moves nothing", async () => {
  const ticket = await raised("有人在看");
  await api.post(`/tickets/${ticket.id}/actions/claim`, {}, "zhaomin");
  const { page, bench } = await worker("赵敏");
  await bench.opens("有人在看");
  const other = await worker("王芳", { size: "desktop" });
  await other.bench.page.goto(new URL(`/h5/workbench#/t/${ticket.id}`, house.service).href);
  await other.page.getByRole("heading", { name: "有人在看" }).waitFor();
  await page.getByText("王芳 也在看").waitFor({ timeout: 25_000 });
  const began = Date.now();
  await api.post(`/tickets/${ticket.id}/actions/comment`, { text: "客户在门口等" }, "wangfang");
  await page.getByRole("button", { name: /新动态/ }).waitFor({ timeout: 4_000 });
  assert.ok(Date.now() - began < 3_500, "news came late");
  assert.equal(await page.getByText("客户在门口等").count(), 0);
  await page.getByRole("button", { name: /新动态/ }).click();
  await page.getByText("客户在门口等").waitFor();
  await isSound(page, "bench-presence");
  await page.context().close();
  await other.page.context().close();
});

test("the counts are exact and follow what happens elsewhere", async () => {
  const { page, bench } = await worker("周杰");
  const shown = async (name) => Number((await bench.tab(name).innerText()).match(/\d+/)?.[0] ?? 0);
  await page.waitForFunction(() => document.querySelectorAll("[role=tab]").length === 5);
  await raised("数一数");
  const { claimable: wanted } = await api.ask("GET", "/me/counts", undefined, "zhoujie");
  await page.waitForFunction(
    (n) =>
      [...document.querySelectorAll("[role=tab]")].some(
        (t) => /可认领/.test(t.textContent) && t.textContent.includes(String(n)),
      ),
    wanted,
    { timeout: 5_000 },
  );
  assert.equal(await shown("可认领"), wanted);
  await page.context().close();
});

test("somebody was faster: the line comes back with the reason", async () => {
  const ticket = await raised("抢单");
  const { page, bench } = await worker("周杰");
  await bench.tab("可认领").click();
  await bench.line("抢单").waitFor();
  await page.route("**/actions/claim*", async (route) => {
    await api.post(`/tickets/${ticket.id}/actions/claim`, {}, "zhaomin");
    await route.continue();
  });
  await bench.line("抢单").getByRole("button", { name: /^认领/ }).click();
  await bench.says("没有认领");
  assert.equal((await ticketOf(ticket.id)).row.handlers[0].userid, "zhaomin");
  await page.context().close();
});

test("hundreds of tickets scroll smoothly, and coming back finds the place", async () => {
  const many = 300;
  for (let n = 0; n < many; n += 10)
    await Promise.all(Array.from({ length: 10 }, (_, at) => raised(`巡检 ${n + at}`)));
  const { page, bench } = await worker("赵敏", { size: "phone" });
  await bench.tab("可认领").click();
  await bench.line("巡检").first().waitFor();
  for (let n = 0; n < 60; n += 1) {
    await page.mouse.wheel(0, 1_200);
    await page.waitForTimeout(40);
    if (await page.getByText(/到底了/).isVisible()) break;
  }
  await page.getByText(/共 \d+ 张/).waitFor();
  const drawn = await page.locator("article.line").count();
  assert.ok(drawn < 60, `${drawn} lines are drawn`);
  await page.evaluate(() => window.scrollTo(0, 9_000));
  await page.waitForTimeout(300);
  const at = await page.evaluate(() => window.scrollY);
  const title = await page.evaluate(() => {
    const lines = [...document.querySelectorAll("article.line")];
    return lines.find((one) => one.getBoundingClientRect().top > 100).querySelector("a")
      .textContent;
  });
  await page.getByRole("link", { name: title, exact: true }).click();
  await page.getByRole("heading", { name: title, exact: true }).waitFor();
  await page.goBack();
  await page.getByRole("link", { name: title, exact: true }).waitFor();
  assert.ok(Math.abs((await page.evaluate(() => window.scrollY)) - at) < 8);
  await page.context().close();
});

test("a keyboard walks through the list and opens beside it", async () => {
  await raised("键盘一");
  await raised("键盘二");
  const { page, bench } = await worker("赵敏", { size: "desktop" });
  await bench.tab("可认领").click();
  await page.locator("article.line").nth(1).waitFor();
  const titles = await page.locator("article.line a").allInnerTexts();
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("j");
  await page.getByRole("heading", { name: titles[0], exact: true }).waitFor();
  await page.keyboard.press("j");
  await page.getByRole("heading", { name: titles[1], exact: true }).waitFor();
  await page.keyboard.press("k");
  await page.getByRole("heading", { name: titles[0], exact: true }).waitFor();
  await page.keyboard.press("/");
  await page.getByPlaceholder("单号或标题").fill("键盘二");
  await bench.line("键盘一").waitFor({ state: "detached" });
  await bench.line("键盘二").waitFor();
  await isSound(page, "bench-search-desktop");
  await page.context().close();
});

for (const [size, dark] of [
  ["tall", false],
  ["tall", true],
  ["phone", false],
  ["phone", true],
  ["narrow", false],
  ["tablet", false],
  ["tablet", true],
  ["desktop", false],
  ["desktop", true],
]) {
  const name = `bench-${size}-${dark ? "dark" : "light"}`;
  looks(`the workbench is whole and accessible: ${name}`, async () => {
    const title = `大堂灯不亮 ${name}`;
    const ticket = await raised(title);
    await api.post(`/tickets/${ticket.id}/actions/claim`, {}, "zhaomin");
    await raised(`待认领 ${name}`);
    const { page, bench } = await worker("赵敏", { size, dark });
    await bench.line(title).waitFor();
    await isSound(page, `${name}-home`);
    await bench.tab("可认领").click();
    await page.locator("article.line").first().waitFor();
    await isSound(page, `${name}-claimable`);
    await bench.opens(title);
    await page.getByText("创建了工单").waitFor();
    await isSound(page, `${name}-ticket`);
    await bench.button("更多").click();
    await isSound(page, `${name}-more`);
    await page.keyboard.press("Escape");
    await page.evaluate(() => (location.hash = "#/new"));
    await page
      .getByRole("button", { name: /^上门服务/ })
      .first()
      .waitFor();
    await isSound(page, `${name}-templates`);
    await page.evaluate(() => (location.hash = "#/new/field_visit"));
    await page.getByLabel("什么事").waitFor();
    await isSound(page, `${name}-create`);
    await page.evaluate(() => (location.hash = "#/outbox"));
    await page.getByText("都同步好了").waitFor();
    await isSound(page, `${name}-outbox`);
    await page.evaluate(() => (location.hash = "#/asset/QFKT2024-0031"));
    await page.getByText("客厅柜机").waitFor();
    await isSound(page, `${name}-asset`);
    await page.context().close();
  });
}

test("inside the client: the workbench's tile opens it, the client tells where one is, a code finds a device", async () => {
  const page = await browser.window();
  const client = await Client.open(page, house);
  await client.becomes("赵敏");
  await client.talksWith("workbench");
  await page
    .getByRole("button", { name: /打开|进入/ })
    .first()
    .click();
  const frame = page.frameLocator("iframe").last();
  await frame.getByRole("heading", { name: "我的工单" }).waitFor({ timeout: 20_000 });
  await frame.getByRole("button", { name: "新建：上门服务" }).click();
  await frame.getByText(/误差约 \d+ 米/).waitFor({ timeout: 15_000 });
  await frame.getByRole("button", { name: "提交", exact: true }).click();
  const no = await frame.locator(".done .no").innerText();
  const ticket = await ticketOf(no);
  assert.equal(ticket.source, "workbench");
  assert.equal(ticket.form.site.system, "gcj02");
  assert.deepEqual(page.troubles.outside, []);
  await page.context().close();
});

test("in a browser one signs out, and whoever comes next finds nothing", async () => {
  await raised("退出前的工单");
  const { page, bench } = await worker("赵敏");
  await bench.tab("可认领").click();
  await page.locator("article.line").first().waitFor();
  await page.getByRole("button", { name: "退出登录" }).click();
  await page.getByRole("dialog", { name: "赵敏" }).waitFor();
  await screenshot(page, "bench-leave");
  await page.getByRole("dialog").getByRole("button", { name: "退出登录" }).click();
  await page.getByRole("link", { name: "周杰", exact: true }).waitFor();
  const seen = await page.evaluate(() =>
    Object.keys(localStorage).filter((key) => key.startsWith("qidan.seen:zhaomin")),
  );
  assert.deepEqual(seen, []);
  await page.goto(new URL("/h5/workbench", house.service).href);
  await page.getByRole("link", { name: "周杰", exact: true }).waitFor();
});
