// One ticket through every page: raised beside the chat, seen by the customer, done by the field
// worker, confirmed and rated by the customer, and back in the chat of who raised it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isKept, openBench, PHOTO } from "./support/bench.mjs";
import { screenshot } from "./support/browser.mjs";
import { frameAt, HEYAN, openSidebar } from "./support/h5.mjs";
import { setting, step } from "./support/setting.mjs";

const REPAIR = {
  key: "journey",
  name: "上门维修",
  customer: { survey: true, solved_at: "confirm" },
  form: {
    fields: [
      { key: "title", kind: "text", label: "故障", required: true },
      { key: "phone", kind: "phone", label: "联系电话" },
      { key: "site", kind: "location", label: "服务位置" },
      { key: "done", kind: "section", label: "处理结果", access: { create: "hidden" } },
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
    ],
  },
  flow: {
    steps: [
      {
        key: "visit",
        name: "上门处理",
        public_name: "师傅上门",
        ...step(["zhaomin", "zhoujie"]),
      },
      {
        key: "confirm",
        name: "回访",
        public_name: "回访确认",
        ...step(["zhangsan"]),
      },
    ],
  },
};
const TITLE = "主卧空调不制冷";

let house;
let api;
let browser;

setting(async (all) => {
  ({ house, api, browser } = all);
  await api.publish(REPAIR);
});

const isHeaded = () => document.querySelector("header.hero h1") !== null;
/** What He Yan's phone shows, in the simulator. */
const customersPage = (page) => frameAt(page, `${new URL(house.service).origin}/t/`, isHeaded);

test("from a tap in the chat to the customer's stars, on every page one ticket", async () => {
  // Zhang San, in the chat with He Yan, raises it and sends her the link.
  const desk = await browser.window();
  const { client, frame: sidebar } = await openSidebar(desk, house);
  await sidebar.getByRole("button", { name: "全部", exact: true }).click();
  await sidebar.getByRole("dialog").locator(`button[data-template="${REPAIR.key}"]`).click();
  await sidebar.locator(`form[data-template="${REPAIR.key}"]`).waitFor();
  await sidebar.getByRole("textbox", { name: "故障" }).fill(TITLE);
  await sidebar.getByRole("button", { name: "提交", exact: true }).click();
  const made = sidebar.locator("[data-created]");
  await made.waitFor();
  const no = await made.getAttribute("data-created");
  await sidebar.getByRole("button", { name: "发送给客户", exact: true }).click();
  await client.chat.getByText(`您的工单 ${no} 已受理`).waitFor();

  // He Yan opens it on her phone.
  await desk.getByRole("button", { name: "以客户身份打开" }).last().click();
  let phone = await customersPage(desk);
  assert.match(await phone.locator("h1").innerText(), /已收到/);
  await phone.getByText(TITLE).first().waitFor();
  await screenshot(desk, "journey-1-sent");

  // Zhao Min takes it at her workbench, goes there and does it.
  const field = await browser.window({ size: "tall" });
  await field.context().grantPermissions(["geolocation"]);
  await field.context().setGeolocation({ latitude: 30.2745, longitude: 120.1556, accuracy: 20 });
  const bench = await openBench(field, house, "赵敏");
  await bench.tab("可认领").click();
  await bench.line(TITLE).getByRole("button", { name: /^认领/ }).click();
  await bench.says("已认领");
  await phone.getByText("有新进展，点此查看").click();
  phone = await customersPage(desk);
  await phone.getByRole("heading", { name: "赵敏 正在处理" }).waitFor();
  await bench.opens(TITLE);
  await bench.button("完成").click();
  const form = bench.dialog("完成");
  await form.getByLabel("处理说明").fill("清洗滤网，补充冷媒");
  await form.locator("input[type=file]").first().setInputFiles(PHOTO);
  await isKept(form);
  await form.getByRole("button", { name: "完成", exact: true }).click();
  await bench.says("完成");
  await screenshot(field, "journey-2-done");

  // The customer is asked, says yes, and gives her stars once it is over.
  await phone.getByText("有新进展，点此查看").click();
  phone = await customersPage(desk);
  await phone.getByRole("heading", { name: "处理完毕，请您确认" }).waitFor();
  await screenshot(desk, "journey-3-asked");
  await phone.getByRole("button", { name: "已经解决", exact: true }).click();
  await phone.getByText("谢谢您的确认").first().waitFor();
  await api.post(`/tickets/${no}/actions/complete`, { note: "客户已确认" }, "zhangsan");
  await desk.getByRole("button", { name: "回到聊天" }).click();
  await desk.getByRole("button", { name: "以客户身份打开" }).last().click();
  phone = await customersPage(desk);
  await phone.getByRole("button", { name: "5 星，非常满意" }).click();
  await phone.getByText("感谢您的评价").waitFor();
  await phone.getByRole("checkbox", { name: "响应及时" }).check();
  await phone.getByRole("button", { name: "保存" }).first().click();
  await screenshot(desk, "journey-4-rated");

  // And who raised it sees how it went.
  const ticket = await api.get(`/tickets/${no}`);
  assert.equal(ticket.status, "closed");
  assert.equal(ticket.customer.external_userid, HEYAN);
  await sidebar.getByRole("tab", { name: /历史/ }).click();
  await sidebar.locator(`[data-no="${no}"]`).getByRole("button").first().click();
  await sidebar.getByText(/5 星/).first().waitFor();
  // The photo that the field worker took is to be seen, though somebody else took it.
  const photo = sidebar.locator(".strip img").first();
  await photo.scrollIntoViewIfNeeded();
  await sidebar.waitForFunction(() => document.querySelector(".strip img")?.naturalWidth > 0);
  await screenshot(desk, "journey-5-seen");
  assert.deepEqual(desk.troubles.outside, []);
});
