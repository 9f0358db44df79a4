// The figures of the pages for `make bench`: a line of JSON each, with what is bounded and the words to show.
//
//   node pages.bench.mjs [--quick]
import { openBench } from "./support/bench.mjs";
import { Api } from "./support/api.mjs";
import { openBrowser } from "./support/browser.mjs";
import { startHouse } from "./support/house.mjs";
import { measured, pagesOf, waitDrawn, YARD_MS } from "./support/thread.mjs";

const isQuick = process.argv.includes("--quick");
const SIZE = isQuick
  ? { tries: 3, opens: 3, taps: 5, tickets: 1_000, frames: 200 }
  : { tries: 6, opens: 9, taps: 20, tickets: 10_000, frames: 1_000 };
/** A round trip of a bad network, in milliseconds. */
const ROUND_TRIP_MS = 600;
const SLOW_FRAME_MS = 100;
const AT_ONCE = 8;

const tell = (key, value, figure) => console.log(JSON.stringify({ key, value, figure }));
const ms = (value) => value.toFixed(0);
const quantile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const median = (values) => quantile(values, 0.5);

const TASK = {
  key: "task",
  name: "巡检",
  form: { fields: [{ key: "title", kind: "text", label: "什么事", required: true }] },
  flow: {
    steps: [
      {
        key: "visit",
        name: "上门",
        if_nobody: { do: "hold" },
        assign: { by: "people", userids: ["zhaomin", "zhoujie"] },
      },
    ],
  },
};

const isField = ({ budget }) => budget > YARD_MS;

/** The largest share of its budget that a page takes, and its words. */
async function threads(setting) {
  const found = [];
  for (const page of await pagesOf(setting)) {
    const { yard, took } = await measured(setting, page, SIZE.tries);
    found.push({ ...page, ratio: took / yard, words: `${page.name} ${ms(took)} : ${ms(yard)}` });
  }
  const small = found.filter((one) => !isField(one)).toSorted((a, b) => b.ratio - a.ratio)[0];
  const field = found.find(isField);
  for (const [key, { ratio, words }] of [
    ["page.thread", small],
    ["page.workbench", field],
  ])
    tell(key, ratio, `${ratio.toFixed(2)} (${words})`);
}

async function opens({ house, browser }) {
  const url = new URL("/h5/sidebar", house.service).href;
  const times = { first: [], again: [] };
  const open = async (page) => {
    const began = performance.now();
    await page.goto(url);
    await waitDrawn(page);
    return performance.now() - began;
  };
  for (let nth = 0; nth < SIZE.opens; nth += 1) {
    const page = await browser.window({ size: "tall" });
    // The login of a plain browser asks a person; what is measured comes after it, with an empty cache.
    await openBench(page, house, "张三");
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Network.clearBrowserCache");
    times.first.push(await open(page));
    times.again.push(await open(page));
    await page.context().close();
  }
  const [first, again] = [median(times.first), median(times.again)];
  tell("page.open", again, `${ms(first)} ms; ${ms(again)} ms`);
}

async function raises({ api }, many) {
  await api.publish(TASK);
  for (let nth = 0; nth < many; nth += AT_ONCE)
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, at) =>
        api.post(
          "/tickets",
          { template: TASK.key, form: { title: `巡检 ${nth + at}` } },
          "wangfang",
        ),
      ),
    );
}

/** Milliseconds from the tap on a line's verb to the frame in which the line is gone from the list. */
const claims = () =>
  new Promise((done) => {
    const button = [...document.querySelectorAll("article.line button")].find((one) =>
      one.textContent.includes("认领"),
    );
    const title = button.closest("article.line").querySelector("a").textContent;
    const isGone = () =>
      ![...document.querySelectorAll("article.line a")].some((one) => one.textContent === title);
    const began = performance.now();
    const look = () => (isGone() ? done(performance.now() - began) : requestAnimationFrame(look));
    button.click();
    requestAnimationFrame(look);
  });

async function verbs(page) {
  const devtools = await page.context().newCDPSession(page);
  const slow = (latency) =>
    devtools.send("Network.emulateNetworkConditions", {
      offline: false,
      latency,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  const times = [];
  await slow(ROUND_TRIP_MS);
  for (let nth = 0; nth < SIZE.taps; nth += 1) {
    times.push(await page.evaluate(claims));
    // The second tap of two is none, so one waits as a person does.
    await page.waitForTimeout(1_000);
  }
  await slow(0);
  tell("page.verb", median(times), `${ms(median(times))} ms (${ms(Math.max(...times))} ms)`);
}

/** Scrolls down frame by frame; what was between the frames. */
const scrolls = (frames) =>
  new Promise((done) => {
    const gaps = [];
    let before = performance.now();
    const next = (now) => {
      gaps.push(now - before);
      before = now;
      if (gaps.length >= frames) return done(gaps.slice(1));
      window.scrollBy(0, 60);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });

async function scroll(page) {
  const gaps = await page.evaluate(scrolls, SIZE.frames);
  const long = gaps.filter((gap) => gap > SLOW_FRAME_MS).length;
  const p95 = quantile(gaps, 0.95);
  tell("page.scroll", p95, `${ms(p95)} ms (${long} of ${gaps.length})`);
}

const house = await startHouse();
const browser = await openBrowser();
try {
  const setting = { house, browser, api: new Api(house) };
  await threads(setting);
  await opens(setting);
  await raises(setting, SIZE.tickets);
  const page = await browser.window({ size: "tall" });
  const bench = await openBench(page, house, "赵敏");
  await bench.tab("可认领").click();
  await bench.line("巡检").first().waitFor();
  await verbs(page);
  await scroll(page);
} finally {
  await browser.close();
  await house.stop();
}
