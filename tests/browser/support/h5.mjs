// The service's pages inside the simulated client: who opens which, and what is looked at in them.
import assert from "node:assert/strict";
import { axeFindings } from "./browser.mjs";
import { Client } from "./client.mjs";

export const HEYAN = "wmQFAAAA0001heyan";
export const TANGBO = "woQFAAAA0004tangbo";
export const YUNQI = "wrQFAAAA0002yunqi";

const isPage = () => document.querySelector("main.page") !== null;

/** The frame that shows what begins with this address, once it has drawn itself. */
export async function frameAt(page, url, isDrawn) {
  for (let tries = 0; tries < 300; tries += 1) {
    const frame = page.frames().find((one) => one.url().startsWith(url));
    if (frame && (await frame.evaluate(isDrawn).catch(() => false))) return frame;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no frame shows ${url}`);
}

/** The frame that shows a page of the service. */
const frameOf = (page, house, path) =>
  frameAt(page, `${new URL(house.service).origin}/h5/${path}`, isPage);

async function talk(page, house, who, id) {
  const client = await Client.open(page, house);
  await client.becomes(who);
  await client.talksWith(id);
  return client;
}

export async function openSidebar(page, house, who = "张三", customer = HEYAN) {
  const client = await talk(page, house, who, customer);
  await page.getByRole("button", { name: "侧边栏", exact: true }).click();
  return { client, frame: await frameOf(page, house, "sidebar") };
}

export async function openProfile(page, house, who = "张三", customer = HEYAN) {
  const client = await talk(page, house, who, customer);
  await page.getByRole("button", { name: /^查看 .* 的资料$/ }).click();
  return { client, frame: await frameOf(page, house, "profile") };
}

export async function openGroup(page, house, who = "刘洋", chat = YUNQI) {
  const client = await talk(page, house, who, chat);
  await page.getByRole("button", { name: "群工具栏" }).click();
  return { client, frame: await frameOf(page, house, "group") };
}

/** The page of a frame is whole: nothing sticks out, nothing is too small, everybody can use it. */
export async function checkFrame(frame, what) {
  // What stands at the lower edge covers what has not been scrolled to yet.
  await frame.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  assert.deepEqual(await axeFindings(frame), [], what);
  await frame.evaluate(() => scrollTo(0, 0));
  const found = await frame.evaluate(() => {
    const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const seen = [
      ...document.querySelectorAll("button, select, input:not([type=checkbox]):not([type=file])"),
    ].filter((one) => {
      const { width, height } = one.getBoundingClientRect();
      return width > 0 && height > 0 && getComputedStyle(one).visibility !== "hidden";
    });
    const small = seen
      .filter((one) => one.getBoundingClientRect().height < 43.5)
      .filter((one) => !one.closest(".filled, .head, [data-no]"))
      .map((one) => `${one.className} ${one.textContent.trim().slice(0, 20)}`);
    return { over, small };
  });
  assert.deepEqual(found, { over: 0, small: [] }, what);
}
