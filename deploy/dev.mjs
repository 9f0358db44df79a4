// `make dev`: the demo, rebuilt and restarted whenever a Rust source, a setting or a migration changes,
// beside Vite's own server, which shows changes of the pages at once.
import { spawn } from "node:child_process";
import { watch } from "node:fs";

const QUIET_MS = 300; // an editor writes several files; one restart is enough

let demo;
let pending;

function start() {
  demo = spawn("cargo", ["run", "--locked", "--", "demo"], { stdio: "inherit", detached: true });
}

// cargo and the service it runs are one process group, so that neither outlives the other.
function stop() {
  return new Promise((done) => {
    if (demo.exitCode !== null || demo.signalCode !== null) return done();
    demo.once("exit", done);
    process.kill(-demo.pid, "SIGTERM");
  });
}

function restart() {
  clearTimeout(pending);
  pending = setTimeout(async () => {
    await stop();
    start();
  }, QUIET_MS);
}

start();
const pages = spawn("npm", ["--prefix", "web", "run", "dev"], { stdio: "inherit" });
for (const folder of ["src", "config", "migrations"]) watch(folder, { recursive: true }, restart);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    pages.kill();
    await stop();
    process.exit(0);
  });
}
