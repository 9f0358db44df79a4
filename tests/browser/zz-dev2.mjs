import { fresh } from "./zz-fresh.mjs";
import { readFileSync } from "node:fs";
import { openBrowser, axeFindings } from "./support/browser.mjs";
import { Api } from "./support/api.mjs";
import { openBench, PHOTO } from "./support/bench.mjs";
const house = JSON.parse(readFileSync("/tmp/g-house.json"));
const api = new Api(house);
const browser = await openBrowser();
const page = await fresh(await browser.window({ size: "tall", dark: process.argv[2] === "dark" }));
page.setDefaultTimeout(8000);
page.on("response", async (r) => {
  if (r.status() >= 400)
    console.log(r.status(), r.url(), (await r.text().catch(() => "")).slice(0, 300));
});
const shot = async (n) => {
  await page.waitForTimeout(500);
  await page.screenshot({ path: `/tmp/g-shots/f-${n}.png` });
  const a = await axeFindings(page);
  if (a.length) console.log(n, a);
};
try {
  const title = "冷却塔异响" + (Date.now() % 1000);
  await api.post(
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
  );
  await page.context().grantPermissions(["geolocation"]);
  await page.context().setGeolocation({ latitude: 30.2745, longitude: 120.1556, accuracy: 24 });
  const bench = await openBench(page, house, "赵敏");
  await page.reload();
  await page.waitForTimeout(800);
  await bench.tab("可认领").click();
  await bench.line(title).getByRole("button").click();
  await shot("claimed");
  await bench.opens(title);
  await shot("mine");
  await bench.button("签到").click();
  await page.waitForTimeout(1500);
  await shot("checkin");
  await page.locator(".sheet input[type=file]").last().setInputFiles(PHOTO);
  await page.waitForTimeout(1500);
  await shot("checkin-photo");
  await bench.dialog("签到").getByRole("button", { name: "签到" }).click();
  await shot("checkedin");
  await bench.button("更多").click();
  await shot("more");
  await page.keyboard.press("Escape");
  await bench.button("完成").click();
  await page.waitForTimeout(800);
  await shot("complete");
  await page.keyboard.press("Escape");
  await bench.button("返回").first().click();
  await bench.button("新建工单").click();
  await shot("templates");
  await page.getByRole("button", { name: /^上门服务/ }).click();
  await page.waitForTimeout(1500);
  await shot("create");
  await bench.button("提交").click();
  await page.waitForTimeout(800);
  await shot("created");
  await page.context().setOffline(true);
  await bench.button("回到列表").click();
  await bench.opens(title);
  await shot("off-ticket");
  await bench.button("沟通").click();
  await page.waitForTimeout(500);
  await page.getByRole("dialog").locator("textarea").first().fill("没有信号，先记下来");
  await shot("off-comment");
  await page.getByRole("dialog").getByRole("button", { name: "沟通" }).click();
  await page.waitForTimeout(800);
  await shot("off-queued");
  await bench.button("返回").first().click();
  await shot("off-home");
  await page.getByRole("button", { name: /待同步/ }).click();
  await shot("outbox");
  await page.context().setOffline(false);
  await page.waitForTimeout(2500);
  await shot("synced");
  await bench.button("返回").first().click();
  await bench.button("搜索工单").click();
  await page.waitForTimeout(800);
  await shot("search");
} catch (e) {
  console.log(String(e).slice(0, 900));
  await shot("fail");
}
console.log(page.troubles);
await browser.close();
