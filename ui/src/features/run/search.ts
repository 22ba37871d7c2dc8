/** What of the run page is in its address: every view and every selection is a link. */

export const VIEWS = ["story", "tree", "timeline", "context"] as const;
export type View = (typeof VIEWS)[number];

export interface RunSearch {
  readonly view?: View;
  /** The selected step. */
  readonly step?: string;
  /** A turn to scroll to, where a link means no step in particular. */
  readonly turn?: number;
}

/** Reads an address. What is no view or no step is left out: a mistyped link still opens the run. */
export function readRunSearch(search: Record<string, unknown>): RunSearch {
  const { view, step, turn } = search;
  const n = Number(turn);
  return {
    ...(VIEWS.includes(view as View) && { view: view as View }),
    // A step id of digits alone is read as a number by the router.
    ...((typeof step === "string" || typeof step === "number") && step !== "" && { step: String(step) }),
    ...(turn !== undefined && Number.isInteger(n) && { turn: n }),
  };
}
