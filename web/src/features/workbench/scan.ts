// What a code says: a ticket, a device, or nothing that is known here.
export type Scanned =
  | { kind: "ticket"; no: string }
  | { kind: "asset"; serial: string }
  | { kind: "unknown"; text: string };

const NO = /\b([A-Z]{1,8}-\d{4,8}-\d{1,9})\b/;
const SERIAL = /^[A-Za-z\d._@-]{1,64}$/;

/** Labels carry a number, or an address whose last part or parameter is one. */
export function readCode(text: string): Scanned {
  const plain = text.trim();
  const no = NO.exec(plain)?.[1];
  if (no) return { kind: "ticket", no };
  if (SERIAL.test(plain)) return { kind: "asset", serial: plain };
  try {
    const { searchParams, pathname } = new URL(plain);
    const named = ["sn", "serial", "asset", "id"].map((name) => searchParams.get(name));
    const last = named.find(Boolean) ?? /([^/]+)\/*$/.exec(pathname)?.[1] ?? "";
    if (SERIAL.test(last)) return { kind: "asset", serial: last };
  } catch {
    // It is no address.
  }
  return { kind: "unknown", text: plain };
}
