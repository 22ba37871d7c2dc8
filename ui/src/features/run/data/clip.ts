/**
 * Cuts what a page cannot draw at once out of a value: long text, long or deep structures.
 *
 * What is cut out becomes a `Blob`. JSON holds no blobs, so telemetry cannot pretend to be one; its bytes lie outside
 * the page's heap and are handed from worker to page without a copy; and it is read in slices (`pages.ts`).
 * A blob of type `text/plain` stands for a string, one of `application/json` for a structure.
 */
export type Value = null | boolean | number | string | Blob | Value[] | { [key: string]: Value };

export interface Limits {
  /** Characters that a string may have to stay a string. */
  readonly text: number;
  /** Levels below which a structure becomes a blob. */
  readonly depth: number;
  /** Values, of all levels, after which every further structure becomes a blob. */
  readonly values: number;
}

export const LIMITS: Limits = { text: 20_000, depth: 48, values: 50_000 };

/** `value` with everything beyond the limits cut out. */
export function clip(value: unknown, limits: Limits = LIMITS): Value {
  let left = limits.values;
  const walk = (value: unknown, depth: number): Value => {
    left -= 1;
    if (typeof value === "string") return value.length > limits.text ? textBlob(value) : value;
    if (value === null || typeof value !== "object") return value as Value;
    if (depth > limits.depth || left < size(value)) return structureBlob(value);
    if (Array.isArray(value)) return value.map((item) => walk(item, depth + 1));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, depth + 1)]));
  };
  return walk(value, 0);
}

export const isStructure = (blob: Blob): boolean => blob.type === "application/json";

const size = (value: object): number => (Array.isArray(value) ? value.length : Object.keys(value).length);
const textBlob = (text: string): Blob => new Blob([text], { type: "text/plain" });

function structureBlob(value: object): Blob {
  return new Blob([stringify(value)], { type: "application/json" });
}

/** Indented where possible: what is nested too deep for the engine to indent is written in one line, or not at all. */
function stringify(value: object): string {
  for (const indent of [2, 0]) {
    try {
      return JSON.stringify(value, null, indent);
    } catch {
      // RangeError: the stack or the longest string. Try the shorter form.
    }
  }
  return '"nested too deep to be written"';
}
