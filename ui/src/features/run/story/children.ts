/** Where in a run's story each sub-agent is shown. */
import { NONE, type Skeleton } from "../data/skeleton";

export interface ChildRun {
  readonly run_id: string;
  readonly started_at: number;
}

export interface Told<C extends ChildRun> {
  readonly child: C;
  /** The turn of the parent run in which it started. Null if that was before the first turn. */
  readonly turn: number | null;
  /** The tool call that started it, if any. */
  readonly stepId: string | null;
}

type Begun = { readonly n: number; readonly started_at: number };

/** The positions of a run's direct child runs, given in `children`. Their own children are shown in their stories. */
export function placeChildren<C extends ChildRun>(
  skeleton: Skeleton,
  runId: string,
  turns: readonly Begun[],
  children: readonly C[],
): Told<C>[] {
  const own = skeleton.runs.indexOf(runId);
  return children.map((child) => {
    const begun = turns.findLast((turn) => turn.started_at <= child.started_at)?.n ?? null;
    const above = callerOf(skeleton, skeleton.runs.indexOf(child.run_id), own);
    if (above === NONE) return { child, turn: begun, stepId: null };
    const tool = toolAbove(skeleton, above, own);
    const turn = skeleton.turn[tool === NONE ? above : tool] as number;
    return {
      child,
      turn: turn === NONE ? begun : turn,
      stepId: tool === NONE ? null : (skeleton.stepId[tool] as string),
    };
  });
}

/** The step in `own` that is a run's parent. `NONE` if it has none there (an assembled run, another trace). */
function callerOf(skeleton: Skeleton, run: number, own: number): number {
  if (run < 0) return NONE;
  return climb(skeleton, skeleton.run.indexOf(run), (step) => skeleton.run[step] === own);
}

/** The nearest tool call at or above a step, within the run. */
function toolAbove(skeleton: Skeleton, from: number, run: number): number {
  const tool = skeleton.kinds.indexOf("tool");
  return climb(skeleton, from, (step) => skeleton.kind[step] === tool && skeleton.run[step] === run);
}

/** The first step from `from` upwards that passes the test. Stops at a cycle of parents. */
function climb(skeleton: Skeleton, from: number, passes: (step: number) => boolean): number {
  let step = from;
  for (let guard = skeleton.length; step >= 0 && guard > 0; guard--) {
    if (passes(step)) return step;
    step = skeleton.parent[step] ?? NONE;
  }
  return NONE;
}
