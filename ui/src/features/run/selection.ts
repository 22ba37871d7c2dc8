/** Moving through rows by keyboard. Pure: the page says what is shown and selected, and is told what comes next. */

/** The row `by` rows on from the selected one; the first (or last) when none is selected. Stops at the ends. */
export function moved<T>(rows: ArrayLike<T>, selected: T | null, by: number): T | null {
  if (rows.length === 0) return null;
  const at = selected === null ? -1 : indexOf(rows, selected);
  if (at < 0) return rows[by > 0 ? 0 : rows.length - 1] as T;
  return rows[Math.min(rows.length - 1, Math.max(0, at + by))] as T;
}

/** Array-likes of a hundred thousand numbers are typed arrays, whose own search is the fastest there is. */
export function indexOf<T>(rows: ArrayLike<T>, wanted: T): number {
  return Array.prototype.indexOf.call(rows, wanted);
}

export type Fold = "open" | "close";

/**
 * What `[` (close) and `]` (open) do to a row. Closing one that holds nothing, or is closed, goes to the row above,
 * so that pressing on leads to the top.
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
