import { endOf, type Skeleton } from "../data/skeleton";
import type { Tree } from "./tree";

/** A period in which one step alone determined the duration of the run. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface CriticalPath {
  /** The periods of each step on the path, latest first. */
  readonly byStep: ReadonlyMap<number, readonly Stretch[]>;
  /** Milliseconds on the path for each step. Steps off the path are absent. */
  readonly share: ReadonlyMap<number, number>;
}

/**
 * The critical path below `root`, walked backwards from its end, always into the child that ended last before the current time.
 * Making a step off this path faster does not make the run faster.
 */
export function criticalPath(skeleton: Skeleton, tree: Tree, root: number, now: number): CriticalPath {
  const byStep = new Map<number, Stretch[]>();
  const share = new Map<number, number>();
  const add = (step: number, from: number, to: number) => {
    if (to <= from) return;
    const stretches = byStep.get(step);
    if (stretches) stretches.push({ from, to });
    else byStep.set(step, [{ from, to }]);
    share.set(step, (share.get(step) ?? 0) + to - from);
  };
  const enter = (step: number, until: number): Visit => ({
    step,
    moment: Math.min(endOf(skeleton, step, now), until),
    left: byEnd(skeleton, tree, step, now),
  });

  const stack: Visit[] = [enter(root, Number.POSITIVE_INFINITY)];
  while (stack.length > 0) {
    const visit = stack[stack.length - 1] as Visit;
    const child = visit.left.pop();
    if (child === undefined) {
      add(visit.step, skeleton.start[visit.step]!, visit.moment);
      stack.pop();
      continue;
    }
    const begins = Math.max(skeleton.start[child]!, skeleton.start[visit.step]!);
    if (begins >= visit.moment) continue;
    const ends = Math.min(endOf(skeleton, child, now), visit.moment);
    if (ends <= begins) continue;
    add(visit.step, ends, visit.moment);
    visit.moment = begins;
    stack.push(enter(child, ends));
  }
  return { byStep, share };
}

interface Visit {
  readonly step: number;
  /** How far back the walk has come within this step. */
  moment: number;
  /** Children still to look at, the one that ended last at the end. */
  readonly left: number[];
}

function byEnd(skeleton: Skeleton, tree: Tree, step: number, now: number): number[] {
  return Array.from(tree.children.subarray(tree.first[step]!, tree.first[step + 1]!)).sort(
    (a, b) => endOf(skeleton, a, now) - endOf(skeleton, b, now),
  );
}
