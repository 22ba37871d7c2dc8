import { endOf, type Skeleton } from "../data/skeleton";
import type { Tree } from "./tree";

/** A long stretch in which no work was done; the timeline draws it narrow and says what it folded. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** `human`: a gate waited for a person. `idle`: no step without children was running. */
  readonly why: "idle" | "human";
}

/** Only what is longer than this part of the whole is folded. */
const LONG = 0.06;

/**
 * The gaps of a run. Steps that hold others (runs, turns, tools with sub-agents) are not work of their own: what
 * counts are the steps at the bottom. A gate that waits for a person is not work either.
 */
export function gaps(skeleton: Skeleton, tree: Tree, now: number, total: number): Gap[] {
  const work: [from: number, to: number][] = [];
  const waits: [from: number, to: number][] = [];
  const policy = skeleton.kinds.indexOf("policy");
  for (let step = 0; step < skeleton.length; step++) {
    if (tree.first[step] !== tree.first[step + 1]) continue;
    const stretch: [number, number] = [skeleton.start[step]!, endOf(skeleton, step, now)];
    const waiting = skeleton.kind[step] === policy && stretch[1] - stretch[0] > total * LONG;
    (waiting ? waits : work).push(stretch);
  }
  work.sort((a, b) => a[0] - b[0]);
  const found: Gap[] = [];
  let reached = 0;
  for (const [from, to] of [...work, [total, total] as const]) {
    if (from - reached > total * LONG)
      found.push({ from: reached, to: from, why: whyOf(waits, reached, from) });
    reached = Math.max(reached, to);
  }
  return found;
}

function whyOf(waits: readonly [number, number][], from: number, to: number): Gap["why"] {
  const waited = waits.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, to) - Math.max(a, from)), 0);
  return waited > (to - from) / 2 ? "human" : "idle";
}
