// Completes package-lock.json. A registry mirror may carry the tools built for this machine only;
// npm then leaves the other platforms' packages out of the lock file, and `npm ci` refuses the file
// everywhere. Each missing one is written down with its version and the platform in its name, so
// that npm skips it where it does not belong. Run by `npm run lock`.
import { readFile, writeFile } from "node:fs/promises";

const FILE = new URL("../package-lock.json", import.meta.url);
const LIBC = { gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" };

/** `@oxlint/binding-linux-x64-gnu` says for which machine it is built. */
function platformOf(name) {
  const [os, cpu, abi] = name.replace(/^.*\/binding-/, "").split("-");
  const libc = os === "linux" ? LIBC[abi] : undefined;
  return { cpu: [cpu], ...(libc ? { libc: [libc] } : {}), os: [os] };
}

const lock = JSON.parse(await readFile(FILE, "utf8"));
const added = [];
for (const { optionalDependencies = {}, engines } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] || !name.includes("/binding-")) continue;
    const place = platformOf(name);
    lock.packages[key] = { version, ...place, dev: true, license: "MIT", optional: true, engines };
    added.push(name);
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")),
);
await writeFile(FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added.length} packages of other platforms added`);
