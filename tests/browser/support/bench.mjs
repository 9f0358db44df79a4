// The workbench in a window of its own: signed in by the QR page of the simulator, as in a browser.
import assert from "node:assert/strict";
import { axeFindings, screenshot } from "./browser.mjs";
import { step } from "./setting.mjs";

/** Opens `/h5/workbench` as a member; `at` is what stands behind the `#`. */
export async function openBench(page, house, name, at = "") {
  await page.goto(new URL(`/h5/workbench${at}`, house.service).href);
  await page.getByRole("link", { name, exact: true }).click();
  await page.waitForURL((url) => url.pathname === "/h5/workbench");
  await page.getByRole("heading", { name: "我的工单" }).waitFor({ state: "attached" });
  return new Bench(page);
}

export class Bench {
  constructor(page) {
    this.page = page;
  }

  tab = (name) => this.page.getByRole("tab", { name: new RegExp(`^${name}`) });
  line = (title) => this.page.locator("article.line").filter({ hasText: title });
  button = (name) => this.page.getByRole("button", { name, exact: true });
  dialog = (name) => this.page.getByRole("dialog", { name });
  says = (words) => this.page.getByRole("status").filter({ hasText: words }).first().waitFor();

  async opens(title, tab = "我的") {
    await this.tab(tab).click();
    await this.line(title).getByRole("link").click();
    await this.page.getByRole("heading", { name: title }).waitFor();
  }

  async presses(name) {
    const button = this.button(name);
    if (!(await button.first().isVisible())) await this.button("更多").click();
    await button.first().click();
  }
}

/** A picture as a camera gives it. */
export const PHOTO = {
  name: "现场.png",
  mimeType: "image/png",
  buffer: Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAIAAAA7ljmRAAAAE0lEQVR4nGPkktNjgAEmBiSAkwMAGtgAtdKVXjsAAAAASUVORK5CYII=",
    "base64",
  ),
};

/** A picture that was chosen in here is shown, and with the server or kept on the device. */
export async function isKept(place) {
  await place.locator(".item img").first().waitFor();
  await place.locator(".item .veil").waitFor({ state: "detached" });
}

/** Serious findings, sideways scrolling, small targets and loud consoles: none of them. */
export async function isSound(page, name) {
  await screenshot(page, name);
  assert.deepEqual(await axeFindings(page), [], name);
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(over <= 0, `${name} scrolls sideways by ${over} px`);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("a[href], button, select, textarea, input:not([type=hidden])")]
      .filter((one) => one.offsetParent !== null && !one.closest(".hidden, label.add, .filled"))
      // A line is touched as a whole, though only its title is the button.
      .filter((one) => !one.matches("[data-no] .title"))
      .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
      .filter(([, box]) => box.height > 0 && box.height < 43.5)
      .map(([html, box]) => `${html} ${Math.round(box.width)}×${Math.round(box.height)}`),
  );
  assert.deepEqual(small, [], `${name}: targets`);
  assert.deepEqual(page.troubles.outside, [], name);
}

/** The template of these tests: whatever a field worker may meet. */
export const VISIT = {
  key: "field_visit",
  name: "上门服务",
  form: {
    fields: [
      { key: "title", kind: "text", label: "什么事", required: true, default: "例行巡检" },
      { key: "site", kind: "location", label: "服务位置" },
      { key: "phone", kind: "phone", label: "联系电话" },
      { key: "evidence", kind: "images", label: "现场照片" },
      { key: "device", kind: "asset", label: "设备" },
      { key: "done", kind: "section", label: "处理结果", access: { create: "hidden" } },
      {
        key: "checks",
        kind: "multi_select",
        label: "检查项",
        required: true,
        options: [
          { value: "power", label: "已断电" },
          { value: "clean", label: "已清洁" },
          { value: "test", label: "试机正常" },
        ],
        access: { visit: "edit", create: "hidden", "*": "read" },
      },
      {
        key: "result",
        kind: "textarea",
        label: "处理说明",
        required: true,
        access: { visit: "edit", create: "hidden", "*": "read" },
      },
      {
        key: "photos",
        kind: "images",
        label: "完工照片",
        required: true,
        access: { visit: "edit", create: "hidden", "*": "read" },
      },
      {
        key: "used",
        kind: "parts",
        label: "用料",
        access: { visit: "edit", create: "hidden", "*": "read" },
      },
      {
        key: "sign",
        kind: "signature",
        label: "客户签字",
        access: { visit: "edit", create: "hidden", "*": "read" },
      },
    ],
  },
  flow: {
    steps: [
      {
        key: "plan",
        name: "排单",
        if_nobody: { do: "hold" },
        assign: { by: "people", userids: ["wuting"] },
        when: { "==": [{ var: "title" }, "要排单"] },
      },
      {
        key: "visit",
        name: "上门",
        public_name: "上门服务",
        ...step(["zhaomin", "zhoujie"]),
      },
      {
        key: "accept",
        name: "验收",
        type: "approval",
        if_nobody: { do: "hold" },
        assign: { by: "people", userids: ["wangfang"] },
        on_reject: { do: "to_previous" },
      },
    ],
  },
};
