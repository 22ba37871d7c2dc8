/** Formats figures for people. Unknown is a dash, never 0. */

/** `940`, `12.4k`, `3.1M`. */
export function count(n: number | null | undefined): string {
  if (n === null || n === undefined) return "–";
  if (n < 1000) return String(n);
  if (n < 999_950) return `${(n / 1000).toFixed(n < 99_950 ? 1 : 0)}k`;
  return `${(n / 1e6).toFixed(n < 99.95e6 ? 1 : 0)}M`;
}

/** Tokens in and out together; null where neither is known. */
export function tokensOf(of: { input_tokens?: number | null; output_tokens?: number | null }): number | null {
  const { input_tokens: input, output_tokens: output } = of;
  return input == null && output == null ? null : (input ?? 0) + (output ?? 0);
}

/** All digits, `1,234,567`, for tables whose sums should be checkable. */
export const exactCount = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

/** `$0.0031`, `$1.20`, `$340`: two significant digits below a dollar. */
export function usd(dollars: number | null | undefined): string {
  if (dollars === null || dollars === undefined) return "–";
  if (dollars === 0) return "$0";
  if (dollars >= 100) return `$${dollars.toFixed(0)}`;
  if (dollars >= 1) return `$${dollars.toFixed(2)}`;
  return `$${Number(dollars.toPrecision(2)).toFixed(Math.min(9, 1 - Math.floor(Math.log10(dollars))))}`;
}

/** `812 B`, `4.2 kB`, `1.3 MB`. */
export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return "–";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [n, 0];
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** `1 turn`, `3 turns`. */
export const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
