// Rows: services and parts with their prices, tables of a small form of their own. Amounts are worked
// out as the server does it, so that the total on the page is the total on the bill.
import { yuan, FEN_MAX, grouped } from "@/shared/money";
import { t } from "@/shared/t";
import { plus, ratioOf, times, toNumber, type Ratio } from "../ratio";
import { isRecord, read, type Field, type Problem } from "../types";
import { counted } from "./choice";
import { asText, cleanText, isEmpty, wrong, type Kind } from "./kind";

const ROWS_MAX = 200;
const TEXT_MAX = 100;
const QUANTITY_SCALE = 3;
const TABLE_WORDS_MAX = 500;
const ZERO: Ratio = { num: 0n, den: 1n };

export interface PricedRow {
  code?: string;
  name?: string;
  quantity?: number | null;
  unit?: string;
  /** In fen, or what was typed and is no amount. */
  price?: number | string | null;
  amount?: number;
}

export const pricedRows = (value: unknown): PricedRow[] =>
  isRecord(value) && Array.isArray(value["rows"]) ? (value["rows"] as PricedRow[]) : [];

/** Quantity by price in fen, rounded half away from zero; null while one of them is no number. */
export function amountOf({ quantity, price }: PricedRow): number | null {
  const [many, each] = [quantity, price].map((one) =>
    typeof one === "number" ? ratioOf(one) : null,
  );
  const amount = many && each ? times(many, each) : null;
  const fen = amount ? toNumber(amount, 0) : null;
  return fen !== null && fen <= FEN_MAX ? fen : null;
}

export const totalOf = (rows: readonly PricedRow[]): number =>
  rows.reduce((sum, row) => sum + (amountOf(row) ?? 0), 0);

function rowProblems(row: PricedRow, at: string): Problem[] {
  const found: Problem[] = [];
  const tell = (member: string, detail: string) => found.push({ path: `${at}.${member}`, detail });
  const long = (["name", "code", "unit"] as const).find(
    (member) => [...asText(row[member])].length > TEXT_MAX,
  );
  if (long) tell(long, t("problem.too_long", { max: TEXT_MAX, n: [...asText(row[long])].length }));
  if (isEmpty(row.name)) tell("name", t("problem.required", { label: t("rows.name") }));
  const ratio = typeof row.quantity === "number" ? ratioOf(row.quantity) : null;
  const isQuantity = ratio && ratio.num > 0n && 10n ** BigInt(QUANTITY_SCALE) % ratio.den === 0n;
  if (!isQuantity) tell("quantity", t("problem.quantity"));
  const { price } = row;
  if (isEmpty(price)) tell("price", t("problem.required", { label: t("rows.price") }));
  else if (typeof price !== "number" || !Number.isSafeInteger(price))
    tell("price", t("problem.money"));
  else if (price < 0) tell("price", t("problem.negative"));
  return found;
}

const cleanRow = (row: PricedRow): PricedRow => {
  const clean: PricedRow = {};
  for (const member of ["code", "name", "unit"] as const) {
    const text = cleanText(asText(row[member])).replace(/[\n\t]/g, " ");
    if (text) clean[member] = text;
  }
  if (row.quantity !== null && row.quantity !== undefined) clean.quantity = row.quantity;
  if (!isEmpty(row.price)) clean.price = row.price as number;
  const amount = amountOf(clean);
  if (amount !== null) clean.amount = amount;
  return clean;
};

export const priced: Kind = {
  source: "input",
  type: "object",
  parts: () => ({ total: "number", count: "number" }),
  part: (_field, value, part) =>
    part === "count" ? pricedRows(value).length : totalOf(pricedRows(value)),
  isEmpty: (value) => pricedRows(value).length === 0,
  clean: (_field, value) => {
    const rows = pricedRows(value).map(cleanRow);
    return { rows, total: totalOf(rows) };
  },
  problems: (field, value) => {
    const rows = pricedRows(value);
    return [
      ...counted(field, rows.length, ROWS_MAX, t("problem.unit.rows")),
      ...rows.flatMap((row, nth) => rowProblems(row, `rows[${nth}]`)),
    ];
  },
  words: (_field, value) => {
    const rows = pricedRows(value).map((row) =>
      `${row.name ?? ""} ×${row.quantity ?? ""} ${row.unit ?? ""}`.trimEnd(),
    );
    const total = t("field.total", { total: yuan(totalOf(pricedRows(value))) });
    return rows.length === 0 ? "" : `${rows.join("、")}，${total}`;
  },
};

export type TableRow = Record<string, unknown>;

export const tableRows = (value: unknown): TableRow[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

/** The sum of a column as far as it has numbers. */
export function sumOf(value: unknown, column: string): number | null {
  let sum = ZERO;
  for (const row of tableRows(value)) {
    const cell = row[column];
    const number = typeof cell === "number" ? ratioOf(cell) : null;
    sum = (number && plus(sum, number)) ?? sum;
  }
  return toNumber(sum);
}

/** A table knows the other kinds by the list, which knows it: the list is handed in. */
export const tableOf = (kindOf: (kind: string) => Kind | undefined): Kind => ({
  source: "input",
  type: "object",
  parts: (field) => {
    const sums = (field.columns ?? []).filter((column) => kindOf(column.kind)?.type === "number");
    const names = sums.map((column) => [`sum.${column.key}`, "number"] as const);
    return { count: "number", ...Object.fromEntries(names) };
  },
  part: (_field, value, part) =>
    part === "count" ? tableRows(value).length : sumOf(value, part.replace(/^sum\./, "")),
  clean: (field, value) =>
    tableRows(value).map((row) => {
      const clean: TableRow = {};
      for (const column of field.columns ?? []) {
        const kind = kindOf(column.kind);
        const cell = kind?.clean ? kind.clean(column, row[column.key]) : row[column.key];
        if (!(kind?.isEmpty ?? isEmpty)(cell)) clean[column.key] = cell;
      }
      return clean;
    }),
  problems: (field, value) => {
    const rows = tableRows(value);
    const found = counted(field, rows.length, ROWS_MAX, t("problem.unit.rows"));
    for (const [nth, row] of rows.entries()) {
      if (isEmpty(row)) found.push(...wrong(t("problem.row"), `[${nth}]`));
      for (const column of field.columns ?? []) {
        const kind = kindOf(column.kind);
        const cell = row[column.key];
        const at = `[${nth}].${column.key}`;
        if ((kind?.isEmpty ?? isEmpty)(cell)) {
          const label = read(column.label);
          if (column.required && !isEmpty(row))
            found.push({ path: at, detail: t("problem.required", { label }) });
          continue;
        }
        for (const { path, detail } of kind?.problems?.(column, cell) ?? [])
          found.push({ path: below(at, path), detail });
      }
    }
    return found;
  },
  words: (field, value) => {
    const cells = (row: TableRow) =>
      (field.columns ?? [])
        .filter((column) => !isEmpty(row[column.key]))
        .map((column) => kindOf(column.kind)?.words(column, row[column.key]) ?? "")
        .join(" ");
    return tableRows(value).map(cells).join("；").slice(0, TABLE_WORDS_MAX);
  },
});

/** A path seen from further out. */
export function below(outer: string, inner: string): string {
  if (inner === "") return outer;
  return inner.startsWith("[") || outer === "" ? outer + inner : `${outer}.${inner}`;
}

export const sumWords = (value: unknown, column: Field): string => {
  const sum = sumOf(value, column.key);
  if (sum === null) return "";
  return column.kind === "money" ? yuan(sum) : grouped(sum);
};
