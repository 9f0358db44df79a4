// Reads what a test runner printed. Notes each test as "ok NAME" or "failed NAME" in the list of tests that ran, and
// prints how many passed and how many failed.
//
//   node tally.mjs cargo|node|vitest LOG LIST
import { appendFileSync, readFileSync } from "node:fs";

const [runner, log, list] = process.argv.slice(2);

// Each reader yields [passed, name] for every test, in the order of the log.
const readers = {
  // "Running unittests lib.rs (target/debug/deps/wecom-1f2e)", then "test crypt::tests::a_name ... ok".
  *cargo(lines) {
    let program = "";
    for (const line of lines) {
      const running = /^\s+(?:Running|Doc-tests) .*?([^/\s(]+?)(?:-[0-9a-f]{16})?\)?$/.exec(line);
      if (running) program = running[1];
      const test = /^test (\S+)(?: - should panic)? \.\.\. (ok|FAILED)$/.exec(line);
      if (test) yield [test[2] === "ok", `${program}::${test[1]}`];
    }
  },
  // "✔ a name (12.3ms)"; failures are listed once more at the end, below a heading.
  *node(lines) {
    for (const line of lines) {
      if (/failing tests:$/.test(line)) return;
      const test = /^\s*([✔✖]) (.+) \([\d.]+ms\)(?: # .*)?$/u.exec(line);
      if (test) yield [test[1] === "✔", `browser::${test[2]}`];
    }
  },
  // " ✓ src/a.test.ts > group > name 3ms"
  *vitest(lines) {
    for (const line of lines) {
      if (/Failed Tests/.test(line)) return;
      const test = /^\s*([✓×]) (\S+\.test\.\S+) > (.+?)(?: \d+ms)?$/u.exec(line);
      if (test) yield [test[1] === "✓", `web::${test[3]}`];
    }
  },
};

const lines = readFileSync(log, "utf8").split("\n");
let good = 0;
let bad = 0;
for (const [passed, name] of readers[runner](lines)) {
  if (passed) good += 1;
  else bad += 1;
  appendFileSync(list, `${passed ? "ok" : "failed"} ${name}\n`);
}
if (runner === "node") {
  // A group of tests prints a line of its own; node's own count knows the difference.
  const total = (word) => {
    const found = lines.map((line) => new RegExp(`^ℹ ${word} (\\d+)$`).exec(line)).filter(Boolean);
    return found.reduce((sum, match) => sum + Number(match[1]), 0);
  };
  good = total("pass");
  bad = total("fail") + total("cancelled");
}
console.log(good, bad);
