// One tab at a time does it. Where the browser has locks, those; elsewhere (old Safari, plain http) a
// lease in IndexedDB, which ends by itself when its holder was killed.
import type { FieldDb } from "./fieldDb";

export const LEASE_MS = 20_000;
const RENEW_MS = 5_000;

/** Runs the work if nobody else is at it; says whether it ran. */
export type Alone = (work: () => Promise<void>) => Promise<boolean>;

export const locked =
  (name: string, locks: Pick<LockManager, "request">): Alone =>
  (work) =>
    locks.request(name, { ifAvailable: true }, async (lock) => {
      if (!lock) return false;
      await work();
      return true;
    });

async function take(db: FieldDb, name: string, holder: string, now: number): Promise<boolean> {
  const turn = db.transaction("leases", "readwrite");
  const lease = await turn.store.get(name);
  const isFree = !lease || lease.holder === holder || lease.until <= now;
  if (isFree) await turn.store.put({ name, holder, until: now + LEASE_MS });
  await turn.done;
  return isFree;
}

export const leased =
  (db: () => Promise<FieldDb>, name: string, holder: string, now: () => number = Date.now): Alone =>
  async (work) => {
    const open = await db();
    if (!(await take(open, name, holder, now()))) return false;
    const timer = setInterval(() => void take(open, name, holder, now()), RENEW_MS);
    try {
      await work();
    } finally {
      clearInterval(timer);
      await open.delete("leases", name).catch(() => undefined);
    }
    return true;
  };
