/** Where in a run's story each sub-agent is shown. */
import { NONE, type Skeleton } from "../data/skeleton";

export interface ChildRun {
  readonly run_id: string;
  readonly started_at: number;
  readonly name?: string;
  readonly agent_name?: string | null;
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
  const firstSteps = firstStepsOf(skeleton);
  const places = children.map((child): Told<C> => {
    const begun = turns.findLast((turn) => turn.started_at <= child.started_at)?.n ?? null;
    // The step in the run that is the child's parent: none for an assembled run, and for one in another trace.
    const first = firstSteps.get(child.run_id) ?? NONE;
    const above = climb(skeleton, first, (step) => skeleton.run[step] === own);
    if (above === NONE) return { child, turn: begun, stepId: null };
    const tool = toolAbove(skeleton, above, own);
    const turn = skeleton.turn[tool === NONE ? above : tool] as number;
    return {
      child,
      turn: turn === NONE ? begun : turn,
      stepId: tool === NONE ? null : (skeleton.stepId[tool] as string),
    };
  });
  return joinedByName(skeleton, own, places);
}

/**
 * A sub-agent that its framework calls as a tool without a span of its own stands beside that call, which only messages tell of. It
 * belongs to the first call of its name in its turn that has no sub-agent yet.
 */
function joinedByName<C extends ChildRun>(skeleton: Skeleton, own: number, places: Told<C>[]): Told<C>[] {
  if (places.every(({ stepId }) => stepId !== null)) return places;
  const tool = skeleton.kinds.indexOf("tool");
  const calls = new Map<string, string[]>();
  const key = (turn: number | null, name: string) => `${turn} ${name.toLowerCase()}`;
  const taken = new Set(places.map(({ stepId }) => stepId));
  for (let step = 0; step < skeleton.length; step++) {
    if (skeleton.kind[step] !== tool || skeleton.run[step] !== own) continue;
    const id = skeleton.stepId[step] as string;
    if (taken.has(id)) continue;
    const name = key(skeleton.turn[step] as number, skeleton.names[skeleton.name[step] as number] ?? "");
    const known = calls.get(name);
    if (known) known.push(id);
    else calls.set(name, [id]);
  }
  return places.map((told) => {
    if (told.stepId !== null) return told;
    const names = [told.child.agent_name, told.child.name].filter((name) => name != null);
    const ids = names.map((name) => calls.get(key(told.turn, name))).find((ids) => ids?.length);
    return { ...told, stepId: ids?.shift() ?? null };
  });
}

/** The first step of each run, found in one pass. */
function firstStepsOf({ run, runs, length }: Skeleton): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (let step = 0; step < length && first.size < runs.length; step++) {
    const id = runs[run[step] as number];
    if (id !== undefined && !first.has(id)) first.set(id, step);
  }
  return first;
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
