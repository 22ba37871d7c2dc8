import { parseJson } from "../../../lib/json";
import { clip, type Value } from "../data/clip";

/** One line of a JSON value on screen. */
export interface JsonRow {
  /** The location of the value, as a JSON pointer. Also the key of the row. */
  readonly pointer: string;
  readonly depth: number;
  /** Its key or index; null for the root value. */
  readonly key: string | null;
  readonly value: Value;
  /** How many values it directly contains; null if it is a scalar. */
  readonly size: number | null;
  readonly open: boolean;
  /** It was sent as a text that holds JSON. */
  readonly isQuoted: boolean;
  /** An open list of records, drawn as a table instead of one line for each of their values. */
  readonly table: Table | null;
}

export type Scalar = null | boolean | number | string;

export interface Table {
  readonly columns: readonly string[];
  /** The cells; undefined where a record has no such value. */
  readonly rows: readonly (readonly (Scalar | undefined)[])[];
}

/** The lines of a value. Lines are open down to `openDepth` at first; those in `turned` are the other way round. */
export function jsonRows(value: Value, turned: ReadonlySet<string>, openDepth = 2): JsonRow[] {
  const rows: JsonRow[] = [];
  const add = (given: Value, key: string | null, pointer: string, depth: number) => {
    const nested = nestedIn(given);
    const value = nested ?? given;
    const inside = entries(value);
    const open = inside !== null && inside.length > 0 && depth < openDepth !== turned.has(pointer);
    const table = open ? tableOf(value) : null;
    const size = inside?.length ?? null;
    rows.push({ pointer, depth, key, value, size, open, isQuoted: nested !== null, table });
    if (!open || table) return;
    for (const [key, item] of inside) add(item, key, `${pointer}/${escaped(key)}`, depth + 1);
  };
  // The outermost braces carry no information, so their contents start at the first level.
  const inside = entries(value);
  if (inside === null || inside.length === 0 || tableOf(value)) {
    add(value, null, "", 0);
    return rows;
  }
  for (const [key, item] of inside) add(item, key, `/${escaped(key)}`, 0);
  return rows;
}

function entries(value: Value): [string, Value][] | null {
  if (value === null || typeof value !== "object" || value instanceof Blob) return null;
  return Array.isArray(value) ? value.map((item, index) => [String(index), item]) : Object.entries(value);
}

const escaped = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");

/** The structure in a text that holds JSON; null for any other value. */
function nestedIn(value: Value): Value {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return null;
  try {
    return clip(parseJson(value));
  } catch {
    return null; // a text that only begins like JSON
  }
}

/** The most rows and columns of a table, and the longest text in it. Larger lists are drawn line by line. */
const ROWS = 100;
const COLUMNS = 8;
const CELL = 120;

/** A list of records with the same few plain values, as a table. Null for any other value. */
export function tableOf(value: Value): Table | null {
  if (!Array.isArray(value) || value.length < 2 || value.length > ROWS) return null;
  const columns = new Set<string>();
  let filled = 0;
  for (const item of value) {
    const inside = Array.isArray(item) ? null : entries(item);
    if (!inside?.every(([, cell]) => isCell(cell))) return null;
    for (const [key] of inside) columns.add(key);
    filled += inside.length;
    if (columns.size > COLUMNS) return null;
  }
  // Records that have little in common would be a table of holes.
  if (columns.size < 2 || filled * 2 < columns.size * value.length) return null;
  const names = [...columns];
  const rows = value.map((item) => names.map((name) => (item as Record<string, Scalar>)[name]));
  return { columns: names, rows };
}

const isCell = (value: Value): value is Scalar =>
  value === null ||
  typeof value === "boolean" ||
  typeof value === "number" ||
  (typeof value === "string" && value.length <= CELL && !value.includes("\n") && nestedIn(value) === null);
