// Beside a chat with a customer: a ticket in two taps, and everything that one does with it there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SIZES, looks, screenshot } from "./support/browser.mjs";
import { checkFrame, HEYAN, openSidebar } from "./support/h5.mjs";
import { control } from "./support/house.mjs";
import { setting, step } from "./support/setting.mjs";

let house;
let api;
let browser;

const WORK = {
  key: "work",
  name: "处理",
  ...step(["zhaomin"]),
};
const QUICK = {
  key: "quick",
  name: "上门检查",
  category: "测试",
  form: {
    fields: [
      { key: "title", kind: "text", label: "标题", required: true },
      { key: "phone", kind: "phone", label: "联系电话" },
      { key: "serial", kind: "text", label: "序列号" },
      { key: "description", kind: "textarea", label: "补充说明" },
      { key: "images", kind: "images", label: "图片" },
    ],
  },
  flow: { steps: [WORK] },
};

setting(async (all) => {
  ({ house, api, browser } = all);
  await api.publish(QUICK);
});

const button = (frame, name) => frame.getByRole("button", { name, exact: true });
const chip = (frame, key) => frame.locator(`.templates [data-template="${key}"]`);
const made = (frame) => frame.locator("[data-created]");
const noOf = (frame) => made(frame).getAttribute("data-created");
const ticketOf = async (no) => api.get(`/tickets/${no}`);
/** Opened with this template, its form drawn and filled in. */
async function begun(page, key = "quick") {
  const { client, frame } = await openSidebar(page, house);
  await chip(frame, key)
    .or(frame.getByText("全部", { exact: true }))
    .first()
    .waitFor();
  if (!(await chip(frame, key).isVisible())) {
    await frame.getByRole("button", { name: "全部", exact: true }).click();
    await frame.getByRole("dialog").locator(`button[data-template="${key}"]`).click();
  } else await chip(frame, key).click();
  await frame.locator(`form[data-template="${key}"]`).waitFor();
  await button(frame, "提交").waitFor();
  return { client, frame };
}
const field = (frame, name) => frame.getByRole("textbox", { name });
/** The client's answers fail in this way while `work` goes on. */
async function failing(effect, work) {
  await control(house, "faults", { path: "jssdk/*", effect, times: 50 });
  try {
    await work();
  } finally {
    await fetch(new URL("/_sim/faults", house.simulator), { method: "DELETE" });
  }
}

test("two taps from the chat make a ticket that knows the customer, and nothing leaves the page", async () => {
  const page = await browser.window();
  for (const title of ["第一次上门", "第二次上门", "第三次上门"]) {
    const form = { title };
    const { id } = await api.post(
      "/tickets",
      { template: "quick", customer: HEYAN, form },
      "zhangsan",
    );
    await api.post(`/tickets/${id}/actions/withdraw`, {}, "zhangsan");
  }
  // What is used most comes first: one tap opens the sidebar, the second submits.
  const { client, frame } = await openSidebar(page, house);
  await frame.locator('form[data-template="quick"]').waitFor();
  await frame.getByText("13800000001").first().waitFor();
  const filled = frame.getByRole("button", { name: "清除自动填写的联系电话" });
  await filled.waitFor();
  assert.equal(await field(frame, "联系电话").inputValue(), "13800000001");
  const address = frame.url();
  await button(frame, "提交").click();
  await made(frame).waitFor();
  await screenshot(page, "sidebar-created");
  assert.equal(frame.url(), address);

  const no = await noOf(frame);
  const ticket = await ticketOf(no);
  assert.equal(ticket.source, "chat_sidebar");
  assert.equal(ticket.customer.external_userid, HEYAN);
  assert.equal(ticket.creator.userid, "zhangsan");
  assert.equal(ticket.form.phone, "13800000001");
  assert.equal(ticket.context.customer.external_userid, HEYAN);
  assert.equal(ticket.context.owner.userid, "zhangsan");
  assert.ok(ticket.context.last_contact_at);
  await made(frame).getByText("处理期限").waitFor();
  await made(frame).getByText("赵敏").waitFor();

  // The customer hears of it with one more tap.
  await button(frame, "发送给客户").click();
  await button(frame, "已发送，再发一次").waitFor();
  await client.chat.getByText(`您的工单 ${no} 已受理`).waitFor();
  await frame.getByRole("tab", { name: /进行中/ }).click();
  await frame.locator(`[data-no="${no}"]`).waitFor();
  assert.deepEqual(page.troubles.outside, []);
});

test("a ticket can be taken back for ten seconds, and what was written is still there", async () => {
  const page = await browser.window();
  const { frame } = await begun(page);
  await field(frame, "标题").fill("按错了的工单");
  await field(frame, "补充说明").fill("其实是厨房");
  // A double tap is one intent.
  await button(frame, "提交").dblclick();
  await made(frame).waitFor();
  const no = await noOf(frame);
  await frame.getByRole("button", { name: /^撤销（\d+ 秒）$/ }).click();
  await frame.locator('form[data-template="quick"]').waitFor();
  assert.equal(await field(frame, "标题").inputValue(), "按错了的工单");
  assert.equal(await field(frame, "补充说明").inputValue(), "其实是厨房");
  assert.equal((await ticketOf(no)).status, "cancelled");
  const { items } = await api.get(`/tickets?customer=${HEYAN}&template=quick&q=按错了的工单`);
  assert.equal(items.length, 1);
});

test("what may have been reported already is shown, and what was written is added to it", async () => {
  const page = await browser.window();
  const form = { title: "卧室空调异响" };
  const there = await api.post(
    "/tickets",
    { template: "quick", customer: HEYAN, form },
    "zhangsan",
  );
  const { frame } = await begun(page);
  await field(frame, "标题").fill("卧室空调异响得厉害");
  await field(frame, "补充说明").fill("晚上更响");
  const same = frame.locator(".same").filter({ hasText: there.no });
  await same.waitFor();
  await screenshot(page, "sidebar-similar");
  await same.getByRole("button", { name: "追加到该工单" }).click();
  await made(frame).getByText("已追加到工单").waitFor();
  const { items } = await api.get(`/tickets/${there.no}/timeline`);
  const said = items.find(({ verb }) => verb === "comment");
  assert.match(said.text, /晚上更响/);
  assert.equal(said.actor.userid, "zhangsan");
});

test("pasted words and pictures find their places, and numbers are offered", async () => {
  const page = await browser.window();
  const { frame } = await begun(page);
  await frame.evaluate(() => {
    const data = new DataTransfer();
    data.setData("text/plain", "客厅柜机漏水。序列号 QFKT2025-0099，打 13911112222 找我");
    const paste = new ClipboardEvent("paste", {
      clipboardData: data,
      bubbles: true,
      cancelable: true,
    });
    document.body.dispatchEvent(paste);
  });
  assert.equal(await field(frame, "标题").inputValue(), "客厅柜机漏水");
  assert.match(await field(frame, "补充说明").inputValue(), /漏水/);
  await frame.getByRole("button", { name: /填到序列号.*QFKT2025-0099/ }).click();
  await frame.getByRole("button", { name: /填到联系电话.*13911112222/ }).click();
  assert.equal(await field(frame, "序列号").inputValue(), "QFKT2025-0099");
  assert.equal(await field(frame, "联系电话").inputValue(), "13911112222");
  await frame.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
    canvas.getContext("2d").fillRect(0, 0, 64, 48);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    const data = new DataTransfer();
    data.items.add(new File([blob], "截图.png", { type: "image/png" }));
    const paste = new ClipboardEvent("paste", {
      clipboardData: data,
      bubbles: true,
      cancelable: true,
    });
    document.body.dispatchEvent(paste);
  });
  await frame.getByRole("button", { name: /^查看/ }).first().waitFor();
  await screenshot(page, "sidebar-pasted");
  // What this browser cannot read is told with the mend, and does not go along.
  await frame.evaluate(() => {
    const data = new DataTransfer();
    const bytes = new TextEncoder().encode("\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    data.items.add(new File([bytes], "IMG_1.HEIC", { type: "image/heic" }));
    const drop = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector("form.create").dispatchEvent(drop);
  });
  await frame.getByText("兼容性最佳", { exact: false }).waitFor();
  await frame.getByRole("button", { name: "删除 IMG_1.HEIC" }).click();
  await button(frame, "提交").dblclick();
  await made(frame).waitFor();
  const twice = await api.get(`/tickets?q=${encodeURIComponent("客厅柜机漏水")}`);
  assert.equal(twice.items.length, 1);
  const ticket = await ticketOf(await noOf(frame));
  assert.equal(ticket.form.images.length, 1);
  assert.equal(ticket.form.serial, "QFKT2025-0099");
});

test("a finger to the right shows all templates, and the second gesture opens a form", async () => {
  const page = await browser.window({ size: "phone" });
  const { frame } = await openSidebar(page, house);
  await frame.locator(".templates [data-template]").first().waitFor();
  await frame.evaluate(() => {
    const target = document.querySelector("main");
    const touch = (x) => new Touch({ identifier: 1, target, clientX: x, clientY: 300 });
    const send = (name, x, is) =>
      target.dispatchEvent(
        new TouchEvent(name, {
          touches: is ? [touch(x)] : [],
          changedTouches: [touch(x)],
          bubbles: true,
        }),
      );
    send("touchstart", 40, true);
    send("touchend", 220, false);
  });
  const drawer = frame.getByRole("dialog", { name: "全部模板" });
  await drawer.waitFor();
  await screenshot(page, "sidebar-drawer");
  await drawer.getByRole("searchbox").fill("退货");
  await drawer.locator('[data-template="repair"]').waitFor({ state: "detached" });
  await drawer.getByRole("button", { name: "置顶 退货退款" }).click();
  await drawer.getByText("置顶", { exact: true }).waitFor();
  await drawer.locator('[data-template="return"]').click();
  await frame.locator('form[data-template="return"]').waitFor();
  await api.ask("DELETE", "/me/pins/return", undefined, "zhangsan");
});

test("the last ticket's device and address come along and can be changed", async () => {
  const page = await browser.window();
  const { frame } = await begun(page, "repair");
  await frame.getByRole("button", { name: /清除自动填写的.*地址/ }).waitFor();
  await screenshot(page, "sidebar-prefilled");
  const serial = frame.locator('[data-field="serial"] input');
  const { items } = await api.get(`/tickets?customer=${HEYAN}`);
  const last = items.find(({ form }) => form.serial);
  assert.equal(await serial.inputValue(), last.form.serial);
  await serial.fill("QFKT2025-0007");
  const detail = frame.locator('[data-field="address"]').getByRole("textbox").last();
  assert.equal(await detail.inputValue(), "望江苑 3-1201");
  await detail.fill("望江苑 3-1202");
  assert.equal(await serial.inputValue(), "QFKT2025-0007");
});

test("a draft outlives the page, and is dropped on a wish", async () => {
  const page = await browser.window();
  const first = await begun(page);
  await field(first.frame, "标题").fill("写到一半");
  await page.getByRole("button", { name: "关闭网页" }).click();
  const again = await openSidebar(page, house);
  await again.frame.getByText("已恢复草稿").waitFor();
  assert.equal(await field(again.frame, "标题").inputValue(), "写到一半");
  await screenshot(page, "sidebar-draft");
  await again.frame.getByRole("button", { name: "不要草稿" }).click();
  assert.notEqual(await field(again.frame, "标题").inputValue(), "写到一半");
});

test("a lost session logs in anew and the draft is still there", async () => {
  const page = await browser.window();
  const { frame } = await begun(page);
  await field(frame, "标题").fill("会话断了也在");
  await page.context().clearCookies();
  await button(frame, "提交").click();
  await frame.getByText("已恢复草稿").waitFor();
  assert.equal(await field(frame, "标题").inputValue(), "会话断了也在");
  await button(frame, "提交").click();
  await made(frame).waitFor();
});

test("a template that changes while its form is open keeps what was written", async () => {
  const page = await browser.window();
  const own = { ...QUICK, key: "moving", name: "会变的模板" };
  await api.publish(own);
  const { frame } = await begun(page, "moving");
  await field(frame, "标题").fill("改版前写的");
  const [title, phone, , ...rest] = own.form.fields;
  const must = { key: "floor", kind: "text", label: "楼层", required: true };
  await api.publish({ ...own, form: { fields: [title, phone, must, ...rest] } });
  await button(frame, "提交").click();
  await frame.getByText("模板刚刚更新了").waitFor();
  assert.equal(await field(frame, "标题").inputValue(), "改版前写的");
  await field(frame, "楼层").fill("3");
  await button(frame, "提交").click();
  await made(frame).waitFor();
  const { form } = await ticketOf(await noOf(frame));
  assert.deepEqual([form.title, form.floor], ["改版前写的", "3"]);
});

test("wrong answers are told at their fields, the service's too", async () => {
  const page = await browser.window();
  const { frame } = await begun(page);
  await field(frame, "标题").fill("");
  await field(frame, "联系电话").fill("123");
  await button(frame, "提交").click();
  await frame.getByText("请填写标题").waitFor();
  await frame.getByText(/请写手机号/).waitFor();
  await screenshot(page, "sidebar-wrong");
  assert.equal(await made(frame).count(), 0);
});

test("the first screen waits for nobody: a slow client, one that refuses, one without a network", async () => {
  const page = await browser.window();
  await begun(page);
  await page.getByRole("button", { name: "关闭网页" }).click();
  await failing({ slow_ms: 3_000 }, async () => {
    const { frame } = await openSidebar(page, house);
    await frame.locator('form[data-template="quick"]').waitFor({ timeout: 2_500 });
    await button(frame, "正在读取客户…").waitFor();
    await field(frame, "标题").fill("边等边写");
    await screenshot(page, "sidebar-slow");
    // Who it is comes later, and takes nothing away.
    await button(frame, "提交").waitFor({ timeout: 20_000 });
    assert.equal(await field(frame, "标题").inputValue(), "边等边写");
    await frame.locator(`[data-customer="${HEYAN}"]`).waitFor();
  });
  await page.getByRole("button", { name: "关闭网页" }).click();
  await failing({ denied: true }, async () => {
    const { frame } = await openSidebar(page, house);
    await frame.getByText("还不知道是哪位客户").waitFor();
    await frame.getByText(/可信域名/).waitFor();
    await button(frame, "提交（不关联客户）").waitFor();
    await checkFrame(frame, "denied");
    await screenshot(page, "sidebar-denied");
  });
  await failing({ offline: true }, async () => {
    const { frame } = await openSidebar(page, house);
    await frame.getByText(/连不上企业微信/).waitFor();
    await screenshot(page, "sidebar-offline");
  });
  const { frame } = await openSidebar(page, house);
  await frame.locator(`[data-customer="${HEYAN}"]`).waitFor();
});

test("what was chosen and begun before the client said who it is stays", async () => {
  const page = await browser.window();
  await failing({ slow_ms: 3_000 }, async () => {
    const { frame } = await openSidebar(page, house);
    await frame.locator(".templates [aria-pressed=true]").waitFor();
    const first = await frame
      .locator(".templates [aria-pressed=true]")
      .getAttribute("data-template");
    const other = first === "repair" ? "return" : "repair";
    await button(frame, "全部").click();
    await frame.getByRole("dialog").locator(`button[data-template="${other}"]`).click();
    const form = frame.locator(`form[data-template="${other}"]`);
    await form.waitFor();
    await button(frame, "正在读取客户…").waitFor();
    const box = form.locator("textarea").first();
    await box.fill("先写着");
    await button(frame, "提交").waitFor({ timeout: 20_000 });
    await frame.locator(`[data-customer="${HEYAN}"]`).waitFor();
    await frame.getByRole("tab", { name: /进行中/ }).waitFor();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal(await box.inputValue(), "先写着");
  });
});

test("a customer that somebody else follows is not shown, whatever the page claims", async () => {
  const page = await browser.window();
  const { frame } = await openSidebar(page, house);
  await frame.locator(`[data-customer="${HEYAN}"]`).waitFor();
  const refused = await frame.evaluate(async (other) => {
    const me = await (await fetch("/api/v1/me")).json();
    const headers = { "qidan-csrf": me.csrf, "content-type": "application/json" };
    const seen = await fetch(`/api/v1/context/customer/${other}`, { headers });
    const body = JSON.stringify({
      template: "quick",
      source: "chat_sidebar",
      customer: other,
      form: { title: "伪造" },
    });
    const created = await fetch("/api/v1/tickets", { method: "POST", headers, body });
    return [seen.status, (await seen.json()).code, created.status, (await created.json()).code];
  }, "woQFAAAA0004tangbo");
  assert.deepEqual(refused, [403, "customer.not_yours", 403, "customer.not_yours"]);
});

for (const size of Object.keys(SIZES)) {
  for (const dark of [false, true]) {
    const name = `sidebar-${size}-${dark ? "dark" : "light"}`;
    looks(`every state is whole and accessible: ${name}`, async () => {
      const page = await browser.window({ size, dark });
      const { frame } = await begun(page);
      const check = async (what) => {
        await screenshot(page, `${name}-${what}`);
        await checkFrame(frame, `${name} ${what}`);
      };
      await field(frame, "标题").fill(`看看 ${name}`);
      await check("form");
      await button(frame, "提交").click();
      await made(frame).waitFor();
      await check("created");
      await frame.getByRole("tab", { name: /进行中/ }).click();
      await frame.locator("[data-no]").first().waitFor();
      await check("open");
      await frame.locator("[data-no]").first().click();
      await frame.locator("[data-ticket]").waitFor();
      await frame.getByText("创建了工单").first().waitFor();
      await check("ticket");
      await frame.getByRole("dialog").getByRole("button", { name: "更多" }).click();
      await check("more");
      await frame.getByRole("button", { name: "关闭" }).last().click();
      await frame.getByRole("dialog").getByRole("button", { name: "沟通" }).click();
      await frame.getByRole("textbox", { name: "内容" }).waitFor();
      await check("comment");
      await frame.getByRole("button", { name: "关闭" }).last().click();
      await frame.getByRole("button", { name: "关闭" }).last().click();
      await frame.getByRole("tab", { name: "历史" }).click();
      await frame.locator("[data-no]").first().waitFor();
      await check("past");
      await button(frame, "客户详情").click();
      await frame.getByText("QFKT2024-0031").first().waitFor();
      await check("details");
    });
  }
}
