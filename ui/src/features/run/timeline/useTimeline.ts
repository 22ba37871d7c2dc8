import { useMemo, useState } from "react";
import { lastMoment, NONE } from "../data/skeleton";
import { type CriticalPath, criticalPath } from "../layout/criticalPath";
import { type Gap, gaps } from "../layout/gaps";
import { type Scale, toScale } from "../layout/scale";
import { selfTimes } from "../layout/selfTime";
import { WHOLE, type Window } from "../layout/window";
import type { Shape } from "../model";

export interface Timeline {
  readonly total: number;
  readonly gaps: readonly Gap[];
  readonly folded: readonly Gap[];
  readonly foldsGaps: boolean;
  readonly setFoldsGaps: (folds: boolean) => void;
  readonly scale: Scale;
  readonly window: Window;
  readonly setWindow: (change: Window | ((window: Window) => Window)) => void;
  readonly critical: CriticalPath;
  readonly selfTime: Float64Array;
}

/** Gaps are folded initially if they take more than this fraction of the run. */
const MUCH = 0.3;

/** Everything needed to draw a timeline. `now` moves while the run is open. */
export function useTimeline({ skeleton, tree }: Shape, now: number): Timeline {
  const total = useMemo(() => Math.max(lastMoment(skeleton), now), [skeleton, now]);
  const found = useMemo(() => gaps(skeleton, tree, now, total), [skeleton, tree, now, total]);
  const much = found.reduce((sum, gap) => sum + gap.to - gap.from, 0) > total * MUCH;
  const [chosen, setFoldsGaps] = useState<boolean | null>(null);
  const foldsGaps = chosen ?? much;
  const folded = foldsGaps ? found : NO_GAPS;
  const scale = useMemo(() => toScale(total, folded), [total, folded]);
  const [window, setWindow] = useState<Window>(WHOLE);
  const critical = useMemo(() => {
    const root = tree.order.find((step) => skeleton.outer[step] === 0) ?? NONE;
    return root === NONE ? NO_PATH : criticalPath(skeleton, tree, root, now);
  }, [skeleton, tree, now]);
  const selfTime = useMemo(() => selfTimes(skeleton, tree, now), [skeleton, tree, now]);
  return useMemo(
    () => ({
      total,
      gaps: found,
      folded,
      foldsGaps,
      setFoldsGaps,
      scale,
      window,
      setWindow,
      critical,
      selfTime,
    }),
    [total, found, folded, foldsGaps, scale, window, critical, selfTime],
  );
}

const NO_GAPS: readonly Gap[] = [];
const NO_PATH: CriticalPath = { byStep: new Map(), share: new Map() };
