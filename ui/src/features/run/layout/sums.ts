import { NONE, type Skeleton } from "../data/skeleton";
import type { Tree } from "./tree";

/** What each step and all steps in it add up to. `NaN` where nothing is known of any. */
export interface Sums {
  readonly tokens: Float64Array;
  readonly cost: Float64Array;
}

/** Sums from the leaves up: in depth-first order, a step comes before what is in it. */
export function sumsOf(skeleton: Skeleton, tree: Tree): Sums {
  const tokens = skeleton.tokens.slice();
  const cost = skeleton.cost.slice();
  for (let at = tree.order.length - 1; at >= 0; at--) {
    const step = tree.order[at] as number;
    const above = skeleton.parent[step] ?? NONE;
    // A step whose parent is its own descendant stands at the top.
    if (above === NONE || tree.depth[step] === 0) continue;
    for (const sum of [tokens, cost]) {
      const part = sum[step] as number;
      if (!Number.isNaN(part)) sum[above] = part + (Number.isNaN(sum[above]) ? 0 : (sum[above] as number));
    }
  }
  return { tokens, cost };
}
