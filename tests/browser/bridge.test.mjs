// The client around the app's pages: a member talks with a customer, opens the sidebar beside the
// chat, and the page in it asks the client for what only the client can do.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SIZES, axeFindings, looks, openBrowser, screenshot } from "./support/browser.mjs";
import { Client } from "./support/client.mjs";
import { control, startHouse } from "./support/house.mjs";
import { startSdkPage } from "./support/sdkPage.mjs";

const HEYAN = "wmQFAAAA0001heyan";
const GROUP = "wrQFAAAA0001jincheng";

let house;
let browser;
let app;

before(async () => {
  house = await startHouse();
  browser = await openBrowser();
  app = await startSdkPage(house);
  const pages = {
    home: `${app.origin}/home`,
    sidebar: `${app.origin}/sidebar`,
    profile: `${app.origin}/profile`,
    group: `${app.origin}/group`,
  };
  const { apps } = await control(house, "state");
  const trusted = apps.find(({ name }) => name === "desk").trusted_domains ?? [];
  const saved = await fetch(new URL("/_sim/apps/desk", house.simulator), {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ pages, trusted_domains: [...trusted, new URL(app.origin).host] }),
  });
  assert.equal(saved.status, 200);
});

after(async () => {
  await browser?.close();
  await app?.stop();
  await house?.stop();
});

const panelOf = (page, name) => page.getByRole("region", { name, exact: true });

/** The frame whose page this is, ready to be asked. */
async function frameAt(page, path, server = app) {
  const url = `${server.origin}/${path}`;
  for (let tries = 0; tries < 200; tries += 1) {
    const frame = page.frames().find((one) => one.url().startsWith(url));
    if (frame && (await frame.evaluate(() => typeof window.ask === "function"))) return frame;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no frame shows ${url}`);
}

const ask = (frame, call, params) =>
  frame.evaluate(([name, values]) => window.ask(name, values), [call, params ?? {}]);

async function openSidebar(page) {
  const client = await Client.open(page, house);
  await client.becomes("张三");
  await client.talksWith(HEYAN);
  await page.getByRole("button", { name: "侧边栏", exact: true }).click();
  await panelOf(page, "聊天侧边栏").waitFor();
  return { client, frame: await frameAt(page, "sidebar") };
}

test("the sidebar's page is configured by signature and learns who the customer is", async () => {
  const page = await browser.window();
  const { frame } = await openSidebar(page);
  assert.equal(await frame.evaluate(() => window.name), "wecom-simulator:zhangsan");
  const element = page.locator("iframe");
  assert.equal(
    await element.getAttribute("allow"),
    "geolocation; camera; microphone; clipboard-write",
  );
  assert.equal((await element.boundingBox()).width, 360);

  const early = await ask(frame, "getCurExternalContact");
  assert.equal(early.errMsg, "getCurExternalContact:permission denied");
  const url = frame.url();
  const wrong = { corpId: "x", agentId: 1, timestamp: 1, nonceStr: "n", signature: "s", url };
  assert.notEqual((await ask(frame, "config", wrong)).errMsg, "config:ok");
  assert.deepEqual(await frame.evaluate(() => window.ready()), ["config:ok", "agentConfig:ok"]);
  assert.deepEqual(await ask(frame, "getContext"), {
    errMsg: "getContext:ok",
    errCode: 0,
    entry: "single_chat_tools",
  });
  assert.equal((await ask(frame, "getCurExternalContact")).userId, HEYAN);
  assert.equal((await ask(frame, "getCurExternalChat")).errCode, -1);
  assert.equal((await ask(frame, "noSuchCall")).errMsg, "noSuchCall:function not exist");
  assert.deepEqual(page.troubles, { console: [], outside: [] });
});

test("a page puts words and a link into the chat, and the customer opens the link", async () => {
  const page = await browser.window();
  const { client, frame } = await openSidebar(page);
  await frame.evaluate(() => window.ready());
  const words = { msgtype: "text", text: { content: "师傅下午两点到" } };
  assert.equal((await ask(frame, "sendChatMessage", words)).errMsg, "sendChatMessage:ok");
  await client.chat.getByText("师傅下午两点到").waitFor();
  const link = `${app.origin}/progress`;
  const news = { link, title: "维修进度", desc: "点开查看", imgUrl: "" };
  await ask(frame, "sendChatMessage", { msgtype: "news", news });
  await client.chat.getByText("维修进度").waitFor();
  const bad = await ask(frame, "sendChatMessage", { msgtype: "image", image: { mediaid: "none" } });
  assert.match(bad.errMsg, /^sendChatMessage:fail .*media_id/);

  await page.getByRole("button", { name: "以客户身份打开" }).click();
  const phone = await frameAt(page, "progress");
  await screenshot(page, "bridge-split");
  assert.equal(await phone.evaluate(() => window.name), `wecom-simulator:customer:${HEYAN}`);
  assert.equal((await ask(phone, "getContext")).errMsg, "getContext:function not exist");
  await page.getByRole("button", { name: "回到聊天" }).click();
  const theirs = page.getByRole("log", { name: "何燕 手机上的聊天记录" });
  await theirs.getByText("师傅下午两点到").waitFor();

  // What the customer answers on the phone stands in the member's chat.
  const phonePane = panelOf(page, "何燕 的手机");
  await phonePane.getByRole("textbox").fill("好的，谢谢");
  await phonePane.getByRole("button", { name: "发送", exact: true }).click();
  await page
    .getByRole("log", { name: /^与 望江苑/ })
    .getByText("好的，谢谢")
    .waitFor();
});

test("what a customer writes waits unread until the member opens the chat", async () => {
  const page = await browser.window();
  const client = await Client.open(page, house);
  await client.becomes("李静");
  const talk = page.locator('[data-talk="wmQFAAAA0003luomei"]');
  await talk.waitFor();
  await control(house, "talks/wmQFAAAA0003luomei/lijing/messages", {
    msgtype: "text",
    content: "师傅到哪了",
  });
  await talk.getByText("1 条未读").waitFor({ state: "attached" });
  await talk.click();
  await client.chat.getByText("师傅到哪了").waitFor();
  await talk.getByText("1 条未读").waitFor({ state: "detached" });
  const { unread_outside: unread } = await control(house, "state");
  assert.equal(unread.lijing, undefined);

  // A code that the customer scans opens on the customer's phone.
  await page.getByRole("button", { name: "客户手机" }).click();
  await page.getByRole("button", { name: "扫一扫" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "码的内容" }).fill(`${app.origin}/q/1`);
  await dialog.getByRole("button", { name: "扫到了" }).click();
  const frame = await frameAt(page, "q/1");
  assert.equal(
    await frame.evaluate(() => window.name),
    "wecom-simulator:customer:wmQFAAAA0003luomei",
  );
});

test("the group's page knows the group, the profile's page the customer, the home page neither", async () => {
  const page = await browser.window();
  const client = await Client.open(page, house);
  await client.becomes("王芳");
  await client.talksWith(GROUP);
  await page.getByRole("button", { name: "群工具栏" }).click();
  const group = await frameAt(page, "group");
  await group.evaluate(() => window.ready());
  assert.equal((await ask(group, "getContext")).entry, "group_chat_tools");
  assert.equal((await ask(group, "getCurExternalChat")).chatId, GROUP);

  await client.talksWith("woQFAAAA0004tangbo");
  await page.getByRole("button", { name: "查看 唐博 的资料" }).click();
  const profile = await frameAt(page, "profile");
  await profile.evaluate(() => window.ready());
  assert.equal((await ask(profile, "getContext")).entry, "contact_profile");
  assert.equal((await ask(profile, "getCurExternalContact")).userId, "woQFAAAA0004tangbo");
  await page.getByRole("button", { name: "资料", exact: true }).click();
  await panelOf(page, "客户资料页").getByText("13800000004").waitFor();

  await client.talksWith("workbench");
  await page.getByRole("button", { name: /工单助手.*打开/ }).click();
  const home = await frameAt(page, "home");
  await home.evaluate(() => window.ready());
  assert.equal((await ask(home, "getContext")).entry, "normal");
  const words = { msgtype: "text", text: { content: "x" } };
  assert.equal((await ask(home, "sendChatMessage", words)).errCode, -1);
});

test("the workbench shows what the app set for the member, and each figure leads to its page", async () => {
  const page = await browser.window();
  const client = await Client.open(page, house);
  await client.becomes("李静");
  await client.talksWith("workbench");
  const figures = (data) => ({
    type: "keydata",
    keydata: { items: [{ key: "今日巡检", data, jump_url: `${app.origin}/today` }] },
  });
  await app.api("agent/set_workbench_template", { ...figures("0"), replace_user_data: true });
  await app.api("agent/set_workbench_data", { userid: "lijing", ...figures("17") });
  await page.getByRole("button", { name: /17.*今日巡检/ }).click();
  const frame = await frameAt(page, "today");
  assert.equal(await frame.evaluate(() => window.name), "wecom-simulator:lijing");
  await screenshot(page, "bridge-workbench");
});

test("the client chooses pictures, codes and people for the page, or the person cancels", async () => {
  const page = await browser.window();
  const { frame } = await openSidebar(page);
  await frame.evaluate(() => window.ready());
  const dialog = page.getByRole("dialog");

  const scanned = ask(frame, "scanQRCode", { needResult: true });
  await dialog.getByRole("textbox", { name: "码的内容" }).fill("SN-0001");
  await dialog.getByRole("button", { name: "扫到了" }).click();
  assert.equal((await scanned).resultStr, "SN-0001");
  const again = ask(frame, "scanQRCode", { needResult: true });
  await dialog.getByRole("button", { name: "SN-0001" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal((await again).errMsg, "scanQRCode:cancel");

  const chosen = ask(frame, "chooseImage", { count: 2 });
  await dialog.getByRole("button", { name: "漏水的天花板" }).click();
  await screenshot(page, "bridge-pictures");
  await dialog.getByRole("button", { name: "使用 1 张" }).click();
  const { localIds } = await chosen;
  assert.equal(localIds.length, 1);
  const data = await ask(frame, "getLocalImgData", { localId: localIds[0] });
  assert.match(data.localData, /^data:image\/jpeg;base64,/);
  const { serverId } = await ask(frame, "uploadImage", { localId: localIds[0] });
  const picture = { msgtype: "image", image: { mediaid: serverId } };
  assert.equal((await ask(frame, "sendChatMessage", picture)).errMsg, "sendChatMessage:ok");
  await page.getByRole("log").getByRole("img", { name: "图片" }).waitFor();

  const wish = { fromDepartmentId: -1, mode: "multi", type: ["user"], selectedUserIds: ["lijing"] };
  const picked = ask(frame, "selectEnterpriseContact", wish);
  await dialog.getByRole("button", { name: /刘洋/ }).click();
  assert.deepEqual(await axeFindings(page), []);
  await dialog.getByRole("button", { name: "确定（2）" }).click();
  const ids = (await picked).result.userList.map(({ id }) => id).sort();
  assert.deepEqual(ids, ["lijing", "liuyang"]);
});

test("pages learn the place that is chosen here, and planned failures and every call are seen", async () => {
  const page = await browser.window();
  const { frame } = await openSidebar(page);
  await frame.evaluate(() => window.ready());
  await page.getByRole("button", { name: "网页菜单" }).click();
  await page.getByRole("button", { name: /^位置：/ }).click();
  await page.getByRole("combobox", { name: "定位精度" }).selectOption("500");
  await page.getByRole("button", { name: /滨江一号厂房/ }).click();
  const place = await ask(frame, "getLocation", { type: "gcj02" });
  assert.deepEqual(
    [place.latitude, place.longitude, place.accuracy],
    [30.2084, 120.2119, 500],
    place.errMsg,
  );

  await page.getByRole("tab", { name: "故障" }).click();
  const faults = page.getByRole("region", { name: "JS-SDK 故障" });
  await faults.getByRole("combobox").selectOption("getLocation");
  await faults.getByRole("switch", { name: "没有权限" }).click();
  await faults.locator('[aria-checked="true"]').waitFor();
  assert.equal((await ask(frame, "getLocation")).errMsg, "getLocation:permission denied");
  assert.equal((await ask(frame, "getContext")).errMsg, "getContext:ok");
  await faults.getByRole("switch", { name: "没有权限" }).click();
  await faults.locator('[aria-checked="true"]').waitFor({ state: "detached" });

  await page.getByRole("tab", { name: "JS-SDK" }).click();
  const log = page.getByRole("tabpanel");
  await log.getByRole("button", { name: /getLocation.*permission denied/ }).click();
  await log.getByText("single_chat_tools", { exact: true }).waitFor();
  await screenshot(page, "bridge-log");
  const { items } = await control(house, "jssdk/calls");
  const noted = items.findLast(({ call }) => call === "getLocation");
  assert.deepEqual(
    [noted.user, noted.entry, noted.page, noted.result.errMsg],
    ["zhangsan", "single_chat_tools", `${app.origin}/sidebar`, "getLocation:permission denied"],
  );
});

test("a page that is none of the app's is shown and not heard", async () => {
  const page = await browser.window();
  const other = await startSdkPage(house);
  try {
    const client = await Client.open(page, house);
    await client.becomes("张三");
    const url = `${other.origin}/elsewhere`;
    await control(house, `talks/${HEYAN}/zhangsan/messages`, {
      msgtype: "link",
      title: "别处的网页",
      url,
    });
    await client.talksWith(HEYAN);
    await client.chat.getByRole("link", { name: /详情/ }).last().click();
    await panelOf(page, "网页").waitFor();
    const frame = await frameAt(page, "elsewhere", other);
    const silent = await frame.evaluate(() =>
      Promise.race([
        window.ask("getNetworkType"),
        new Promise((resolve) => setTimeout(() => resolve("silence"), 1_000)),
      ]),
    );
    assert.equal(silent, "silence");
  } finally {
    await other.stop();
  }
});

for (const size of Object.keys(SIZES)) {
  for (const dark of [false, true]) {
    const name = `bridge-${size}-${dark ? "dark" : "light"}`;
    looks(`chats, pages and the customer's phone are whole and accessible: ${name}`, async () => {
      const page = await browser.window({ size, dark });
      const check = async (what) => {
        await screenshot(page, `${name}-${what}`);
        assert.deepEqual(await axeFindings(page), [], `${name} ${what}`);
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.ok(over <= 0, `${name} ${what} scrolls sideways by ${over} px`);
      };
      const client = await Client.open(page, house);
      await client.becomes("张三");
      if (size === "phone") {
        await page.getByRole("button", { name: "成员", exact: true }).last().click();
        await check("list");
      }
      await client.talksWith(HEYAN);
      await client.chat.getByText("空调不制冷").waitFor();
      await check("chat");
      await page.getByRole("button", { name: "侧边栏", exact: true }).click();
      await frameAt(page, "sidebar");
      await check("sidebar");
      await page.getByRole("button", { name: "关闭网页" }).click();
      await page.getByRole("button", { name: "客户手机" }).click();
      await page.getByRole("log", { name: "何燕 手机上的聊天记录" }).waitFor();
      await check("phone");
      await page.getByRole("button", { name: "收起客户手机" }).click();
      await page.getByRole("button", { name: /^查看 .* 的资料/ }).click();
      await page.getByRole("button", { name: "资料", exact: true }).click();
      await page.getByText(HEYAN).waitFor();
      await check("profile");
      await page.getByRole("button", { name: "关闭网页" }).click();
      await client.talksWith("workbench");
      await check("workbench");
    });
  }
}
