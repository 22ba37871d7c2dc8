/** What happened in a turn besides the model call and its tools. */
import { NONE, type Skeleton } from "../data/skeleton";

/** The kinds that a story names, because they are work of the agent. The tree shows spans of other kinds. */
const TOLD = ["retrieval", "embedding", "rerank", "memory", "sanitizer", "ingest", "evaluation"];

/** For each turn of a run, its steps besides the calls, ordered by start. */
export function besideOf(skeleton: Skeleton, runId: string): ReadonlyMap<number, readonly number[]> {
  const own = skeleton.runs.indexOf(runId);
  const told = new Set(TOLD.map((kind) => skeleton.kinds.indexOf(kind)).filter((kind) => kind >= 0));
  const found = new Map<number, number[]>();
  for (let step = 0; step < skeleton.length; step++) {
    const turn = skeleton.turn[step] as number;
    if (turn === NONE || skeleton.run[step] !== own || !told.has(skeleton.kind[step] as number)) continue;
    const steps = found.get(turn);
    if (steps) steps.push(step);
    else found.set(turn, [step]);
  }
  return found;
}
