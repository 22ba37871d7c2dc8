import type { Skeleton } from "../data/skeleton";
import { toSkeleton } from "../data/skeleton";

/** One step of a small run, for tests. */
export interface StepSketch {
  readonly parent?: number;
  readonly at: number;
  readonly ms: number | null;
  readonly kind?: string;
  readonly name?: string;
  readonly status?: number;
  readonly turn?: number;
  readonly run?: string;
  readonly tokens?: number;
  readonly cost?: number;
}

/** Makes a skeleton from a sketch of its steps. Step `n` has the id `s<n>`. */
export function sketch(steps: readonly StepSketch[]): Skeleton {
  const kinds = ["run", "turn", "llm", "tool", "policy", "retrieval", "memory", "other"];
  const names = [...new Set(steps.map((step) => step.name ?? "step"))];
  const runs = [...new Set(steps.map((step) => step.run ?? "r"))];
  return toSkeleton([
    {
      run_id: "r",
      started_at: 1000,
      total: steps.length,
      names,
      kinds,
      services: [],
      runs,
      step_id: steps.map((_, at) => `s${at}`),
      parent: steps.map((step) => step.parent ?? null),
      depth: steps.map(() => 0),
      name: steps.map((step) => names.indexOf(step.name ?? "step")),
      kind: steps.map((step) => kinds.indexOf(step.kind ?? "other")),
      service: steps.map(() => null),
      run: steps.map((step) => runs.indexOf(step.run ?? "r")),
      status: steps.map((step) => step.status ?? 1),
      verdict: steps.map(() => 0),
      start_offset_ms: steps.map((step) => step.at),
      duration_ms: steps.map((step) => step.ms),
      turn: steps.map((step) => step.turn ?? null),
      outer: steps.map(() => false),
      tokens: steps.map((step) => step.tokens ?? null),
      cost_usd: steps.map((step) => step.cost ?? null),
    },
  ]);
}
