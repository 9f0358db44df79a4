// What stands in a text that was pasted from a chat: phone numbers, serial numbers, a first line.

export interface Found {
  phones: string[];
  serials: string[];
}

// Safari 14 knows no look-behind, so what stands before is matched along.
const PHONE = /(^|[^\d.])(?:\+?86[- ]?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)/g;
const LANDLINE = /(^|\D)(0\d{2,3})[- ]?(\d{7,8})(?!\d)/g;
/** Letters and digits mixed, six and more, as they are printed on devices: `QFKT2024-0031`. */
const SERIAL = /^(?=[A-Za-z\d-]*\d)(?=[A-Za-z\d-]*[A-Za-z])[A-Za-z\d][A-Za-z\d-]{5,31}$/;
const FOUND_MAX = 4;

const once = (all: string[]) => [...new Set(all)].slice(0, FOUND_MAX);

export function foundIn(text: string): Found {
  const mobile = [...text.matchAll(PHONE)].map(([, , number = ""]) => number.replace(/[- ]/g, ""));
  const fixed = [...text.matchAll(LANDLINE)].map(
    ([, , area = "", number = ""]) => `${area}-${number}`,
  );
  const links = text.replace(/https?:\/\/\S+/g, " ");
  const words = links.split(/[^A-Za-z\d-]+/).filter((word) => SERIAL.test(word));
  const serials = words.map((word) => word.toUpperCase());
  return { phones: once([...mobile, ...fixed]), serials: once(serials) };
}

const TITLE_MAX = 30;

/** The first sentence, as a title. */
export function titleOf(text: string): string {
  const first =
    text
      .trim()
      .split(/[\n。！？!?；;]/)[0]
      ?.trim() ?? "";
  const chars = [...first];
  return chars.length > TITLE_MAX ? `${chars.slice(0, TITLE_MAX - 1).join("")}…` : first;
}
