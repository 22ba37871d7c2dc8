import type { Value } from "../data/clip";

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
}

/** The lines of a value. Lines are open down to `openDepth` at first; those in `turned` are the other way round. */
export function jsonRows(value: Value, turned: ReadonlySet<string>, openDepth = 2): JsonRow[] {
  const rows: JsonRow[] = [];
  const add = (value: Value, key: string | null, pointer: string, depth: number) => {
    const inside = entries(value);
    const open = inside !== null && inside.length > 0 && depth < openDepth !== turned.has(pointer);
    rows.push({ pointer, depth, key, value, size: inside?.length ?? null, open });
    if (!open) return;
    for (const [key, item] of inside) add(item, key, `${pointer}/${escaped(key)}`, depth + 1);
  };
  // The outermost braces carry no information, so their contents start at the first level.
  const inside = entries(value);
  if (inside === null || inside.length === 0) add(value, null, "", 0);
  for (const [key, item] of inside ?? []) add(item, key, `/${escaped(key)}`, 0);
  return rows;
}

function entries(value: Value): [string, Value][] | null {
  if (value === null || typeof value !== "object" || value instanceof Blob) return null;
  return Array.isArray(value) ? value.map((item, index) => [String(index), item]) : Object.entries(value);
}

const escaped = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");
