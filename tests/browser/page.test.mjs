// The page itself: three sizes, light and dark, readable by everybody, quiet, and honest when the
// service is away.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SIZES, axeFindings, looks, screenshot } from "./support/browser.mjs";
import { Client } from "./support/client.mjs";
import { startHouse } from "./support/house.mjs";
import { setting } from "./support/setting.mjs";

let house;
let browser;

setting((all) => {
  ({ house, browser } = all);
});

const tabOf = (page, name) => page.getByRole("tab", { name });

/** Brings the console to the front where the window is too narrow for all three panes. */
async function openConsole(page) {
  const button = page.getByRole("button", { name: "控制台", exact: true });
  for (const one of await button.all()) if (await one.isVisible()) return one.click();
}

for (const size of Object.keys(SIZES)) {
  for (const dark of [false, true]) {
    const name = `${size}-${dark ? "dark" : "light"}`;
    looks(`the page is whole and accessible: ${name}`, async () => {
      const page = await browser.window({ size, dark });
      const client = await Client.open(page, house);
      const check = async (what) => {
        await screenshot(page, `${name}-${what}`);
        assert.deepEqual(await axeFindings(page), [], `${name} ${what}`);
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.ok(over <= 0, `${name} ${what} scrolls sideways by ${over} px`);
      };

      await check("welcome");
      await client.becomes("王芳");
      await client.says(`${name}：空调坏了`);
      await client.card(`${name}：空调坏了`).waitFor();
      await check("chat");
      await openConsole(page);
      await tabOf(page, "接口调用").click();
      await page
        .getByRole("tabpanel")
        .getByRole("button", { name: /message\/send/ })
        .first()
        .click();
      await check("calls");
      await tabOf(page, "回调").click();
      await page.getByRole("tabpanel").getByRole("button", { name: /text/ }).first().click();
      await check("callbacks");
      await tabOf(page, "故障").click();
      await page.getByRole("switch", { name: /45009/ }).waitFor();
      await check("faults");
      await tabOf(page, "世界").click();
      await page.getByText("添加成员").waitFor();
      await check("world");
      assert.deepEqual(page.troubles, { console: [], outside: [] });
    });
  }
}

test("the keyboard alone picks a person, writes and sends", async () => {
  const page = await browser.window();
  await Client.open(page, house);
  await page.getByRole("searchbox", { name: /^搜索/ }).focus();
  await page.keyboard.type("王芳");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByText("以 王芳 的身份").waitFor();
  await page.getByRole("textbox", { name: /^发消息给/ }).focus();
  await page.keyboard.type("键盘也能报修");
  await page.keyboard.press("Enter");
  await page.getByRole("log").getByText("键盘也能报修", { exact: true }).first().waitFor();
});

test("touch targets are at least 44 pixels on a phone", async () => {
  const page = await browser.window({ size: "phone" });
  const client = await Client.open(page, house);
  await client.becomes("王芳");
  await page.getByRole("log").waitFor();
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, select, textarea, summary")]
      .filter((e) => e.offsetParent !== null && !e.closest(".hidden"))
      .map((e) => ({ words: e.textContent.trim() || e.ariaLabel, box: e.getBoundingClientRect() }))
      .filter(({ box }) => Math.min(box.height, box.width) < 43.5)
      .map(({ words, box }) => `${words}: ${Math.round(box.width)}×${Math.round(box.height)}`),
  );
  assert.deepEqual(small, []);
});

test("a fault can be switched on, counts on its tab, and is switched off again", async () => {
  const page = await browser.window();
  await Client.open(page, house);
  await tabOf(page, "故障").click();
  const fault = page.getByRole("switch", { name: /45009/ });
  await fault.click();
  await page.locator('[role=switch][aria-checked="true"]', { hasText: "45009" }).waitFor();
  await page.getByRole("tab", { name: /故障.*1/ }).waitFor();
  await fault.click();
  await page.locator('[role=switch][aria-checked="false"]', { hasText: "45009" }).waitFor();
});

test("sending while the service is down says so", async () => {
  const own = await startHouse();
  try {
    const page = await browser.window();
    const client = await Client.open(page, own);
    await client.becomes("王芳");
    await own.stop();
    await page.getByText("已断开，正在重连").waitFor();
    await client.says("还有人吗");
    const log = client.chat;
    await log.getByText("未送达：连不上模拟器").waitFor();
    await log.getByRole("button", { name: "重试" }).waitFor();
    await screenshot(page, "service-down");
    assert.deepEqual(await axeFindings(page), []);
    assert.deepEqual(page.troubles.outside, []);
  } finally {
    await own.stop();
  }
});
