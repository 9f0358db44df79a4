// What the server writes into the page before it hands it out: where we are, never who is here.

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

/** What stands in the page; a page without it (a test, a file) has the defaults. */
export function readBoot(page: Document = document): Boot {
  const text = page.getElementById("boot")?.textContent ?? "";
  try {
    return { ...DEFAULTS, ...(JSON.parse(text || "{}") as Partial<Boot>) };
  } catch {
    return { ...DEFAULTS };
  }
}

export const boot: Boot = readBoot();

const FRAME = "wecom-simulator:";

/** Who holds the simulated phone in whose frame this page runs: a userid, or `customer:<id>`. */
export function simulatedPerson(): string | null {
  const isThere = boot.simulator !== null && window.parent !== window;
  return isThere && window.name.startsWith(FRAME) ? window.name.slice(FRAME.length) : null;
}
