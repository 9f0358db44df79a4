// Words that no committed file may contain: the repository stands alone, so it names no package registry (everybody's
// tools are set up with their own) and no path of the machine it was written on. The patterns are put together from
// pieces, so that this file passes its own check.
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";

const dot = "\\.";
const hosts = [
  ["crates", "io"],
  ["npmjs", "(?:org|com)"],
  ["npmmirror", "com"],
  ["yarnpkg", "com"],
  ["pypi", "org"],
  ["pythonhosted", "org"],
  ["debian", "org"],
  ["rsproxy", "cn"],
  ["proxy", "golang", "org"],
  ["tuna", "tsinghua", "edu", "cn"],
];
const rules = [
  ["a package registry's host", new RegExp(hosts.map((host) => `\\b${host.join(dot)}\\b`).join("|"), "g")],
  ["a path of the machine it was written on", new RegExp(["(?<![\\w.-])/", "work", "/"].join(""), "g")],
  [
    "a folder outside the repository",
    new RegExp(["(?:\\.\\./)?", "shared", "/(?:design|reference|mission|tools|hooks)\\b"].join(""), "g"),
  ],
];

// Cargo writes the name of the public index into every lock file; there is no way to leave it out.
const index = ["registry+https://github.com/rust-lang/", "crates", ".io-index"].join("");

const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" });
let found = 0;
for (const file of new Set(files.split("\0"))) {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!file || !stat?.isFile()) continue;
  let text = readFileSync(file, "latin1");
  if (text.includes("\0")) continue; // a picture
  if (file === "Cargo.lock") text = text.replaceAll(index, "");
  for (const [what, pattern] of rules) {
    for (const match of text.matchAll(pattern)) {
      const line = text.slice(0, match.index).split("\n").length;
      console.error(`${file}:${line}: names ${what}: ${match[0]}`);
      found += 1;
    }
  }
}
console.log(`${found} forbidden words`);
process.exitCode = found > 0 ? 1 : 0;
