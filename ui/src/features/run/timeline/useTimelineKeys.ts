import { useKeys } from "../../../lib/useKeys";
import { endOf, NONE } from "../data/skeleton";
import { around, pan, WHOLE, zoom } from "../layout/window";
import type { Shape } from "../model";
import type { Timeline } from "./useTimeline";

const CLOSER = 1.6;
const ASIDE = 0.2;

/** `+ -` zoom (at the selected step if it is on screen), `z` zooms to the selected step, `0` shows everything, `, .` pan. */
export function useTimelineKeys(
  { skeleton }: Shape,
  timeline: Timeline,
  selected: number,
  now: number,
): void {
  const { scale, window, setWindow } = timeline;
  const from = selected === NONE ? 0 : scale.at(skeleton.start[selected] ?? 0);
  const to = selected === NONE ? 1 : scale.at(endOf(skeleton, selected, now));
  const centre = (from + to) / 2;
  const isShown = selected !== NONE && centre > window.from && centre < window.to;
  const anchor = isShown ? centre : (window.from + window.to) / 2;
  const closer = () => setWindow(zoom(window, CLOSER, anchor));
  useKeys({
    "+": closer,
    "=": closer,
    "-": () => setWindow(zoom(window, 1 / CLOSER, anchor)),
    z: () => setWindow(around(from, to)),
    "0": () => setWindow(WHOLE),
    ",": () => setWindow(pan(window, -ASIDE)),
    ".": () => setWindow(pan(window, ASIDE)),
  });
}
