// The tab of a customer's profile: the tickets so far beside a new one, and all that is his.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SIZES, looks, screenshot } from "./support/browser.mjs";
import { checkFrame, HEYAN, openProfile } from "./support/h5.mjs";
import { setting } from "./support/setting.mjs";

let house;
let api;
let browser;

setting((all) => {
  ({ house, api, browser } = all);
});

test("past tickets, the newest first, stand beside a new one, and only those that one may see", async () => {
  const page = await browser.window({ size: "tablet" });
  const { frame } = await openProfile(page, house);
  await frame.locator("[data-no]").first().waitFor();
  const shown = await frame
    .locator("[data-no]")
    .evaluateAll((lines) => lines.map((line) => line.dataset.no));
  const { items } = await api.get(`/tickets?customer=${HEYAN}`);
  const mine = items.filter(
    ({ creator, tasks }) =>
      creator.userid === "zhangsan" || tasks.some(({ owner }) => owner === "zhangsan"),
  );
  assert.deepEqual([...shown].sort(), mine.map(({ no }) => no).sort());
  assert.ok(shown.length < items.length || mine.length === items.length);
  const isEnded = (no) => items.find((one) => one.no === no).closed_at !== null;
  assert.deepEqual(
    shown.map(isEnded),
    shown.map(isEnded).sort((a, b) => Number(a) - Number(b)),
  );
  await frame.getByRole("heading", { name: "新建工单" }).waitFor();
  await frame.locator(".templates [data-template]").first().waitFor();
  await screenshot(page, "profile-side-by-side");

  // What is made here belongs to the customer and says from where it is.
  await frame.locator('.templates [data-template="general_request"]').click();
  const title = frame.getByRole("textbox", { name: "标题" });
  await title.waitFor();
  await title.fill("从资料页建的");
  await frame.getByRole("button", { name: "提交", exact: true }).click();
  const made = frame.locator("[data-created]");
  await made.waitFor();
  const ticket = await api.get(`/tickets/${await made.getAttribute("data-created")}`);
  assert.deepEqual(
    [ticket.source, ticket.customer.external_userid, ticket.creator.userid],
    ["customer_profile", HEYAN, "zhangsan"],
  );
  await frame.locator(`[data-no="${ticket.no}"]`).waitFor();
});

test("devices with their service, orders and chances stand there, and a device gets a ticket", async () => {
  const page = await browser.window();
  const { frame } = await openProfile(page, house);
  await frame.getByRole("tab", { name: /设备/ }).click();
  const device = frame.locator('[data-asset="QFKT2024-0031"]');
  await device.getByText(/服务过 \d+ 次/).waitFor();
  await device.getByText("保修至 2032-06-04").waitFor();
  await device.getByText("一级").waitFor();
  await screenshot(page, "profile-devices");
  await frame.getByRole("tab", { name: /订单/ }).click();
  await frame.getByText("柜机 KFR-72LW × 1").waitFor();
  await frame.getByText("¥8,999.00").waitFor();
  await frame.getByRole("tab", { name: /商机/ }).click();
  await frame.getByText("全屋新风加装").waitFor();
  await screenshot(page, "profile-chances");
  await frame.getByRole("tab", { name: /资料/ }).click();
  await frame.getByText("跟进人").waitFor();
  await frame.getByRole("tab", { name: /设备/ }).click();
  await device.getByRole("button", { name: "为它建单" }).click();
  const sheet = frame.getByRole("dialog");
  await sheet.getByRole("button", { name: "提交", exact: true }).waitFor();
  await screenshot(page, "profile-device-ticket");
});

test("who does not follow the customer is told so", async () => {
  const page = await browser.window();
  const { frame } = await openProfile(page, house);
  await frame.locator(`[data-customer="${HEYAN}"]`).waitFor();
  const url = new URL(frame.url());
  await frame.evaluate(() => {
    localStorage.clear();
  });
  // Somebody else's customer, named by the page's address in a plain browser, is refused all the same.
  const plain = await browser.window();
  await plain.goto(`${url.origin}/h5/profile?customer=woQFAAAA0004tangbo`);
  await plain.waitForURL(/wwlogin|sso|authorize/);
  await plain.getByText("张三").first().click();
  await plain.waitForURL(/h5\/profile/);
  await plain.getByText("这位客户不归你跟进").waitFor();
  await screenshot(plain, "profile-not-mine");
});

for (const size of Object.keys(SIZES)) {
  for (const dark of [false, true]) {
    const name = `profile-${size}-${dark ? "dark" : "light"}`;
    looks(`every state is whole and accessible: ${name}`, async () => {
      const page = await browser.window({ size, dark });
      const { frame } = await openProfile(page, house);
      const check = async (what) => {
        await screenshot(page, `${name}-${what}`);
        await checkFrame(frame, `${name} ${what}`);
      };
      await frame.locator("[data-no]").first().waitFor();
      await check("tickets");
      for (const tab of ["设备", "订单", "商机", "资料"]) {
        await frame.getByRole("tab", { name: new RegExp(`^${tab}`) }).click();
        await frame.locator(".thing").first().waitFor();
        await check(tab);
      }
      await frame.locator(".templates [data-template]").first().click();
      await frame.getByRole("button", { name: "提交", exact: true }).waitFor();
      await frame.locator("form[data-template]").waitFor();
      await check("form");
    });
  }
}
