/** Splits a hit's snippet at its highlights. Pure. */

export type Piece = { at: number; text: string; hit: boolean };

/** Pieces in order; highlights are counted in characters (code points), as the server counts. */
export function pieces(snippet: string, highlights: readonly (readonly number[])[]): Piece[] {
  const chars = Array.from(snippet);
  const out: Piece[] = [];
  let at = 0;
  const push = (to: number, hit: boolean) => {
    if (to > at) out.push({ at, text: chars.slice(at, to).join(""), hit });
    at = Math.max(at, to);
  };
  for (const [from = 0, to = 0] of [...highlights].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))) {
    push(from, false);
    push(Math.min(to, chars.length), true);
  }
  push(chars.length, false);
  return out;
}
