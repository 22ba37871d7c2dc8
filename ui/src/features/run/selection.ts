/** Moving through rows by keyboard. Pure: takes the rows and the selection, returns the next selection. */

/** The row `by` rows after the selected one, or the first (last) row if none is selected. Stops at the ends. */
export function moved<T>(rows: ArrayLike<T>, selected: T | null, by: number): T | null {
  if (rows.length === 0) return null;
  const at = selected === null ? -1 : indexOf(rows, selected);
  if (at < 0) return rows[by > 0 ? 0 : rows.length - 1] as T;
  return rows[Math.min(rows.length - 1, Math.max(0, at + by))] as T;
}

/** Lists of a hundred thousand numbers are typed arrays, whose own search is fastest. */
export function indexOf<T>(rows: ArrayLike<T>, wanted: T): number {
  return Array.prototype.indexOf.call(rows, wanted);
}

export type Fold = "open" | "close";

/**
 * What `[` (close) and `]` (open) do to a row. Closing a row that is a leaf or already closed moves to its parent, so that pressing
 * again leads to the top.
 */
export function fold(
  folded: ReadonlySet<number>,
  step: number,
  holds: (step: number) => boolean,
  above: (step: number) => number,
  how: Fold,
): { folded: ReadonlySet<number>; select: number } {
  const next = new Set(folded);
  if (how === "open") {
    next.delete(step);
    return { folded: next, select: step };
  }
  if (holds(step) && !folded.has(step)) {
    next.add(step);
    return { folded: next, select: step };
  }
  const parent = above(step);
  return { folded, select: parent < 0 ? step : parent };
}
