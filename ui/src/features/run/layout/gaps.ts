import { endOf, type Skeleton } from "../data/skeleton";
import type { Tree } from "./tree";

/** A long period without work. The timeline draws it narrow and labels it. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** `human`: a gate waited for a person. `idle`: no step without children was running. */
  readonly why: "idle" | "human";
}

/** Only gaps longer than this fraction of the working time are folded. */
const LONG = 0.05;
/** How many gaps are folded at most, longest first, since each keeps some width. */
const MOST = 80;
/** A policy step longer than this, in milliseconds, is assumed to wait for a person. */
const THINKING = 1000;

type Stretch = readonly [from: number, to: number];

/**
 * The gaps of a run. Only leaf steps count as work, not the steps that contain them (runs, turns, tools with sub-agents). A gate
 * that waits for a person is not work either.
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

/** The periods of work and of waiting for a person, ordered by start. */
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
