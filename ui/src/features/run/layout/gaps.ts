import { endOf, type Skeleton } from "../data/skeleton";
import type { Tree } from "./tree";

/** A long stretch in which no work was done; the timeline draws it narrow and says what it folded. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** `human`: a gate waited for a person. `idle`: no step without children was running. */
  readonly why: "idle" | "human";
}

/** Only what is longer than this part of the time spent working is folded. */
const LONG = 0.05;
/** The most gaps that are folded, the longest ones: each keeps some width. */
const MOST = 80;
/** A policy step that takes longer than this (ms) waits for a person. */
const THINKING = 1000;

type Stretch = readonly [from: number, to: number];

/**
 * The gaps of a run. Steps that hold others (runs, turns, tools with sub-agents) are not work of their own: what
 * counts are the steps at the bottom. A gate that waits for a person is not work either.
 */
export function gaps(skeleton: Skeleton, tree: Tree, now: number, total: number): Gap[] {
  const { work, waits } = stretches(skeleton, tree, now);
  const idle: Stretch[] = [];
  let reached = 0;
  for (const [from, to] of [...work, [total, total] as const]) {
    if (from > reached) idle.push([reached, from]);
    reached = Math.max(reached, to);
  }
  const busy = total - idle.reduce((sum, [from, to]) => sum + to - from, 0);
  return idle
    .filter(([from, to]) => to - from > busy * LONG)
    .sort((a, b) => b[1] - b[0] - (a[1] - a[0]))
    .slice(0, MOST)
    .sort((a, b) => a[0] - b[0])
    .map(([from, to]) => ({ from, to, why: whyOf(waits, from, to) }));
}

/** Where work was done and where a person was waited for, by start. */
function stretches(skeleton: Skeleton, tree: Tree, now: number): { work: Stretch[]; waits: Stretch[] } {
  const work: Stretch[] = [];
  const waits: Stretch[] = [];
  const policy = skeleton.kinds.indexOf("policy");
  for (let step = 0; step < skeleton.length; step++) {
    if (tree.first[step] !== tree.first[step + 1]) continue;
    const stretch: Stretch = [skeleton.start[step]!, endOf(skeleton, step, now)];
    const waiting = skeleton.kind[step] === policy && stretch[1] - stretch[0] > THINKING;
    (waiting ? waits : work).push(stretch);
  }
  return { work: work.sort((a, b) => a[0] - b[0]), waits };
}

function whyOf(waits: readonly Stretch[], from: number, to: number): Gap["why"] {
  const waited = waits.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, to) - Math.max(a, from)), 0);
  return waited > (to - from) / 2 ? "human" : "idle";
}
