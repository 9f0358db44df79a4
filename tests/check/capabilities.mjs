// Holds tests/capabilities.toml, the list of what the product shall do, against the tests that ran.
//
//   node capabilities.mjs [LIST]    LIST: lines "ok NAME" and "failed NAME", as tally.mjs writes them.
//
// Every capability has a sentence and names the tests that show it. A test that is named but did not run, or failed,
// is an error: the list may lag behind the product, but it must never claim more than was shown. Without LIST only the
// shape of the file is checked.
import { readFileSync } from "node:fs";

const ROWS = 367;
const FILE = "tests/capabilities.toml";

const problems = [];
const rows = new Map();

// The little of TOML that the file uses: [S001], what = "…", proof = ["…", …] on one line or several.
const text = readFileSync(FILE, "utf8").replace(/^#.*$/gm, "");
for (const part of text.split(/^(?=\[)/m)) {
  if (part.trim() === "") continue;
  const row = /^\[(S\d{3})\]\nwhat = ("(?:[^"\\]|\\.)+")\nproof = \[([^\]]*)\]\s*$/.exec(part);
  if (!row) {
    problems.push(`cannot read: ${part.slice(0, 80)}`);
    continue;
  }
  const [, id, what, proof] = row;
  if (rows.has(id)) problems.push(`${id} stands twice`);
  rows.set(id, { what: JSON.parse(what), proof: [...proof.matchAll(/"([^"]+)"/g)].map((name) => name[1]) });
}

for (let number = 1; number <= ROWS; number += 1) {
  const id = `S${String(number).padStart(3, "0")}`;
  if (!rows.has(id)) problems.push(`${id} is missing`);
}
if (rows.size > ROWS) problems.push(`there are ${rows.size} rows, expected ${ROWS}`);

const list = process.argv[2];
if (list) {
  const ok = new Set();
  const failed = new Set();
  for (const line of readFileSync(list, "utf8").split("\n")) {
    const [verdict, name] = [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)];
    if (verdict === "ok") ok.add(name);
    if (verdict === "failed") failed.add(name);
  }
  for (const [id, { proof }] of rows) {
    for (const name of proof) {
      if (failed.has(name)) problems.push(`${id}: the test ${name} failed`);
      else if (!ok.has(name)) problems.push(`${id}: the test ${name} did not run; was it renamed?`);
    }
  }
}

for (const problem of problems) console.error(`${FILE}: ${problem}`);
const shown = [...rows.values()].filter((row) => row.proof.length > 0).length;
console.log(`capabilities: ${shown} of ${ROWS} shown`);
process.exitCode = problems.length > 0 ? 1 : 0;
