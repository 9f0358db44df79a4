// Shows /api/openapi.json. Text only ever becomes text nodes, never markup.
"use strict";

const element = (name, attributes = {}, ...inside) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside.filter((one) => one !== null && one !== undefined));
  return made;
};

const METHODS = ["get", "post", "put", "patch", "delete"];
const MEDIA = { "application/json": "", "application/problem+json": "" };

// Words of a text in which `code` stands between backticks.
const prose = (text) =>
  text.split("`").map((part, at) => (at % 2 ? element("code", {}, part) : part));

const last = (reference) => reference.split("/").at(-1);

// What a schema is, in one line: a type, a link to a named one, a list of either.
const kind = (schema) => {
  if (!schema) return ["任意"];
  if (schema.$ref) {
    const name = last(schema.$ref);
    return [element("a", { href: `#schema-${name}` }, name)];
  }
  const some = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (some) return some.flatMap((one, at) => (at ? [" 或 ", ...kind(one)] : kind(one)));
  if (schema.enum) return schema.enum.flatMap((one, at) => [at ? " · " : "", element("code", {}, String(one))]);
  const types = [].concat(schema.type ?? "任意");
  const words = types.map((type) =>
    ({ string: schema.format === "date-time" ? "时间" : "文字", integer: "整数", number: "数字",
       boolean: "是否", array: "列表", object: "对象", null: "空" })[type] ?? type);
  const name = words.join(" 或 ");
  return types.includes("array") && schema.items ? [name, "，每项：", ...kind(schema.items)] : [name];
};

const row = (name, required, schema, description) =>
  element("tr", {},
    element("th", { scope: "row" }, element("code", {}, name), required ? element("b", { title: "必填" }, "*") : null),
    element("td", {}, ...kind(schema),
      schema?.default !== undefined ? element("small", {}, ` 默认 ${JSON.stringify(schema.default)}`) : null),
    element("td", {}, ...prose(description ?? schema?.description ?? "")));

const table = (rows) => element("table", {}, element("tbody", {}, ...rows));

const properties = (schema) => {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, one]) => row(name, required.has(name), one));
};

const shape = (schema) =>
  schema?.properties ? table(properties(schema)) : element("p", {}, ...kind(schema));

const bodies = (content) =>
  Object.entries(content ?? {}).flatMap(([media, { schema }]) => [
    media in MEDIA ? null : element("small", {}, media),
    shape(schema),
  ]);

const PLACES = { path: "路径", query: "查询", header: "请求头" };

const operation = (path, method, doc) => {
  const open = element("summary", {},
    element("span", { class: `method ${method}` }, method.toUpperCase()),
    element("code", {}, path), element("span", { class: "what" }, doc.summary ?? ""));
  const inside = [];
  if (doc.description) inside.push(element("p", {}, ...prose(doc.description)));
  const scopes = (doc.security ?? []).flatMap((one) => Object.values(one).flat());
  if (scopes.length)
    inside.push(element("p", { class: "scope" }, "权限 ", ...scopes.map((one) => element("code", {}, one))));
  for (const [place, title] of Object.entries(PLACES)) {
    const some = (doc.parameters ?? []).filter((one) => one.in === place);
    if (some.length)
      inside.push(element("h4", {}, title),
        table(some.map((one) => row(one.name, one.required, one.schema, one.description))));
  }
  if (doc.requestBody) inside.push(element("h4", {}, "请求体"), ...bodies(doc.requestBody.content));
  for (const [status, response] of Object.entries(doc.responses ?? {}))
    inside.push(element("h4", {}, `应答 ${status === "default" ? "（出错时）" : status} `,
      element("small", {}, response.description ?? "")), ...bodies(response.content));
  const made = element("details", { id: doc.operationId ?? `${method}${path}` }, open, ...inside.filter(Boolean));
  made.dataset.words = `${path} ${method} ${doc.summary ?? ""} ${doc.operationId ?? ""}`.toLowerCase();
  return made;
};

const show = (api) => {
  const main = document.getElementById("main");
  const nav = document.getElementById("nav");
  main.replaceChildren(element("header", {},
    element("h2", {}, api.info.title, " ", element("small", {}, api.info.version)),
    element("p", {}, ...prose(api.info.description ?? ""))));
  for (const { name } of api.tags ?? []) {
    const section = element("section", { id: `chapter-${name}` }, element("h3", {}, name));
    for (const [path, item] of Object.entries(api.paths))
      for (const method of METHODS)
        if (item[method]?.tags?.includes(name)) section.append(operation(path, method, item[method]));
    main.append(section);
    nav.append(element("a", { href: `#chapter-${name}` }, name));
  }
  const schemas = element("section", { id: "schemas" }, element("h3", {}, "数据结构"));
  for (const [name, schema] of Object.entries(api.components?.schemas ?? {})) {
    const made = element("details", { id: `schema-${name}` },
      element("summary", {}, element("code", {}, name), element("span", { class: "what" }, schema.description ?? "")),
      shape(schema));
    made.dataset.words = name.toLowerCase();
    schemas.append(made);
  }
  main.append(schemas);
  nav.append(element("a", { href: "#schemas" }, "数据结构"));
};

// Opens what an address points at, also when a link inside of the page was followed.
const reveal = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
  if (target) target.scrollIntoView();
};

document.getElementById("find").addEventListener("input", ({ target }) => {
  const words = target.value.trim().toLowerCase();
  for (const one of document.querySelectorAll("main details")) one.hidden = !one.dataset.words.includes(words);
  for (const one of document.querySelectorAll("main section"))
    one.hidden = !one.querySelector("details:not([hidden])");
});
addEventListener("hashchange", reveal);

fetch("/api/openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
  .then((api) => { show(api); reveal(); })
  .catch((error) =>
    document.getElementById("main").replaceChildren(element("p", {}, `文档读取失败（${error.message}），请刷新重试`)));
