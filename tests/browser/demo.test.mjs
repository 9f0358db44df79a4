// What a newcomer does in the first two minutes, on the real page with the real service behind it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "./support/client.mjs";
import { control } from "./support/house.mjs";
import { setting } from "./support/setting.mjs";

const REQUESTER = "王芳";
const WORDS = "空调坏了";

let house;
let browser;

setting((all) => {
  ({ house, browser } = all);
});

/** People whose card about these words has the button, by asking what each of them would see. */
async function holdersOf(buttonText) {
  const { members } = await control(house, "state");
  const seen = await Promise.all(
    members.map(async ({ userid, name }) => {
      const { items } = await control(house, `visible/${encodeURIComponent(userid)}`);
      const about = items.filter((item) => item.text.includes(WORDS));
      return about.some((item) => item.buttons?.some((b) => b.text === buttonText)) ? name : null;
    }),
  );
  return seen.filter(Boolean);
}

async function eventually(what, ask, ok) {
  const until = Date.now() + 15_000;
  for (;;) {
    const answer = await ask();
    if (ok(answer)) return answer;
    if (Date.now() > until) assert.fail(`${what}; last seen: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("a newcomer reports a fault and sees it claimed and completed on every card", async () => {
  const page = await browser.window();
  const client = await Client.open(page, house);
  await page.getByRole("heading", { name: "选一个人，发送『空调坏了』" }).waitFor();

  await client.becomes(REQUESTER);
  await client.says(WORDS);
  await client.chat.getByText(WORDS, { exact: true }).first().waitFor();
  const accepted = client.card(WORDS);
  await accepted.waitFor();
  assert.match(await accepted.innerText(), /GD-|工单/, "the card names the ticket");

  const handlers = await eventually(
    "two people besides the requester hold a card with 认领",
    () => holdersOf("认领"),
    (names) => names.filter((name) => name !== REQUESTER).length >= 2,
  );
  const [winner, other] = handlers.filter((name) => name !== REQUESTER);

  await client.becomes(other);
  const theirs = client.card(WORDS);
  await client.button(theirs, "认领").waitFor();

  await client.becomes(winner);
  const card = client.card(WORDS);
  await client.button(card, "认领").click();
  await client.button(card, "完成").waitFor();
  await client.button(card, "转办").waitFor();
  assert.equal(
    await client.button(card, "认领").count(),
    0,
    "a claimed card offers no second claim",
  );

  await client.becomes(other);
  await client.card(WORDS).getByText(winner).first().waitFor();
  assert.equal(await client.button(client.card(WORDS), "认领").count(), 0);

  await client.becomes(winner);
  await client.button(client.card(WORDS), "完成").click();
  await client
    .card(WORDS)
    .getByText(/已完成|完成/)
    .first()
    .waitFor();
  await eventually(
    "nobody can complete it twice",
    () => holdersOf("完成"),
    (names) => names.length === 0,
  );

  // Every copy of the card says so, that of somebody who only looked on as well.
  await client.becomes(other);
  await client.card(WORDS).getByText(`${winner} 已完成`).first().waitFor();
  assert.equal(await client.button(client.card(WORDS), "完成").count(), 0);
  await client.becomes(REQUESTER);
  await client.chat.getByText("完成").first().waitFor();

  assert.deepEqual(page.troubles, { console: [], outside: [] });
});

test("the menu, a picture and a place reach the service, and the logs show it", async () => {
  const page = await browser.window();
  const client = await Client.open(page, house);
  await client.becomes(REQUESTER);

  await page.getByRole("button", { name: "发送位置" }).click();
  await page.getByRole("button", { name: /总部大厦/ }).click();
  // The place itself, then perhaps already the answer's card that quotes it.
  await client.chat.getByText("总部大厦 A 座 3 层").first().waitFor();

  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  await page
    .locator("input[type=file]")
    .setInputFiles({ name: "现场.png", mimeType: "image/png", buffer: png });
  await client.chat.getByRole("img", { name: "图片" }).last().waitFor();

  await page.getByRole("tab", { name: "回调" }).click();
  const log = page.getByRole("tabpanel");
  await log.getByRole("button", { name: /image/ }).first().click();
  await log.getByText("<MsgType>").first().waitFor();

  await page.getByRole("navigation", { name: "应用菜单" }).getByRole("button").first().click();
  await eventually(
    "the press of the menu is called back",
    () => control(house, "callbacks?after=0"),
    ({ items }) => items.some((item) => item.kind === "click" && item.status === 200),
  );
  assert.deepEqual(page.troubles, { console: [], outside: [] });
});
