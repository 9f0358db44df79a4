// Every page for staff on the widths between a phone and a desktop: nothing scrolls sideways, and what is
// to be touched is large enough for a finger.
import { openBench, isSound, VISIT } from "./support/bench.mjs";
import { looks } from "./support/browser.mjs";
import { HEYAN, YUNQI } from "./support/h5.mjs";
import { setting } from "./support/setting.mjs";

const WIDTHS = { 375: 667, 768: 1024, 1024: 768 };
const TITLE = "三楼机房空调漏水";
const FORM = `form[data-template="${VISIT.key}"]`;

let house;
let browser;

setting(async ({ api, ...all }) => {
  ({ house, browser } = all);
  await api.publish(VISIT);
  const form = { title: TITLE, phone: "13800000009" };
  const { id } = await api.post("/tickets", { template: VISIT.key, form }, "zhangsan");
  await api.post(`/tickets/${id}/actions/claim`, {}, "zhaomin");
});

/** Opens a page that stands beside a conversation in a window of its own, with its form drawn. */
async function beside(page, path) {
  await page.goto(new URL(path, house.service).href);
  await page.locator("form[data-template]").waitFor();
}

for (const [width, height] of Object.entries(WIDTHS)) {
  looks(`every page for staff fits a screen of ${width} px`, async () => {
    const size = { width: Number(width), height, hasTouch: true, isMobile: Number(width) < 768 };
    const desk = await browser.window({ size });
    await openBench(desk, house, "张三");
    await beside(desk, `/h5/sidebar?customer=${HEYAN}`);
    await isSound(desk, `width-${width}-sidebar`);
    for (const tab of ["进行中", "历史"]) {
      await desk.getByRole("tab", { name: new RegExp(tab) }).click();
      await isSound(desk, `width-${width}-sidebar-${tab}`);
    }
    await desk.goto(new URL(`/h5/profile?customer=${HEYAN}`, house.service).href);
    await desk.getByRole("heading").first().waitFor();
    await isSound(desk, `width-${width}-profile`);
    await beside(desk, `/h5/group?chat=${YUNQI}`);
    await isSound(desk, `width-${width}-group`);
    await desk.context().close();

    const field = await browser.window({ size });
    const bench = await openBench(field, house, "赵敏");
    await bench.line(TITLE).waitFor();
    await isSound(field, `width-${width}-bench`);
    await bench.opens(TITLE);
    await bench.button("完成").waitFor();
    await isSound(field, `width-${width}-ticket`);
    await bench.button("完成").click();
    await bench.dialog("完成").getByLabel("处理说明").waitFor();
    await isSound(field, `width-${width}-complete`);
    await field.goto(new URL("/h5/workbench#new", house.service).href);
    await field
      .locator(FORM)
      .or(field.getByRole("button", { name: /上门服务/ }))
      .first()
      .waitFor();
    await isSound(field, `width-${width}-new`);
    await field.context().close();
  });
}
