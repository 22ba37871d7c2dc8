import type { Gap } from "./gaps";

/**
 * Maps time to position: 0 is the start of the run and 1 its end. Folded gaps take a small fixed fraction each, and the rest is
 * linear.
 */
export interface Scale {
  at(ms: number): number;
  msAt(place: number): number;
}

/** The shortest period an axis shows, in milliseconds, so that a run that took no time has one too. */
const SHORTEST = 0.001;
/** The fraction of the width that a folded gap keeps, and the most that all of them keep together. */
const FOLDED = 0.02;
const ALL_FOLDED = 0.3;

interface Piece {
  readonly ms: number;
  readonly place: number;
}

export function toScale(total: number, folded: readonly Gap[]): Scale {
  const span = Math.max(total, SHORTEST);
  const kept = span - folded.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const narrow = Math.min(FOLDED, ALL_FOLDED / Math.max(1, folded.length));
  const room = 1 - folded.length * narrow;
  const pieces: Piece[] = [{ ms: 0, place: 0 }];
  let ms = 0;
  let place = 0;
  const go = (to: number, width: number) => {
    ms = to;
    place += width;
    pieces.push({ ms, place });
  };
  for (const gap of folded) {
    if (gap.from > ms) go(gap.from, ((gap.from - ms) / kept) * room);
    go(gap.to, kept > 0 ? narrow : 1 / folded.length);
  }
  if (span > ms) go(span, ((span - ms) / kept) * room);
  return {
    at: (wanted) => between(pieces, wanted, "ms", "place"),
    msAt: (wanted) => between(pieces, wanted, "place", "ms"),
  };
}

/** Piecewise linear, clamped at both ends. */
function between(pieces: readonly Piece[], wanted: number, from: keyof Piece, to: keyof Piece): number {
  let low = 0;
  let high = pieces.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((pieces[middle] as Piece)[from] <= wanted) low = middle;
    else high = middle;
  }
  const a = pieces[low] as Piece;
  const b = (pieces[high] ?? a) as Piece;
  if (wanted <= a[from] || a[from] === b[from]) return a[to];
  if (wanted >= b[from]) return b[to];
  return a[to] + ((wanted - a[from]) / (b[from] - a[from])) * (b[to] - a[to]);
}
