/** Time ranges that end now, as `started>=-24h` has them. Pure. */

/** Those that are offered. */
export const RANGES: readonly string[] = ["15m", "1h", "24h", "7d", "30d"];

const UNITS: Readonly<Record<string, readonly [name: string, ms: number]>> = {
  m: ["minute", 60_000],
  h: ["hour", 3_600_000],
  d: ["day", 86_400_000],
  w: ["week", 7 * 86_400_000],
};

function read(last: string): [count: number, name: string, ms: number] | null {
  const [, digits, letter = ""] = /^(\d{1,4})([mhdw])$/.exec(last) ?? [];
  const unit = UNITS[letter];
  const count = Number(digits);
  return unit && count > 0 ? [count, unit[0], unit[1]] : null;
}

/** How long `24h` is, in milliseconds. Null for what is no length. */
export function lengthOf(last: string): number | null {
  const range = read(last);
  return range && range[0] * range[2];
}

/** `24h` as "Last 24 hours". */
export function lastWords(last: string): string {
  const [count, name] = read(last) ?? [];
  return count === 1 ? `Last ${name}` : `Last ${count} ${name}s`;
}
