// A page of an app, as small as can be, that speaks the simulator's JS-SDK protocol: the tests call
// `ask` in it. Its server signs addresses the way a real service does, with tickets of the platform.
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { control } from "./house.mjs";

const SECRET = "simulatorSecretOfTheDeskAppNothingToHide0000";

const PAGE = `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>页面</title>
<style>body{font:15px/1.6 sans-serif;margin:16px;color:#182130;background:#fff}</style>
<h1>应用的网页</h1><p id="name"></p>
<script>
  document.getElementById("name").textContent = window.name;
  const waiting = new Map();
  let count = 0;
  addEventListener("message", ({ data }) => {
    if (data && data.wecom === 1 && waiting.has(data.id)) waiting.get(data.id)(data.result);
  });
  window.ask = (call, params = {}) =>
    new Promise((resolve) => {
      count += 1;
      waiting.set(count, resolve);
      parent.postMessage({ wecom: 1, id: count, call, params }, "*");
    });
  window.ready = async () => {
    const url = location.href.split("#")[0];
    const signed = await (await fetch("/sign?url=" + encodeURIComponent(url))).json();
    const config = await ask("config", signed.config);
    const agentConfig = await ask("agentConfig", signed.agent_config);
    return [config.errMsg, agentConfig.errMsg];
  };
</script></html>`;

async function call(house, path) {
  const answer = await (await fetch(new URL(`/cgi-bin/${path}`, house.simulator))).json();
  if (answer.errcode) throw new Error(`${path}: ${answer.errmsg}`);
  return answer;
}

/** Starts the page's server on a free port; `stop` ends it. */
export async function startSdkPage(house) {
  const { corp_id: corpId, apps } = await control(house, "state");
  const agentId = apps.find(({ name }) => name === "desk").agent_id;

  const tokenOf = async () =>
    (await call(house, `gettoken?corpid=${corpId}&corpsecret=${SECRET}`)).access_token;

  /** A call of the platform's API in the app's name. */
  async function api(path, json) {
    const url = new URL(`/cgi-bin/${path}?access_token=${await tokenOf()}`, house.simulator);
    const body = JSON.stringify({ agentid: agentId, ...json });
    const answer = await (await fetch(url, { method: "POST", body })).json();
    if (answer.errcode) throw new Error(`${path}: ${answer.errmsg}`);
  }

  async function sign(url) {
    const token = await tokenOf();
    const signedWith = async (path) => {
      const { ticket } = await call(house, path);
      const [timestamp, nonceStr] = [Math.floor(Date.now() / 1000), randomBytes(8).toString("hex")];
      const text = `jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`;
      const signature = createHash("sha1").update(text).digest("hex");
      return { corpId, agentId, url, timestamp, nonceStr, signature };
    };
    return {
      config: await signedWith(`get_jsapi_ticket?access_token=${token}`),
      agent_config: await signedWith(`ticket/get?access_token=${token}&type=agent_config`),
    };
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
    if (pathname !== "/sign") {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(PAGE);
      return;
    }
    sign(searchParams.get("url")).then(
      (signed) => response.end(JSON.stringify(signed)),
      (error) => {
        response.statusCode = 500;
        response.end(String(error));
      },
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, api, stop: () => new Promise((resolve) => server.close(resolve)) };
}
