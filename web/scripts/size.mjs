// Fails when a page outgrows its budget, so that growth is a decision and never an accident; and when
// what was built would not run, or look otherwise, in the oldest client that pages are made for.
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const KB = 1024;
// A page inside WeCom is its html with its styles and who is here, the base, its own script, perhaps
// one that it shares with another page.
const SMALL = { js: 48 * KB, css: 5 * KB, html: 12 * KB, requests: 4 };
const PAGES = {
  sidebar: { budget: SMALL, api: 0 },
  profile: { budget: SMALL, api: 0 },
  group: { budget: SMALL, api: 0 },
  // Who is here is nobody of ours: it asks for its form.
  public: { budget: SMALL, api: 1 },
  workbench: { budget: { js: 80 * KB, css: 12 * KB, html: 20 * KB, requests: 6 }, api: 0 },
  // What the simulator asks for before it is useful: its state, its log, its event stream.
  simulator: { budget: { js: 80 * KB, css: 12 * KB, requests: 8 }, api: 3 },
};
/** Fetched beside the first answer of the server, so it is counted apart. */
const LATE = { form: 22 * KB };

const gzipped = (text) => gzipSync(text, { level: 9 }).length;
const read = (name) => readFile(join(DIST, name), "utf8");
const links = (html, rel) =>
  [...html.matchAll(/<(?:script|link)\b[^>]*?(?:src|href)="\/(assets\/[^"]+)"[^>]*>/g)].filter(
    ([tag, file]) => !tag.includes(" disabled") && file.endsWith(rel),
  );

/** The scripts that a browser loads for the page: those in its html, and what they import. */
async function scriptsOf(html) {
  const found = new Map();
  const waiting = links(html, ".js").map(([, file]) => file);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (found.has(next)) continue;
    const code = await read(next);
    found.set(next, code);
    for (const [, file] of code.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      waiting.push(`assets/${file}`);
  }
  return found;
}

let failed = 0;
const show = (what, n) => (what === "requests" ? String(n) : `${(n / KB).toFixed(1)} KB gzip`);
function compare(name, what, seen, limit) {
  const isGood = seen <= limit;
  if (!isGood) failed += 1;
  console.log(
    `${isGood ? "ok  " : "FAIL"} ${name} ${what}: ${show(what, seen)} of ${show(what, limit)}`,
  );
}

for (const [name, { budget, api }] of Object.entries(PAGES)) {
  const html = await read(`${name}.html`);
  const scripts = await scriptsOf(html);
  const linked = await Promise.all(links(html, ".css").map(([, file]) => read(file)));
  const inline = [...html.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map(([, css]) => css);
  if (scripts.size === 0) throw new Error(`${name}: no script found in ${name}.html; build first`);
  const seen = {
    js: [...scripts.values()].reduce((sum, code) => sum + gzipped(code), 0),
    css: gzipped([...linked, ...inline].join("\n")),
    html: gzipped(html),
    requests: 1 + scripts.size + linked.length + api,
  };
  for (const [what, limit] of Object.entries(budget)) compare(name, what, seen[what], limit);
}

const assets = await readdir(join(DIST, "assets"));
for (const [name, limit] of Object.entries(LATE)) {
  const files = assets.filter((file) => file.startsWith(`${name}-`) && file.endsWith(".js"));
  if (files.length === 0) continue;
  const sizes = await Promise.all(files.map(async (file) => gzipped(await read(`assets/${file}`))));
  compare(`${name} (late)`, "js", Math.max(...sizes), limit);
}

// ---- what must not be in there ---------------------------------------------------------------------

const CODE = [
  ["code from text: the pages' policy forbids it", /\bnew Function\s*\(|(?<![.\w])eval\s*\(/],
  [
    "younger than the oldest client",
    /\breportError\(|\bstructuredClone\(|\bcrypto\.randomUUID\(|\.at\(-?\d|\bObject\.hasOwn\(|\bAbortSignal\.(?:any|timeout)\(|\.replaceChildren\(/,
  ],
  ["a look-behind: Safari 14 refuses the whole script", /\/[^/\n]*\(\?<[=!]/],
];
const STYLE = [
  [
    "younger than the oldest client",
    /color-mix\(|:has\(|@layer\b|@container\b|@property\b|\d(?:dvh|svh|lvh)\b|\baspect-ratio\b|[;{]\s*inset:|:is\(|:where\(|(?<![\w-])&/,
  ],
  ["jumps when a client shows and hides its bars", /\b100vh\b/],
];
const OUTSIDE = [
  [
    "an address outside of this service",
    /(?:src|href|action)=["']?https?:|url\(\s*["']?https?:|@import\s+["']?https?:|import\s*\(\s*["']https?:/,
  ],
];

const files = [
  ...Object.keys(PAGES).map((name) => `${name}.html`),
  ...assets.map((name) => `assets/${name}`),
];
for (const file of files) {
  const rules = [
    ...(file.endsWith(".js") ? CODE : []),
    ...(file.endsWith(".css") ? STYLE : []),
    ...(/\.(?:js|css|html)$/.test(file) ? OUTSIDE : []),
  ];
  if (rules.length === 0) continue;
  const text = await read(file);
  for (const [why, pattern] of rules) {
    const found = pattern.exec(text);
    if (!found) continue;
    failed += 1;
    const near = text.slice(Math.max(0, found.index - 40), found.index + 40).replace(/\s+/g, " ");
    console.log(`FAIL ${file}: ${why}: …${near}…`);
  }
}
for (const file of assets.filter((name) => /\.(?:js|css)$/.test(name))) {
  const isSmall = (await read(`assets/${file}`)).length < 512;
  if (isSmall || (assets.includes(`${file}.br`) && assets.includes(`${file}.gz`))) continue;
  failed += 1;
  console.log(`FAIL assets/${file}: not compressed ahead`);
}
console.log(`${files.length} files looked through`);
process.exitCode = failed === 0 ? 0 : 1;
