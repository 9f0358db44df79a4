// How long a page keeps the main thread at work, by the thread's own clock, which other programs on the
// machine do not move; and the yardstick that says how fast the machine is just now.
import { openBench } from "./bench.mjs";

/** What the yardstick takes on the desktop's core for which the budgets are meant, as we estimate it: the
 * shared cores of a build machine take 130 to 240, and get as much more. */
export const YARD_MS = 100;

const TEMPLATE = {
  key: "budget",
  name: "门店报修",
  form: {
    fields: [
      { key: "title", kind: "text", label: "哪里坏了", required: true },
      { key: "photos", kind: "images", label: "照片" },
    ],
  },
  flow: {
    steps: [
      {
        key: "fix",
        name: "维修",
        public_name: "维修",
        if_nobody: { do: "hold" },
        assign: { by: "people", userids: ["liuyang"] },
      },
    ],
  },
};

/** Every page that has a budget, in milliseconds of that desktop's core, ready to be opened. */
export async function pagesOf({ house, api }) {
  await api.publish(TEMPLATE);
  await api.put("/codes/budget", { key: "budget", name: "贴纸", template: TEMPLATE.key });
  const form = { title: "灯不亮" };
  const { id } = await api.post("/tickets", { template: TEMPLATE.key, form }, "wangfang");
  const at = (path) => new URL(path, house.service).href;
  return [
    { name: "/h5/sidebar", url: at("/h5/sidebar"), budget: 100 },
    { name: "/h5/profile", url: at("/h5/profile"), budget: 100 },
    { name: "/h5/group", url: at("/h5/group"), budget: 100 },
    { name: "/h5/workbench", url: at("/h5/workbench"), budget: 150 },
    { name: "/q/budget", url: at("/q/budget"), budget: 100 },
    { name: "/t/…", url: (await api.post(`/tickets/${id}/progress_link`)).url, budget: 100 },
  ];
}

const isDrawn = () => document.querySelector("main :is(h1, h2, form, button)") !== null;
/** Looking is work of the same thread: not with every frame. */
export const waitDrawn = (page) => page.waitForFunction(isDrawn, undefined, { polling: 20 });

/** A fixed piece of what pages do: objects, text, elements, and their layout. */
const drawsMuch = () => {
  const rows = Array.from({ length: 4_000 }, (_, nth) => ({ nth, text: `第 ${nth * 7_919} 行` }));
  const known = new Map(JSON.parse(JSON.stringify(rows)).map((row) => [row.text, row]));
  const list = document.createElement("ul");
  for (const [text, { nth }] of known) {
    const line = document.createElement("li");
    line.className = nth % 2 ? "odd" : "even";
    line.textContent = text;
    list.append(line);
  }
  document.body.replaceChildren(list);
  return list.getBoundingClientRect().height;
};

/** Milliseconds that the main thread works, from an empty page on. */
async function taken(page, work) {
  await page.goto("about:blank");
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const worked = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value * 1_000;
  };
  const began = await worked();
  await work();
  const ended = await worked();
  await devtools.detach();
  return ended - began;
}

/** The least of some tries, of the page until it stands there and of the yardstick. */
export async function measured({ house, browser }, { url }, tries) {
  const page = await browser.window({ size: "tall" });
  await openBench(page, house, "张三");
  // In turn, so that both meet the machine in the same mood.
  let [yard, took] = [Infinity, Infinity];
  for (let nth = 0; nth < tries; nth += 1) {
    yard = Math.min(yard, await taken(page, () => page.evaluate(drawsMuch)));
    const load = async () => {
      await page.goto(url);
      await waitDrawn(page);
    };
    took = Math.min(took, await taken(page, load));
  }
  await page.context().close();
  return { yard, took };
}
