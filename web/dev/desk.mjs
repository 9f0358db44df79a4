// The mock's company and its service desk: enough behaviour to see every part of the page alive.
import { cardsOf, showcase } from "./cards.mjs";

const CORP = "ww5a1e0000000c0de1";
const people = [
  ["chenlei", "陈磊", "总经理", 1, 1],
  ["wangfang", "王芳", "行政专员", 2, 1],
  ["zhangsan", "张三", "客服专员", 2, 1],
  ["lijing", "李静", "客服专员", 2, 1],
  ["liuyang", "刘洋", "维修组长", 3, 1],
  ["zhaomin", "赵敏", "维修工程师", 3, 1],
  ["zhoujie", "周杰", "维修工程师", 3, 1],
  ["ZhengXin", "郑欣", "维修工程师", 4, 1],
  ["huang.wei", "黄伟", "维修工程师", 4, 1],
  ["xulei", "徐蕾", "实习生", 4, 4],
];
const HANDLERS = ["liuyang", "zhaomin", "zhoujie"];

const seed = () => ({
  corp_id: CORP,
  corp_name: "清风暖通服务有限公司",
  skew: 0,
  limits: { member_minute: 30, member_hour: 1000, app_day: null },
  apps: [
    {
      name: "desk",
      agent_id: 1000002,
      display_name: "企单服务台",
      callback_url: "http://127.0.0.1:8080/wecom/callback/desk",
      menu: [
        { type: "click", name: "新建工单", key: "new_ticket" },
        {
          name: "我的",
          sub_button: [
            { type: "click", name: "我的待办", key: "my_tasks" },
            { type: "click", name: "我的工单", key: "my_tickets" },
          ],
        },
        { type: "click", name: "卡片样例", key: "showcase" },
      ],
    },
  ],
  departments: [
    { id: 1, name: "清风暖通服务有限公司", parentid: 0 },
    { id: 2, name: "客服部", parentid: 1 },
    { id: 3, name: "维修一组", parentid: 1 },
    { id: 4, name: "维修二组", parentid: 1 },
  ],
  members: people.map(([userid, name, position, department, status]) => ({
    userid,
    name,
    position,
    department: [department],
    status,
    avatar: "",
  })),
  customers: [
    { external_userid: "wmQF1", name: "何燕", followers: ["zhangsan"], corp_name: "", avatar: "" },
    {
      external_userid: "woQF4",
      name: "唐博",
      followers: ["wangfang"],
      corp_name: "锦程物业",
      avatar: "",
    },
  ],
  groups: [
    {
      chat_id: "wrQF1",
      name: "锦程物业 · 空调维保群",
      owner: "wangfang",
      members: [
        { id: "wangfang", type: 1 },
        { id: "liuyang", type: 1 },
        { id: "woQF4", type: 2 },
      ],
    },
  ],
  faults: [],
});

const KEYS = {
  members: "userid",
  departments: "id",
  customers: "external_userid",
  groups: "chat_id",
};
const seen = ({ content: { card, state } }) => ({
  buttons: state?.replace_text ? [] : (card?.button_list ?? []).map(({ text }) => ({ text })),
});
const ok = (body = {}) => ({ status: 200, body });
const no = (status, detail) => ({ status, body: { detail } });

export class Desk {
  seq = 0;
  world = seed();
  unread = {};
  chats = new Map();
  cards = new Map();
  calls = [];
  callbacks = [];
  media = new Map();
  tickets = 0;
  onHappened = () => {};

  answer(method, path, query, body) {
    const after = Number(query.get("after") ?? 0);
    const [, area, id, what] = path.split("/").map(decodeURIComponent);
    const newer = (list) => ok({ items: list.filter((one) => one.seq > after).slice(0, 200) });
    switch (area) {
      case "state":
        return ok({ ...this.world, now: Math.floor(Date.now() / 1000), unread: this.unread });
      case "calls":
        return newer(this.calls);
      case "callbacks":
        return newer(this.callbacks);
      case "chats":
        return this.chat(method, id, what, body);
      case "visible":
        return ok({ items: (this.chats.get(id) ?? []).map(seen) });
      case "cards":
        return this.click(id, body);
      case "callback":
        this.deliver("raw", body.plain ?? "");
        return ok();
      case "save_url":
        return ok({ ok: body.url.startsWith("http"), detail: "1 秒内没有应答" });
      case "faults":
        return this.faults(method, id, body);
      case "talks":
        // Nobody outside has said anything here: what one says stays unheard.
        return ok(method === "POST" ? { seq: ++this.seq } : { items: [], can_send: true });
      case "workbench":
        return ok({ items: [] });
      case "jssdk":
        return ok({ calls: { items: [] }, take: { effect: null }, verify: { errMsg: "ok" } }[id]);
      case "media":
        return ok({ media_id: body.media_id });
      case "apps":
        return ok(Object.assign(this.world.apps.find((app) => app.name === id) ?? {}, body));
      case "members":
      case "departments":
      case "customers":
      case "groups":
        return this.change(method, area, id, body);
      case "reset":
        Object.assign(this, { world: seed(), unread: {}, calls: [], callbacks: [] });
        this.chats.clear();
        this.tell("state");
        return ok();
      case "clock":
        this.world.skew = body.seconds;
        this.tell("state");
        return ok();
      case "limits":
        this.world.limits = body;
        return ok();
      case "tokens":
        return ok();
      default:
        return no(404, "控制接口里没有这个地址");
    }
  }

  tell(type, userid) {
    this.onHappened({ type, ...(userid ? { userid: userid.toLowerCase() } : {}), seq: ++this.seq });
  }

  store(filename, type, bytes) {
    const media_id = `M${++this.seq}`;
    this.media.set(media_id, { type, bytes });
    return { media_id, filename, url: `/_sim/media/${media_id}` };
  }

  say(userid, direction, msgtype, content) {
    const entries = this.chats.get(userid) ?? [];
    const seq = ++this.seq;
    entries.push({
      seq,
      at: Date.now(),
      direction,
      msgtype,
      msgid: `70000${seq}`,
      recalled: false,
      content,
    });
    this.chats.set(userid, entries);
    if (direction === "in")
      this.unread[userid.toLowerCase()] = (this.unread[userid.toLowerCase()] ?? 0) + 1;
    this.tell("chat", userid);
    return entries[entries.length - 1];
  }

  deliver(kind, plain, status = 200) {
    this.callbacks.push({
      seq: ++this.seq,
      at: Date.now(),
      app: "desk",
      kind,
      plain,
      attempt: 1,
      status,
      took_ms: 4 + (this.seq % 9),
      answer: "",
      error: status === 200 ? null : "服务答了 503",
    });
    this.tell("callback");
  }

  call(path, request, response = {}) {
    const fault = this.world.faults.find((f) => f.path === "*" || f.path === `/cgi-bin/${path}`);
    const errcode = fault?.effect.errcode ?? 0;
    const failed = fault && !fault.effect.errcode;
    this.calls.push({
      seq: ++this.seq,
      at: Date.now(),
      method: "POST",
      path: `/cgi-bin/${path}`,
      query: "access_token=***&debug=0",
      request,
      status: failed ? 503 : 200,
      response: failed
        ? "<html>503</html>"
        : { errcode, errmsg: errcode ? "failed" : "ok", ...response },
      errcode: failed ? 0 : errcode,
      took_ms: fault?.effect.slow_ms ?? 3 + (this.seq % 17),
    });
    this.tell("call");
    return !fault || Boolean(fault.effect.slow_ms);
  }

  card(userid, card) {
    const card_id = `C${++this.seq}`;
    const copy = {
      card,
      card_id,
      state: { disabled: false, replace_text: null, chosen: {}, updated: 0 },
    };
    const sent = {
      touser: userid,
      msgtype: "template_card",
      agentid: 1000002,
      template_card: card,
    };
    if (!this.call("message/send", sent, { msgid: `m${this.seq}`, response_code: `RC${this.seq}` }))
      return null;
    this.cards.set(card_id, { userid, copy });
    this.say(userid, "in", "template_card", copy);
    return copy;
  }

  replace(copy, card, replaceText = null) {
    const { userid } = this.cards.get(copy.card_id);
    this.call("message/update_template_card", { userids: [userid], template_card: card });
    copy.card = card;
    copy.state = {
      disabled: replaceText !== null,
      replace_text: replaceText,
      chosen: copy.state.chosen,
      updated: copy.state.updated + 1,
    };
    this.tell("chat", userid);
  }

  chat(method, userid, what, body) {
    if (!this.world.members.some((m) => m.userid === userid)) return no(404, `没有成员 ${userid}`);
    if (method === "GET") {
      delete this.unread[userid.toLowerCase()];
      return ok({ items: this.chats.get(userid) ?? [] });
    }
    if (what === "menu") {
      this.say(userid, "out", "event", {
        event: "click",
        event_key: body.key,
        name: this.menuName(body.key),
      });
      this.deliver(
        "click",
        this.xml(
          userid,
          `<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[click]]></Event><EventKey><![CDATA[${body.key}]]></EventKey>`,
        ),
      );
      if (body.key === "showcase") this.later(() => this.show(userid));
      else
        this.later(() =>
          this.say(userid, "in", "text", {
            content: '您目前没有待办。\n<a href="https://example.com/t">打开工单列表</a>',
          }),
        );
      return ok({ seq: this.seq });
    }
    if (what === "enter") {
      this.deliver(
        "enter_agent",
        this.xml(userid, "<MsgType>event</MsgType><Event>enter_agent</Event>"),
      );
      return ok({ seq: this.seq });
    }
    const { app: _app, msgtype, options: _options, ...content } = body;
    const entry = this.say(userid, "out", msgtype, content);
    const fields = `<MsgType><![CDATA[${msgtype}]]></MsgType><Content><![CDATA[${content.content ?? ""}]]></Content><MsgId>${entry.msgid}</MsgId>`;
    this.deliver(msgtype, this.xml(userid, fields), content.content === "服务挂了" ? 503 : 200);
    if (msgtype === "text") this.later(() => this.ticket(userid, content.content));
    return ok({ seq: entry.seq });
  }

  later(act) {
    setTimeout(act, 120);
  }

  menuName(key) {
    return this.world.apps[0].menu
      .flatMap((m) => [m, ...(m.sub_button ?? [])])
      .find((m) => m.key === key)?.name;
  }

  xml(from, fields) {
    return `<xml><ToUserName><![CDATA[${CORP}]]></ToUserName><FromUserName><![CDATA[${from}]]></FromUserName><CreateTime>${Math.floor(Date.now() / 1000)}</CreateTime>${fields}<AgentID>1000002</AgentID></xml>`;
  }

  ticket(userid, title) {
    this.tickets += 1;
    const name = (id) => this.world.members.find((m) => m.userid === id)?.name ?? id;
    const cards = cardsOf(`GD-${String(this.tickets).padStart(6, "0")}`, title, name(userid));
    const ticket = { cards, name, requester: userid, copies: new Map() };
    ticket.mine = this.card(userid, cards.accepted());
    for (const handler of HANDLERS) {
      const copy = this.card(handler, cards.open());
      if (copy) ticket.copies.set(handler, copy);
    }
    for (const copy of ticket.copies.values()) this.cards.get(copy.card_id).ticket = ticket;
  }

  click(id, { userid, key, selected }) {
    const held = this.cards.get(id);
    if (!held) return no(404, "没有这张卡片");
    if (held.copy.state.disabled) return no(409, "卡片的按钮已经失效");
    this.deliver(
      "template_card_event",
      this.xml(
        userid,
        `<Event><![CDATA[template_card_event]]></Event><EventKey><![CDATA[${key}]]></EventKey>`,
      ),
    );
    held.copy.state.chosen = selected ?? {};
    const { ticket } = held;
    this.later(() => {
      if (!ticket) this.replace(held.copy, held.copy.card, "已提交");
      else if (key.startsWith("claim")) this.claim(ticket, userid);
      else if (key.startsWith("complete")) this.complete(ticket, userid);
    });
    return ok({ seq: this.seq });
  }

  claim(ticket, userid) {
    const who = ticket.name(userid);
    for (const [handler, copy] of ticket.copies) {
      if (handler === userid) this.replace(copy, ticket.cards.taken(who));
      else this.replace(copy, ticket.cards.open(), `${who} 已认领`);
    }
    this.replace(ticket.mine, ticket.cards.accepted(who));
  }

  complete(ticket, userid) {
    const who = ticket.name(userid);
    for (const copy of ticket.copies.values())
      this.replace(copy, ticket.cards.done(who), `${who} 已完成`);
    this.replace(ticket.mine, ticket.cards.finished(who));
    this.say(ticket.requester, "in", "text", {
      content: `工单 ${ticket.cards.number} 已由 ${who} 完成`,
    });
  }

  show(userid) {
    for (const card of showcase()) this.card(userid, card);
    this.say(userid, "in", "markdown", {
      content:
        '# 今日待办\n> 3 条，其中 <font color="warning">1 条超时</font>\n- **GD-000007** 空调异响\n- `GD-000009` 门禁失灵\n[查看全部](https://example.com/t)',
    });
    this.say(userid, "in", "textcard", {
      title: "领奖通知",
      description:
        '<div class="gray">2026年11月22日</div><div class="normal">恭喜你获得服务之星</div><div class="highlight">请于周五前领取</div>',
      url: "https://example.com/",
      btntxt: "详情",
    });
  }

  faults(method, id, body) {
    if (method === "POST") this.world.faults.push({ ...body, id: ++this.seq });
    else if (id) this.world.faults = this.world.faults.filter((f) => String(f.id) !== id);
    else this.world.faults = [];
    this.tell("state");
    return ok();
  }

  change(method, area, id, body) {
    const key = KEYS[area];
    const list = this.world[area];
    const found = list.find((one) => String(one[key]) === id);
    if (method === "GET" && found)
      return ok({ type: 1, ...found, follows: found.followers.map((userid) => ({ userid })) });
    if (method === "POST") {
      if (list.some((one) => String(one[key]) === String(body[key])))
        return no(409, `${key} 已存在`);
      const { userid, ...rest } = body;
      list.push(
        area === "customers"
          ? { ...rest, external_userid: `wm${++this.seq}`, followers: [userid] }
          : { [key]: area === "departments" ? list.length + 1 : `wr${++this.seq}`, ...body },
      );
    } else if (!found) return no(404, "没有");
    else if (method === "PATCH") found.name = body.name;
    else list.splice(list.indexOf(found), 1);
    this.deliver("change_contact", this.xml("sys", `<Event>change_contact</Event>`));
    this.tell("state");
    return ok();
  }
}
