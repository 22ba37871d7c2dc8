/**
 * Replaces everything in a value that a page cannot draw at once with a `Blob`: long text, long or deep structures.
 *
 * JSON has no blobs, so telemetry cannot fake one. A blob's bytes are outside the page's heap, pass from worker to page without a copy,
 * and can be read in slices (`pages.ts`). A blob of type `text/plain` is a string, one of `application/json` a structure.
 */
export type Value = null | boolean | number | string | Blob | Value[] | { [key: string]: Value };

export interface Limits {
  /** Longer strings, in characters, become blobs. */
  readonly text: number;
  /** Structures nested deeper than this become blobs. */
  readonly depth: number;
  /** After this many values, counted over all levels, every further structure becomes a blob. */
  readonly values: number;
}

export const LIMITS: Limits = { text: 20_000, depth: 48, values: 50_000 };

/** `value` with everything beyond the limits replaced by blobs. */
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

/** Indented if possible. What the engine cannot indent because it is nested too deeply is written on one line, or not at all. */
function stringify(value: object): string {
  for (const indent of [2, 0]) {
    try {
      return JSON.stringify(value, null, indent);
    } catch {
      // RangeError: out of stack, or the string is too long. Try the shorter form.
    }
  }
  return '"nested too deep to be written"';
}
