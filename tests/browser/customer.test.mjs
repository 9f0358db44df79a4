// The customer's side in a browser: the progress page in each of its states on two phones, light and
// dark, with and without script; and the form behind a QR code.
import assert from "node:assert/strict";
import { test } from "node:test";
import { axeFindings, looks, screenshot } from "./support/browser.mjs";
import { setting, step } from "./support/setting.mjs";

let house;
let api;
let browser;

setting(async (all) => {
  ({ house, api, browser } = all);
  await api.publish(TEMPLATE);
});

const known = (key, name, publicName) => ({
  key,
  name,
  public_name: publicName,
  ...step(["liuyang"]),
});

const TEMPLATE = {
  key: "customer_repair",
  name: "门店报修",
  customer: { phone: true, solved_at: "visit" },
  form: {
    fields: [
      { key: "title", kind: "text", label: "哪里坏了", required: true },
      { key: "store", kind: "text", label: "门店" },
      { key: "description", kind: "textarea", label: "说明" },
      { key: "phone", kind: "phone", label: "联系电话" },
      { key: "photos", kind: "images", label: "照片" },
    ],
  },
  flow: {
    steps: [known("fix", "内部派单维修", "上门维修"), known("visit", "回访", "回访确认")],
  },
};

const TITLE = "三楼会议室的空调不制冷，漏水到地板上<b>";

async function raised() {
  const form = { title: TITLE, description: "昨天下午开始漏水，已经用盆接着。" };
  const ticket = await api.post("/tickets", { template: TEMPLATE.key, form }, "wangfang");
  const { url } = await api.post(`/tickets/${ticket.id}/progress_link`);
  return { id: ticket.id, url };
}

const act = (id, verb, body = {}, who = "liuyang") =>
  api.post(`/tickets/${id}/actions/${verb}`, body, who);

/** The page fits, and nothing serious is wrong with it. */
async function isSound(page, name) {
  await screenshot(page, name, { fullPage: true });
  assert.deepEqual(await axeFindings(page), [], name);
  // Over a gradient the checker cannot judge: what stands in the head is white.
  const head = page.locator("header.hero h1");
  if ((await head.count()) > 0)
    assert.equal(await head.evaluate((one) => getComputedStyle(one).color), "rgb(255, 255, 255)");
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.equal(wide, 0, `${name} scrolls sideways`);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, a, summary, input:not([type=hidden]), select, textarea")]
      .filter((one) => one.offsetParent !== null && !one.closest(".chip, .tick, .trap, label"))
      .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect().height])
      .filter(([, height]) => height < 43.5),
  );
  assert.deepEqual(small, [], `${name}: targets`);
  assert.deepEqual(page.troubles.outside, []);
  assert.deepEqual(page.troubles.console, []);
}

/** Each state as both phones show it, light and dark. */
async function inEveryLight(url, name) {
  for (const [size, dark] of [
    ["tall", false],
    ["tall", true],
    ["phone", false],
    ["phone", true],
  ]) {
    const page = await browser.window({ size, dark });
    await page.goto(url);
    await isSound(page, `customer-${name}-${size}-${dark ? "dark" : "light"}`);
    await page.context().close();
  }
}

looks("every state of a ticket reads well on a phone, light and dark", async () => {
  const { id, url } = await raised();
  await inEveryLight(url, "waiting");
  await act(id, "claim");
  await inEveryLight(url, "working");
  await act(id, "ask", { fields: ["phone"] });
  await inEveryLight(url, "asked");
  const page = await browser.window({ size: "phone" });
  await page.goto(url);
  await page.getByRole("link", { name: "去填写" }).click();
  await page.getByRole("textbox", { name: /联系电话/ }).fill("13812345678");
  await isSound(page, "customer-question");
  await page.getByRole("button", { name: "提交" }).click();
  await page.getByText("已收到，谢谢您").waitFor();
  await act(id, "complete");
  await inEveryLight(url, "asked-if-solved");
  await act(id, "claim").catch(() => undefined);
  await act(id, "complete");
  await inEveryLight(url, "closed");
  await page.goto(url);
  await page.getByRole("button", { name: /^5 星/ }).click();
  await inEveryLight(url, "rated");
  await api.delete(`/tickets/${id}/progress_link`);
  await inEveryLight(url, "revoked").catch((error) => {
    // The browser itself notes the 404.
    if (!String(error).includes("404")) throw error;
  });
});

test("a customer sees news at once, answers with a photo, and rates in one tap", async () => {
  const { id, url } = await raised();
  const page = await browser.window({ size: "tall" });
  await page.goto(url);
  const top = await page.evaluate(() => window.scrollY);
  await act(id, "claim");
  const began = Date.now();
  await page.getByText("有新进展，点此查看").waitFor({ timeout: 4_000 });
  assert.ok(Date.now() - began < 3_000, "news are there within two seconds");
  assert.equal(await page.evaluate(() => window.scrollY), top, "and nothing jumps");
  await screenshot(page, "customer-news");
  await page.getByText("有新进展，点此查看").click();
  await page.getByRole("heading", { name: "刘洋 正在处理" }).waitFor();

  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  await page.getByLabel("有补充或疑问，写在这里").fill("下午三点后有人在家 <i>谢谢</i>");
  await page
    .getByLabel(/添加照片/)
    .setInputFiles([1, 2].map((n) => ({ name: `${n}.png`, mimeType: "image/png", buffer: png })));
  assert.equal(await page.locator("#previews img").count(), 2, "photos are seen before they go");
  await isSound(page, "customer-reply");
  // Two taps are one.
  await page.getByRole("button", { name: "发送" }).dblclick();
  await page.getByText("您的留言已送达").waitFor();
  await isSound(page, "customer-replied");
  const history = await api.get(`/tickets/${id}/timeline`);
  assert.equal(history.items.filter(({ verb }) => verb === "reply").length, 1);

  await act(id, "complete");
  await act(id, "claim").catch(() => undefined);
  await act(id, "complete");
  await page.goto(url);
  await page.getByRole("button", { name: "4 星，满意" }).click();
  await page.getByText("感谢您的评价").waitFor();
  await page.getByRole("checkbox", { name: "响应及时" }).check();
  await page.getByRole("button", { name: "保存" }).first().click();
  await page.getByText("感谢您的评价").waitFor();
  const rated = (await api.get(`/tickets/${id}/timeline`)).items.filter(
    ({ verb }) => verb === "rate",
  );
  assert.match(rated.at(-1).text, /4 星（响应及时）/);
  await page.locator("summary", { hasText: "没有解决" }).click();
  await page.getByRole("button", { name: "没有解决，请继续处理" }).click();
  await page.getByText("已收到您的反馈").waitFor();
  assert.equal((await api.get(`/tickets/${id}`)).status, "open");
  await page.getByText("通知设置").click();
  await page.getByRole("button", { name: "一键退订" }).click();
  await page.getByText("已退订，您不会再收到").waitFor();
  await isSound(page, "customer-unsubscribed");
});

test("the page works without script and at 320 pixels", async () => {
  const { url } = await raised();
  const page = await browser.window({ size: "narrow", script: false });
  await page.goto(url);
  await page.getByLabel("有补充或疑问，写在这里").fill("在吗");
  await page.getByRole("button", { name: "发送" }).click();
  await page.getByText("您的留言已送达").waitFor();
  await screenshot(page, "customer-without-script", { fullPage: true });
});

test("the form behind a code is filled in, sent once, and leads to the progress page", async () => {
  await api.put("/codes/browser_shop", {
    key: "browser_shop",
    name: "一号店贴纸",
    template: TEMPLATE.key,
    defaults: { store: "一号店" },
    place: "收银台",
    intro: "拍张照片、写一句话就行，我们马上安排师傅。",
    phone: "phone",
  });
  const link = new URL("/q/browser_shop", house.service).href;
  for (const [size, dark] of [
    ["tall", false],
    ["tall", true],
    ["phone", false],
    ["phone", true],
  ]) {
    const page = await browser.window({ size, dark });
    await page.goto(link);
    await page.getByRole("heading", { name: "门店报修" }).waitFor();
    await page.getByText("一号店").waitFor();
    await isSound(page, `public-form-${size}-${dark ? "dark" : "light"}`);
    await page.context().close();
  }
  const page = await browser.window({ size: "tall" });
  await page.goto(link);
  await page.getByRole("button", { name: "提交" }).click();
  await page.getByText("有 1 处需要改正").waitFor();
  await screenshot(page, "public-wrong", { fullPage: true });
  await page.getByRole("textbox", { name: /哪里坏了/ }).fill("收银机开不了");
  await page.getByRole("button", { name: "提交" }).dblclick();
  await page.getByRole("heading", { name: "已收到" }).waitFor({ timeout: 10_000 });
  await isSound(page, "public-done");
  const counts = await api.get("/codes/browser_shop/counts");
  assert.deepEqual([counts.scans, counts.submits], [5, 1]);
  await page.getByRole("link", { name: "查看处理进度" }).click();
  await page.getByText("收银机开不了").first().waitFor();
  const gone = await browser.window({ size: "phone" });
  await gone.goto(new URL("/q/nowhere", house.service).href);
  await gone.getByText("没有这个入口").waitFor();
  await screenshot(gone, "public-nowhere");
});
