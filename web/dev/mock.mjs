#!/usr/bin/env node
// A stand-in for `qidan demo` while one works on the page: the simulator's control API with a tiny
// service desk behind it. It is never shipped. `node dev/mock.mjs` serves ../dist (or use `npm run
// dev`, which proxies to it); PORT chooses the port; `--json` prints what `qidan demo --json` does.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Desk } from "./desk.mjs";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const POLICY = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'";

const desk = new Desk();
const listeners = new Set();
desk.onHappened = (happening) => {
  for (const listener of listeners) listener.write(`data: ${JSON.stringify(happening)}\n\n`);
};

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data"))
    return bytes.length === 0 ? {} : JSON.parse(bytes.toString());
  const form = await new Response(bytes, { headers: { "content-type": type } }).formData();
  const media = form.get("media");
  const stored = desk.store(media.name, media.type, Buffer.from(await media.arrayBuffer()));
  return { app: form.get("app"), msgtype: form.get("msgtype"), ...stored };
}

async function page(path, answer) {
  const name = path === "/" ? "/simulator.html" : path;
  try {
    const bytes = await readFile(join(DIST, name));
    const type = TYPES[extname(name)] ?? "application/octet-stream";
    answer.writeHead(200, {
      "content-type": `${type}; charset=utf-8`,
      "content-security-policy": POLICY,
    });
    answer.end(bytes);
  } catch {
    answer.writeHead(404).end("not found\n");
  }
}

async function control(request, url, answer) {
  const path = url.pathname.slice("/_sim".length);
  if (path === "/stream") {
    answer.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    answer.write(": hello\n\n");
    listeners.add(answer);
    request.on("close", () => listeners.delete(answer));
    return;
  }
  const media = /^\/media\/(.+)$/.exec(path);
  if (media) {
    const { type, bytes } = desk.media.get(media[1]);
    answer.writeHead(200, { "content-type": type }).end(bytes);
    return;
  }
  const { status, body } = desk.answer(
    request.method,
    path,
    url.searchParams,
    await bodyOf(request),
  );
  answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const server = createServer((request, answer) => {
  const url = new URL(request.url, "http://mock");
  const done = url.pathname.startsWith("/_sim/")
    ? control(request, url, answer)
    : page(url.pathname, answer);
  done.catch((error) => answer.writeHead(500).end(JSON.stringify({ detail: String(error) })));
});

const json = process.argv.includes("--json");
server.listen(Number(process.env.PORT ?? (json ? 0 : 8090)), "127.0.0.1", () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  if (json) console.log(JSON.stringify({ service: address, simulator: address, token: "mock" }));
  else console.log(`The mock is at ${address}/`);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(0));
