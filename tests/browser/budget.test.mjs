// How much of the main thread's time each page takes until it stands there; the budgets are those of a
// desktop's core. And what it need not ask.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openBench } from "./support/bench.mjs";
import { looks } from "./support/browser.mjs";
import { setting } from "./support/setting.mjs";
import { measured, pagesOf, waitDrawn, YARD_MS } from "./support/thread.mjs";

const TRIES = 6;
const NAMES = ["/h5/sidebar", "/h5/profile", "/h5/group", "/h5/workbench", "/q/budget", "/t/…"];

const all = {};
let pages;

setting(async (ready) => {
  Object.assign(all, ready);
  pages = await pagesOf(all);
});

for (const name of NAMES) {
  looks(`${name} stands there within its budget of the main thread`, async (story) => {
    const page = pages.find((one) => one.name === name);
    const { yard, took } = await measured(all, page, TRIES);
    const allowed = page.budget * Math.max(1, yard / YARD_MS);
    const words = `${name}: ${took.toFixed(0)} of ${allowed.toFixed(0)} ms (yardstick ${yard.toFixed(0)} ms)`;
    story.diagnostic(words);
    assert.ok(took <= allowed, words);
  });
}

test("who opens a page comes with it, so that none asks", async () => {
  const page = await all.browser.window({ size: "tall" });
  await openBench(page, all.house, "张三");
  for (const { name, url } of pages.filter((one) => one.name.startsWith("/h5/"))) {
    const asked = [];
    const note = (request) => asked.push(new URL(request.url()).pathname);
    page.on("request", note);
    await page.goto(url);
    await waitDrawn(page);
    await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => undefined);
    page.off("request", note);
    assert.ok(
      asked.some((path) => path.startsWith("/api/v1/")),
      `${name} is signed in: ${asked}`,
    );
    assert.ok(!asked.includes("/api/v1/me"), `${name}: ${asked}`);
  }
  await page.context().close();
});
