import { fresh } from "./zz-fresh.mjs";
import { readFileSync } from "node:fs";
import { openBrowser, axeFindings } from "./support/browser.mjs";
import { Api } from "./support/api.mjs";
import { openBench, VISIT, PHOTO } from "./support/bench.mjs";
const house = JSON.parse(readFileSync("/tmp/g-house.json"));
const api = new Api(house);
await api.publish(VISIT).catch((e) => console.log(String(e).slice(0, 1500)));
const browser = await openBrowser();
const shot = (page, n) => page.screenshot({ path: `/tmp/g-shots/${n}.png` });
try {
  for (const [title] of [["三楼空调不制冷"], ["大堂灯不亮，需要带梯子"]]) {
    const tk = await api
      .post(
        "/tickets",
        {
          template: "field_visit",
          form: {
            title,
            phone: "13800000009",
            site: { lat: 30.2741, lng: 120.1551, system: "gcj02", label: "一号楼" },
          },
        },
        "wangfang",
      )
      .catch((e) => (console.log(String(e)), null));
    if (tk) console.log(tk.no);
  }
  for (const [size, dark] of [
    ["tall", false],
    ["phone", true],
    ["tablet", false],
    ["desktop", false],
  ]) {
    const page = await fresh(await browser.window({ size, dark }));
    page.setDefaultTimeout(8000);
    page.on("response", (r) => {
      if (r.status() >= 400) console.log(r.status(), r.url());
    });
    const n = `${size}-${dark ? "d" : "l"}`;
    try {
      const bench = await openBench(page, house, "赵敏");
      await page.reload();
      await page.waitForTimeout(800);
      await page.waitForTimeout(1500);
      await shot(page, `${n}-home`);
      await bench.tab("可认领").click();
      await page.waitForTimeout(600);
      await shot(page, `${n}-claimable`);
      console.log(n, await axeFindings(page));
      await bench.line("三楼空调不制冷").first().getByRole("link").click();
      await page.waitForTimeout(1200);
      await shot(page, `${n}-ticket`);
      console.log(n, await axeFindings(page));
    } catch (e) {
      console.log(String(e).slice(0, 600));
      await shot(page, `${n}-fail`);
    }
    console.log(n, page.troubles);
    await page.context().close();
  }
} finally {
  await browser.close();
}
