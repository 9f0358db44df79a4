// The client around the page, whichever it is: `const { userId } = await (await wecom()).getCur…()`.
// Never wait for it before drawing: on phones it has been seen to take seconds.
import { boot, simulatedPerson } from "../boot";
import type { WeCom } from "./types";

export { WeComError, type WeComCode } from "./error";
export type { ChatMessage, Person, Place, WeCom } from "./types";

let found: Promise<WeCom> | null = null;

async function find(): Promise<WeCom> {
  if (boot.simulator !== null && simulatedPerson() !== null)
    return (await import("./sim")).simulated(boot.simulator);
  if (boot.client === "wecom") return (await import("./real")).real;
  return (await import("./browser")).browser;
}

/** The adapter; its code is fetched by the first who asks. */
export function wecom(): Promise<WeCom> {
  found ??= find().catch((error: unknown) => {
    found = null;
    throw error;
  });
  return found;
}
