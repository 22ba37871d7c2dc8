/** The part of the run page's state that is in its address, so that every view and selection has a link. */

export const VIEWS = ["story", "tree", "timeline", "context"] as const;
export type View = (typeof VIEWS)[number];

export interface RunSearch {
  readonly view?: View;
  /** The selected step. */
  readonly step?: string;
  /** The turn to scroll to, if the link selects no step. */
  readonly turn?: number;
}

/** Parses an address. Invalid views and steps are ignored, so that a mistyped link still opens the run. */
export function readRunSearch(search: Record<string, unknown>): RunSearch {
  const { view, step, turn } = search;
  const n = Number(turn);
  return {
    ...(VIEWS.includes(view as View) && { view: view as View }),
    // The router parses a step id that has only digits as a number.
    ...((typeof step === "string" || typeof step === "number") && step !== "" && { step: String(step) }),
    ...(turn !== undefined && Number.isInteger(n) && { turn: n }),
  };
}
