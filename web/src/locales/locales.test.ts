// The words of the pages: every key is in both languages, in one area only, said somewhere, and its
// area is loaded wherever it is said. (A key whose area comes later is drawn as it is written here.)
import { describe, expect, it } from "vitest";

const SOURCES: Record<string, string> = import.meta.glob(["../**/*.{ts,vue}", "!../**/*.test.ts"], {
  query: "?raw",
  import: "default",
  eager: true,
});
const DICTIONARIES: Record<string, Record<string, Record<string, string>>> = import.meta.glob(
  ["./zh-CN/*.ts", "./en/*.ts"],
  { eager: true },
);
const PAGES = ["sidebar", "profile", "group", "workbench", "public", "simulator"];
/** The simulator says some things of the base in its own words. */
const OWN_WORDS = new Set(["simulator"]);

const wordsOf = (path: string) => Object.assign({}, ...Object.values(DICTIONARIES[path] ?? {}));
const areas = Object.keys(DICTIONARIES).flatMap(
  (path) => /zh-CN\/(\w+)\.ts$/.exec(path)?.[1] ?? [],
);
const chinese = new Map(areas.map((area) => [area, wordsOf(`./zh-CN/${area}.ts`)]));
const areasOf = (key: string) => areas.filter((area) => key in (chinese.get(area) ?? {}));
const keys = [...new Set(areas.flatMap((area) => Object.keys(chinese.get(area) ?? {})))];

const speaking = Object.keys(SOURCES).filter((path) => !/^\.\/(?:zh-CN|en)\//.test(path));

// ---- who imports whom ---------------------------------------------------------------------------

/** `../shared/t.ts` of what is written in a module of `from`. */
function found(from: string, wanted: string): string | null {
  const parts = wanted.startsWith("@/") ? [".."] : from.split("/").slice(0, -1);
  for (const step of wanted.replace(/^@\//, "").split("/")) {
    const isUp = step === "..";
    if (isUp && ![undefined, ".."].includes(parts[parts.length - 1])) parts.pop();
    else if (step !== ".") parts.push(step);
  }
  // Glob names what lies beside this file without the way to it.
  const path = parts.join("/").replace(/^\.\.\/locales\//, "./");
  const names = [path, `${path}.ts`, `${path}/index.ts`];
  return names.find((name) => name in SOURCES) ?? null;
}
const STATIC =
  /(?:^|\n)\s*(?:import|export)\s+(?!type\b)(?:[\w*{}\s,]*?\sfrom\s+)?["']([^"']+)["']/g;
const DYNAMIC = /\bimport\(\s*["']([^"']+)["']\s*\)/g;
const imports = (path: string, pattern: RegExp): string[] =>
  [...(SOURCES[path] ?? "").matchAll(pattern)].flatMap(
    ([, wanted = ""]) => found(path, wanted) ?? [],
  );

function reached(from: string, patterns: RegExp[]): Set<string> {
  const all = new Set([from]);
  for (const path of all)
    for (const pattern of patterns) for (const next of imports(path, pattern)) all.add(next);
  return all;
}

/** What a module fetches to draw it; who only fetches ahead draws nothing. */
const drawnLater = (path: string) => (path.endsWith("/prefetch.ts") ? [] : imports(path, DYNAMIC));

/** What is fetched as one: the page itself, and everything that it fetches later, with what each needs. */
function piecesOf(entry: string): Map<string, Set<string>> {
  const pieces = new Map([[entry, reached(entry, [STATIC])]]);
  for (const [, piece] of pieces)
    for (const path of piece)
      for (const later of drawnLater(path))
        if (speaking.includes(later) && !pieces.has(later))
          pieces.set(later, reached(later, [STATIC]));
  return pieces;
}

/** The areas that are there for sure once a piece is: its own, and those of whatever fetched it. */
function areasBy(pieces: Map<string, Set<string>>, entry: string): Map<string, Set<string>> {
  const own = (piece: Set<string>) => areas.filter((area) => piece.has(`./zh-CN/${area}.ts`));
  const there = new Map([...pieces.keys()].map((root) => [root, new Set(areas)]));
  for (let isSettled = false; !isSettled;) {
    isSettled = true;
    for (const [root, piece] of pieces) {
      const fetchers = [...pieces].filter(([, other]) =>
        [...other].some((path) => drawnLater(path).includes(root)),
      );
      const common = areas.filter(
        (area) => root !== entry && fetchers.every(([other]) => there.get(other)?.has(area)),
      );
      const now = new Set(["base", ...own(piece), ...common]);
      if (now.size === there.get(root)?.size) continue;
      there.set(root, now);
      isSettled = false;
    }
  }
  return there;
}

// ---- who says what ------------------------------------------------------------------------------

const STRING = /(?<!=)"([\w.-]+)"|'([\w.-]+)'/g;
const TEMPLATE = /(\bt\(\s*)?`([\w-]+\.[\w.-]*)\$\{[^}]*\}([\w.-]*)`/g;
/** Only pages that keep things on the device can fail to. */
const KEEPING = new Set(["outbox.full", "outbox.refuses"]);

/** The keys that stand in a module, and those that its templates may become; of all of them, or of `t`'s. */
function said(path: string, isWide = false): string[] {
  const text = SOURCES[path] ?? "";
  const plain = new Set([...text.matchAll(STRING)].map(([, one, two]) => one ?? two));
  const made = [...text.matchAll(TEMPLATE)].flatMap(([, isKey, head = "", tail = ""]) =>
    isKey || isWide
      ? [new RegExp(`^${head.replace(/\./g, "\\.")}[\\w-]+${tail.replace(/\./g, "\\.")}$`)]
      : [],
  );
  return keys.filter((key) => plain.has(key) || made.some((one) => one.test(key)));
}
describe("the words", () => {
  it.each(areas)("of %s are the same keys in English", (area) => {
    const english = wordsOf(`./en/${area}.ts`);
    expect(Object.keys(english).sort()).toEqual(Object.keys(chinese.get(area) ?? {}).sort());
    const params = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
    for (const [key, text] of Object.entries<string>(chinese.get(area) ?? {}))
      expect([key, params(english[key] ?? "")]).toEqual([key, params(text)]);
  });

  it("stand in one area each", () => {
    const several = keys.filter((key) => {
      const owners = areasOf(key).filter((area) => !OWN_WORDS.has(area));
      return owners.length > 1;
    });
    expect(several).toEqual([]);
  });

  it("are all said", () => {
    const all = new Set(speaking.flatMap((path) => said(path, true)));
    expect(keys.filter((key) => !all.has(key))).toEqual([]);
  });

  it.each(PAGES)("are there when the page %s says them", (page) => {
    const entry = `../entries/${page}/main.ts`;
    const pieces = piecesOf(entry);
    const there = areasBy(pieces, entry);
    const missing = [...pieces].flatMap(([root, piece]) =>
      [...piece]
        .filter((path) => speaking.includes(path))
        .flatMap((path) => said(path).map((key) => ({ path, key })))
        .filter(({ key }) => !KEEPING.has(key))
        .filter(({ key }) => !areasOf(key).some((area) => there.get(root)?.has(area)))
        .map(({ path, key }) => `${path}: ${key}`),
    );
    expect(missing).toEqual([]);
  });
});
