// A newcomer raises a ticket of every business that the demo brings and clicks it through to its
// end, as the different people, with nothing but the conversation and the cards.
import assert from "node:assert/strict";
import { test } from "node:test";
import { screenshot } from "./support/browser.mjs";
import { Client } from "./support/client.mjs";
import { control } from "./support/house.mjs";
import { setting } from "./support/setting.mjs";

let house;
let browser;

setting((all) => {
  ({ house, browser } = all);
});

/** Somebody claims the ticket's newest card, presses what is to be pressed and answers what is asked. */
const does = (name, ...answers) => ({ name, button: "完成", claims: true, answers });
/** What one person alone decides, he need not claim. */
const decides = (name, button) => ({ name, button, claims: false, answers: [] });

// Each: who raises it with which words; what is asked and answered, in words or by options; who
// does what.
const FLOWS = [
  {
    business: "repair",
    by: "王芳",
    says: "报修 会议室空调不制冷",
    answers: ["13800000009"],
    title: "会议室空调不制冷",
    acts: [
      does("张三"),
      does("吴婷"),
      does("周杰", "更换启动电容，制冷恢复"),
      does("李静", "客户满意"),
    ],
  },
  {
    business: "course_consult",
    by: "黄伟",
    says: "课程咨询 王小明",
    answers: ["13900000001", ["小学"], ["数学", "编程"]],
    title: "课程咨询签约",
    acts: [does("李静"), does("吴婷", "试听编程课，孩子很喜欢"), does("张三")],
  },
  {
    business: "contract_approval",
    by: "周杰",
    says: "合同 云栖酒店年度维保",
    answers: ["云栖酒店", ["服务"], "600000"],
    title: "云栖酒店年度维保",
    acts: [
      decides("王芳", "同意"),
      decides("郑欣", "同意"),
      decides("陈磊", "同意"),
      decides("黄伟", "同意"),
      does("李静"),
    ],
  },
  {
    business: "return",
    by: "孙浩",
    says: "退货 QF20261122777",
    answers: [["退货退款"], ["质量问题"], "359.90"],
    title: "退货退款",
    acts: [
      { ...does("张三"), button: "同意" },
      does("吴婷"),
      does("郑欣", "359.90"),
      does("吴婷"),
      does("李静"),
    ],
  },
  {
    business: "store_complaint",
    by: "郑欣",
    says: "客诉 收银排队太久",
    answers: ["人民路店", ["排队结账"]],
    title: "收银排队太久",
    acts: [
      does("张三"),
      does("刘洋"),
      // Headquarters is not content: it is the manager's once more.
      decides("王芳", "驳回"),
      { ...does("刘洋"), claims: false },
      decides("王芳", "同意"),
      does("李静", "顾客接受致歉"),
    ],
  },
  {
    business: "equipment_inspection",
    by: "赵敏",
    says: "点检 2 号冷却塔",
    answers: ["屋面东侧", ["日常点检"]],
    title: "2 号冷却塔",
    acts: [
      does("黄伟", ["故障停机"], "风机异响，振动 9 mm/s"),
      does("周杰", "更换轴承"),
      decides("孙浩", "同意"),
    ],
  },
];

/** Does something, and answers each question that comes of it. */
async function converse(client, trigger, answers) {
  const questions = client.chat.getByText("请填写：");
  let known = await questions.count();
  await trigger();
  for (const answer of answers) {
    if (Array.isArray(answer)) {
      const cards = client.chat.getByRole("article");
      const card = cards.filter({ has: client.page.locator("input:enabled") }).last();
      for (const option of answer) await card.getByLabel(option, { exact: true }).check();
      await client.button(card, "确定").click();
    } else {
      await questions.nth(known).waitFor();
      known += 1;
      await client.says(answer);
    }
  }
}

async function ticketOf(no) {
  const answer = await fetch(new URL(`/api/v1/tickets/${no}`, house.service), {
    headers: { authorization: `Bearer ${house.token}` },
  });
  assert.equal(answer.status, 200, no);
  return answer.json();
}

for (const flow of FLOWS) {
  test(`${flow.business} is raised and clicked through with cards`, async () => {
    const page = await browser.window();
    const client = await Client.open(page, house);
    await client.becomes(flow.by);
    await converse(client, () => client.says(flow.says), flow.answers);
    const mine = client.card(flow.title);
    await mine.getByText(/等待(认领|审批)/).waitFor();
    await screenshot(page, `flow-${flow.business}-raised`);
    const no = (await mine.innerText()).match(/GD-\d+-\d+/)[0];

    for (const [at, act] of flow.acts.entries()) {
      await client.becomes(act.name);
      // Who does it may be the next one's handler as well: his card is the one that he has now.
      const card = await client.newestCard(no, act.claims ? "认领" : act.button);
      if (act.claims) await client.button(card, "认领").click();
      const button = client.button(card, act.button);
      await button.waitFor();
      await screenshot(page, `flow-${flow.business}-${at + 1}`);
      await converse(client, () => button.click(), act.answers);
      await card
        .getByText(/已完成|已审批|工单已/)
        .first()
        .waitFor();
    }
    await client.becomes(flow.by);
    await client.card(no).getByText("已完成").first().waitFor();
    await screenshot(page, `flow-${flow.business}-done`);
    const ticket = await ticketOf(no);
    assert.equal(ticket.template.key, flow.business);
    assert.equal(ticket.status, "closed");
    assert.deepEqual(page.troubles, { console: [], outside: [] });
  });
}

test("the menu shows the businesses, and the sample tickets wait at different steps", async () => {
  const page = await browser.window();
  const client = await Client.open(page, house);
  await client.becomes("李静");
  await page.getByRole("navigation", { name: "应用菜单" }).getByRole("button").first().click();
  const card = client.card("办理什么业务？");
  for (const name of ["通用工单", "售后报修", "退货退款", "门店客诉", "设备点检"])
    await card.getByLabel(name, { exact: true }).waitFor();
  await screenshot(page, "flow-menu");
  await card.getByLabel("售后报修", { exact: true }).check();
  await client.button(card, "下一步").click();
  await client.chat.getByText("请填写：故障现象").last().waitFor();
  await client.says("取消");
  await client.chat.getByText("已取消").last().waitFor();

  const { items } = await (
    await fetch(new URL("/api/v1/tickets?limit=200&status=open", house.service), {
      headers: { authorization: `Bearer ${house.token}` },
    })
  ).json();
  const at = items.map((one) => one.steps.find((step) => step.state === "open")?.key);
  assert.ok(new Set(at).size >= 4, `sample tickets stand at different steps: ${at}`);
  const { items: problems } = await control(house, "problems");
  assert.deepEqual(problems, []);
});
