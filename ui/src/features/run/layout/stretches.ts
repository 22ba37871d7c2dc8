import type { Stretch } from "./criticalPath";
import type { Scale } from "./scale";
import { onScreen, type Window } from "./window";

/** A period on screen, as a fraction of the width (0 … 1). */
export interface Mark {
  readonly left: number;
  readonly width: number;
}

/**
 * The periods on screen, given latest first. Those too close to distinguish are merged, so that there are never more marks than
 * `columns`.
 */
export function marksOf(
  stretches: readonly Stretch[],
  scale: Scale,
  window: Window,
  columns: number,
): Mark[] {
  const marks: Mark[] = [];
  let open: { left: number; right: number } | null = null;
  const close = () => {
    if (open) marks.push({ left: open.left, width: open.right - open.left });
  };
  for (const { from, to } of stretches) {
    const left = Math.max(0, onScreen(window, scale.at(from)));
    const right = Math.min(1, onScreen(window, scale.at(to)));
    if (right < 0 || left > 1) continue;
    if (open && open.left - right < 1 / columns) {
      open.left = Math.min(open.left, left);
    } else {
      close();
      open = { left, right };
    }
  }
  close();
  return marks;
}
