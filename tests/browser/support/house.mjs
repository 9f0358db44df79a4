// `qidan demo` in a folder, on ports and in a database of its own, ended with the test. The database is a
// SQLite file, or a schema of the server whose client QIDAN_TEST_MYSQL_CLIENT starts.
import { execFileSync, spawn } from "node:child_process";
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
let houses = 0;

/** A schema that was not there before: how it is addressed, and how one gets rid of it. */
function freshSchema(name) {
  const [command, ...args] = (process.env.QIDAN_TEST_MYSQL_CLIENT ?? "").split(" ");
  if (!command) return { url: "", drop: () => undefined };
  const server = process.env.QIDAN_TEST_MYSQL.split("?")[0];
  const tell = (sql) => execFileSync(command, [...args, "-e", sql]);
  tell(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  return {
    url: server.replace(/\/[^/]*$/, `/${name}`),
    drop: () => tell(`DROP DATABASE IF EXISTS ${name}`),
  };
}

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
  const schema = freshSchema(`qidan_browser_${process.pid}_${(houses += 1)}`);
  const child = spawn(BINARY, ["demo", "--json"], {
    cwd: dir,
    env: {
      ...process.env,
      QIDAN__DEMO__DIR: join(dir, "data"),
      QIDAN__DEMO__DATABASE: schema.url,
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
    schema.drop();
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
