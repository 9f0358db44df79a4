// Fails when a page outgrows its budget, so that growth is a decision and never an accident.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const BUDGETS = { simulator: { js: 80 * 1024, css: 12 * 1024, requests: 8 } };
// What the page asks for before it is useful: its state, its log, its event stream.
const API_REQUESTS = 3;

const gzipped = async (path) => gzipSync(await readFile(join(DIST, path)), { level: 9 }).length;

/** The files that a browser loads for the page: those in its html, and what their modules import. */
async function filesOf(entry) {
  const html = await readFile(join(DIST, `${entry}.html`), "utf8");
  const found = new Set();
  const waiting = [...html.matchAll(/(?:src|href)="\.?\/?(assets\/[^"]+)"/g)].map((m) => m[1]);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    if (!next.endsWith(".js")) continue;
    const code = await readFile(join(DIST, next), "utf8");
    for (const m of code.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      waiting.push(`assets/${m[1]}`);
  }
  return [...found];
}

let failed = 0;
for (const [entry, budget] of Object.entries(BUDGETS)) {
  const files = await filesOf(entry);
  const sum = async (ext) =>
    (await Promise.all(files.filter((f) => f.endsWith(ext)).map(gzipped))).reduce(
      (a, b) => a + b,
      0,
    );
  const seen = {
    js: await sum(".js"),
    css: await sum(".css"),
    requests: 1 + files.length + API_REQUESTS,
  };
  if (seen.js === 0) throw new Error(`${entry}: no script found in ${entry}.html; build first`);
  for (const [what, limit] of Object.entries(budget)) {
    const ok = seen[what] <= limit;
    if (!ok) failed += 1;
    const show = (n) => (what === "requests" ? String(n) : `${(n / 1024).toFixed(1)} KB gzip`);
    console.log(`${ok ? "ok  " : "FAIL"} ${entry} ${what}: ${show(seen[what])} of ${show(limit)}`);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
