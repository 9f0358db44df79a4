// Money is a whole number of fen. Between people and fen there is only text: no float takes part.

/** A hundred billion yuan, the most that the service takes. */
export const FEN_MAX = 10_000_000_000_000;

export type MoneyFault = "malformed" | "too_precise" | "out_of_range";

const WRITTEN = /^([-−]?)(\d{0,15})(?:\.(\d*))?$/;

/** `1,280.5`, `￥12`, `12.50 元` in fen; null for nothing written. */
export function fenOf(text: string): number | null | MoneyFault {
  const plain = text.replace(/[,，￥¥元\s]/g, "");
  if (plain === "") return null;
  const [, sign, whole = "", part = ""] = WRITTEN.exec(plain) ?? [];
  if (sign === undefined || whole + part === "") return "malformed";
  if (part.replace(/0+$/, "").length > 2) return "too_precise";
  const fen = Number(`${whole || "0"}${part.slice(0, 2).padEnd(2, "0")}`);
  if (fen > FEN_MAX) return "out_of_range";
  return sign && fen > 0 ? -fen : fen;
}

const digits = (fen: number) => String(Math.abs(fen)).padStart(3, "0");

/** `1280.50`, as one edits it. */
export const plainYuan = (fen: number): string =>
  `${fen < 0 ? "-" : ""}${digits(fen).slice(0, -2)}.${digits(fen).slice(-2)}`;

/** `¥1,280.50` */
export const yuan = (fen: number): string =>
  `${fen < 0 ? "-" : ""}¥${digits(fen)
    .slice(0, -2)
    .replace(/\B(?=(\d{3})+$)/g, ",")}.${digits(fen).slice(-2)}`;

/** `12,345.678` */
export const grouped = (number: number): string => {
  const [whole = "", part] = String(number).split(".");
  const left = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part === undefined ? left : `${left}.${part}`;
};
