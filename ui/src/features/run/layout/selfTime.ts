import { endOf, type Skeleton } from "../data/skeleton";
import type { Tree } from "./tree";

/**
 * The self time of each step: the milliseconds in which it ran and none of its children did.
 * Children may overlap one another and may outlive their parent; neither is counted twice.
 */
export function selfTimes(skeleton: Skeleton, tree: Tree, now: number): Float64Array {
  const own = new Float64Array(skeleton.length);
  for (let step = 0; step < skeleton.length; step++) {
    const from = skeleton.start[step]!;
    const to = endOf(skeleton, step, now);
    let covered = 0;
    let reached = from;
    for (let at = tree.first[step]!; at < tree.first[step + 1]!; at++) {
      const child = tree.children[at]!;
      const begins = Math.max(skeleton.start[child]!, reached);
      const ends = Math.min(endOf(skeleton, child, now), to);
      if (ends > begins) {
        covered += ends - begins;
        reached = ends;
      }
    }
    own[step] = Math.max(0, to - from - covered);
  }
  return own;
}
