// The tool bar of a customer group: a ticket from it carries the group and the place where it belongs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SIZES, looks, screenshot } from "./support/browser.mjs";
import { checkFrame, openGroup, YUNQI } from "./support/h5.mjs";
import { setting, step } from "./support/setting.mjs";

let house;
let api;
let browser;

const LESSON = {
  key: "lesson",
  name: "课堂设备报修",
  form: {
    fields: [
      { key: "title", kind: "text", label: "标题", required: true },
      { key: "campus", kind: "text", label: "校区", required: true },
      { key: "description", kind: "textarea", label: "说明" },
    ],
  },
  flow: {
    steps: [
      {
        key: "work",
        name: "处理",
        ...step(["zhaomin"]),
      },
    ],
  },
};

setting(async (all) => {
  ({ house, api, browser } = all);
  await api.publish(LESSON);
});

const made = (frame) => frame.locator("[data-created]");

test("a group's ticket carries the group and its campus, in seconds", async () => {
  const place = { kind: "campus", key: "binjiang", name: "滨江校区" };
  await api.put(`/chats/${YUNQI}/place`, place);
  const page = await browser.window();
  const began = Date.now();
  const { client, frame } = await openGroup(page, house);
  await frame.locator("[data-place]").getByText("滨江校区").waitFor();
  await frame.locator(".templates").getByText("全部").click();
  await frame.getByRole("dialog").locator('button[data-template="lesson"]').click();
  await frame.locator('form[data-template="lesson"]').waitFor();
  await frame.getByRole("button", { name: "清除自动填写的校区" }).waitFor();
  assert.equal(await frame.getByRole("textbox", { name: "校区" }).inputValue(), "滨江校区");
  await frame.getByRole("textbox", { name: "标题" }).fill("302 教室投影不亮");
  const pressed = Date.now();
  await frame.getByRole("button", { name: /^提交/ }).click();
  await made(frame).waitFor();
  const ended = Date.now();
  assert.ok(ended - pressed < 3_000, `the service took ${ended - pressed} ms`);
  assert.ok(ended - began < 30_000, `the whole way took ${ended - began} ms`);
  const no = await made(frame).getAttribute("data-created");
  const ticket = await api.get(`/tickets/${no}`);
  assert.deepEqual(
    [ticket.source, ticket.chat_id, ticket.creator.userid, ticket.form.campus],
    ["group_menu", YUNQI, "liuyang", "滨江校区"],
  );
  assert.equal(ticket.context.group.place.key, "binjiang");
  await screenshot(page, "group-created");
  await frame.getByRole("button", { name: "发送给客户" }).click();
  await client.chat.getByText(`您的工单 ${no} 已受理`).waitFor();
  await frame.getByRole("tab", { name: /进行中/ }).click();
  await frame.locator(`[data-no="${no}"]`).waitFor();
});

for (const size of Object.keys(SIZES)) {
  for (const dark of [false, true]) {
    const name = `group-${size}-${dark ? "dark" : "light"}`;
    looks(`every state is whole and accessible: ${name}`, async () => {
      const page = await browser.window({ size, dark });
      const { frame } = await openGroup(page, house);
      const check = async (what) => {
        await screenshot(page, `${name}-${what}`);
        await checkFrame(frame, `${name} ${what}`);
      };
      await frame.locator("[data-chat]").waitFor();
      await frame.locator("form[data-template]").waitFor();
      await check("form");
      await frame.getByRole("tab", { name: /进行中/ }).click();
      await frame.locator("[data-no]").first().waitFor();
      await check("open");
      await frame.getByRole("tab", { name: "历史" }).click();
      await check("past");
    });
  }
}
