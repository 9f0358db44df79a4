// A Chromium of the tests' own, with a fresh profile, and pages that remember what went wrong in
// them: console errors, failed scripts, and any request that leaves this machine.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.QIDAN_CHROMIUM ?? "/usr/bin/chromium";
const SCREENSHOTS = join(dirname(fileURLToPath(import.meta.url)), "..", "screenshots");
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// WeCom's browser on Windows is Chrome 107: what came later must not be needed.
const LATER_THAN_107 = () => {
  for (const name of ["toSorted", "toReversed", "toSpliced", "with"]) delete Array.prototype[name];
  delete Array.fromAsync;
  delete Promise.withResolvers;
  for (const name of ["union", "intersection", "difference"]) delete Set.prototype[name];
  delete Object.groupBy;
  delete Map.groupBy;
  delete URL.canParse;
  delete document.startViewTransition;
};

/** A test of how a page looks on every screen. That does not depend on the database: one look is enough. */
export const looks = process.env.QIDAN_TEST_MYSQL_CLIENT ? test.skip : test;

export const SIZES = {
  phone: { width: 360, height: 720, hasTouch: true, isMobile: true },
  tall: { width: 390, height: 844, hasTouch: true, isMobile: true },
  narrow: { width: 320, height: 640, hasTouch: true, isMobile: true },
  tablet: { width: 768, height: 1024, hasTouch: true, isMobile: false },
  desktop: { width: 1440, height: 900, hasTouch: false, isMobile: false },
};

export async function openBrowser() {
  if (!existsSync(CHROMIUM))
    throw new Error(`no browser at ${CHROMIUM}: install chromium, or set QIDAN_CHROMIUM`);
  const profile = await mkdtemp(join(tmpdir(), "qidan-chromium-"));
  const contexts = [];

  /** One window on one machine of its own: a size of ours or any other, light or dark, nothing remembered. */
  const window = async ({ size = "desktop", dark = false, script = true } = {}) => {
    const { width, height, hasTouch, isMobile } = SIZES[size] ?? size;
    const dir = await mkdtemp(join(profile, "window-"));
    const context = await chromium.launchPersistentContext(dir, {
      executablePath: CHROMIUM,
      args: FLAGS,
      headless: true,
      viewport: { width, height },
      hasTouch,
      isMobile,
      colorScheme: dark ? "dark" : "light",
      locale: "zh-CN",
      timezoneId: "Asia/Shanghai",
      reducedMotion: "reduce",
      javaScriptEnabled: script,
    });
    contexts.push(context);
    await context.addInitScript(LATER_THAN_107);
    const page = context.pages()[0] ?? (await context.newPage());
    return watched(page);
  };

  const close = async () => {
    await Promise.all(contexts.map((context) => context.close()));
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { window, close };
}

function watched(page) {
  const troubles = { console: [], outside: [] };
  page.on("console", (line) => {
    if (line.type() === "error") troubles.console.push(line.text());
  });
  page.on("pageerror", (error) => troubles.console.push(String(error)));
  page.on("request", (request) => {
    const url = new URL(request.url());
    const local = ["127.0.0.1", "localhost"].includes(url.hostname);
    if (url.protocol.startsWith("http") && !local) troubles.outside.push(request.url());
  });
  return Object.assign(page, { troubles });
}

/** Serious and critical findings only, each as one readable line. */
export async function axeFindings(page) {
  // The page's policy forbids inline scripts, so the checker is evaluated, not inserted.
  await page.evaluate(await readFile(AXE, "utf8"));
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }),
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map((n) => `${n.target.join(" ")} ${n.any[0]?.message ?? ""}`).join(" | ")}`,
    );
}

export async function screenshot(page, name, { fullPage = false } = {}) {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage });
}
