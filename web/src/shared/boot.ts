// What the server writes into the page before it hands it out: where we are; and, to one who is signed
// in, the answers that his page would ask for first.

export type Client = "wecom" | "wechat" | "browser";

export interface Boot {
  build: string;
  entry: string;
  corp_id: string;
  agent_id: number;
  app: string;
  public_url: string;
  /** The origin of the WeCom simulator, when this service talks to one. */
  simulator: string | null;
  client: Client;
  zone_minutes: number;
  organisation: string;
  max_file_bytes: number;
}

const DEFAULTS: Boot = {
  build: "",
  entry: "",
  corp_id: "",
  agent_id: 0,
  app: "",
  public_url: "",
  simulator: null,
  client: "browser",
  zone_minutes: 480,
  organisation: "",
  max_file_bytes: 20 * 1024 * 1024,
};

function readElement(page: Document, id: string): object {
  try {
    return JSON.parse(page.getElementById(id)?.textContent || "{}") as object;
  } catch {
    return {};
  }
}

/** What stands in the page; a page without it (a test, a file) has the defaults. */
export const readBoot = (page: Document = document): Boot => ({
  ...DEFAULTS,
  ...readElement(page, "boot"),
});

export const boot: Boot = readBoot();

/** Gives each answer that came with the page once, by its path: later it may be another. */
export function toldBy(page: Document): <T>(path: string) => T | undefined {
  const answers = new Map(Object.entries(readElement(page, "told")));
  return <T>(path: string) => {
    const answer = answers.get(path) as T | undefined;
    answers.delete(path);
    return answer;
  };
}

const FRAME = "wecom-simulator:";

/** Who holds the simulated phone in whose frame this page runs: a userid, or `customer:<id>`. */
export function simulatedPerson(): string | null {
  const isThere = boot.simulator !== null && window.parent !== window;
  return isThere && window.name.startsWith(FRAME) ? window.name.slice(FRAME.length) : null;
}
