// `qidan demo` in a folder and on ports of its own, ended with the test.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const BINARY = process.env.QIDAN_BIN ?? join(ROOT, "target", "debug", "qidan");
const START_MS = 60_000;
const STOP_MS = 30_000;
const KEPT_LINES = 200;

/** The first line of the output that is JSON with the addresses. */
function addressesOf(child, tail) {
  return new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`qidan demo ${why}\n${tail.join("\n")}`));
    const timer = setTimeout(() => fail(`printed no addresses in ${START_MS / 1000} s`), START_MS);
    createInterface({ input: child.stdout }).on("line", (line) => {
      tail.push(line);
      if (tail.length > KEPT_LINES) tail.shift();
      try {
        const told = JSON.parse(line);
        if (told.simulator && told.service) {
          clearTimeout(timer);
          resolve(told);
        }
      } catch {
        // A line for people.
      }
    });
    child.once("error", (error) => fail(`did not start: ${error.message}`));
    child.once("exit", (code) => fail(`ended with ${code} before it told its addresses`));
  });
}

export async function startHouse() {
  if (!existsSync(BINARY))
    throw new Error(`no binary at ${BINARY}: run cargo build, or set QIDAN_BIN`);
  const dir = await mkdtemp(join(tmpdir(), "qidan-demo-"));
  const child = spawn(BINARY, ["demo", "--json"], {
    cwd: dir,
    env: {
      ...process.env,
      QIDAN__DEMO__DIR: join(dir, "data"),
      QIDAN__SERVER__BIND: "127.0.0.1:0",
      QIDAN__SIMULATOR__BIND: "127.0.0.1:0",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const tail = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    tail.push(line);
    if (tail.length > KEPT_LINES) tail.shift();
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };

  try {
    return { ...(await addressesOf(child, tail)), tail, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Asks the simulator's control API. */
export async function control(house, path, json) {
  const answer = await fetch(new URL(`/_sim/${path}`, house.simulator), {
    method: json === undefined ? "GET" : "POST",
    headers: { "content-type": "application/json" },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
