/** Formats figures of runs and steps briefly. Unknown figures are left out, never zero. */
import type { Run, Usage } from "../../api/types";
import { count, plural, usd } from "../../lib/numbers";
import { duration } from "../../lib/time";

/** A sub-agent's totals with those of its own sub-agents: turns, tools, time, tokens, cost. A sum over several runs has a ∑. */
export function runFigures(run: Run, all: readonly Run[], now: number): string[] {
  const sum = sumOf([run], all);
  const mark = sum.runs > 1 ? "∑ " : "";
  return [
    mark + plural(sum.turns, "turn"),
    sum.tools > 0 && plural(sum.tools, "tool call"),
    run.status === "running"
      ? `running for ${duration(Math.max(0, now - run.started_at))}`
      : duration(run.duration_ms),
    sum.tokens !== null && `${count(sum.tokens)} tokens`,
    sum.cost !== null && usd(sum.cost),
    sum.errors > 0 && plural(sum.errors, "error"),
  ].filter((part) => part !== false);
}

type Children = ReadonlyMap<string | null | undefined, readonly Run[]>;

/** Of each list the runs by their parent, found once: every sub-agent of a story adds up what is below it. */
const known = new WeakMap<readonly Run[], Children>();

function byParent(all: readonly Run[]): Children {
  const found = known.get(all);
  if (found) return found;
  const children = new Map<string | null | undefined, Run[]>();
  for (const run of all) {
    const siblings = children.get(run.parent_run_id);
    if (siblings) siblings.push(run);
    else children.set(run.parent_run_id, [run]);
  }
  known.set(all, children);
  return children;
}

/** What some runs and all runs below them add up to. `all` holds the runs below. Unknown is null. */
export function sumOf(runs: readonly Run[], all: readonly Run[]): Sum {
  const children = byParent(all);
  const sum = {
    cost: null as number | null,
    tokens: null as number | null,
    turns: 0,
    tools: 0,
    errors: 0,
    runs: 0,
  };
  const left = [...runs];
  const seen = new Set<string>();
  for (let run = left.pop(); run; run = left.pop()) {
    if (seen.has(run.run_id)) continue;
    seen.add(run.run_id);
    sum.cost = add(sum.cost, run.cost_usd);
    sum.tokens = add(add(sum.tokens, run.input_tokens), run.output_tokens);
    sum.turns += run.turn_count;
    sum.tools += run.tool_call_count;
    sum.errors += run.error_count;
    sum.runs += 1;
    for (const child of children.get(run.run_id) ?? []) left.push(child);
  }
  return sum;
}

export interface Sum {
  readonly cost: number | null;
  readonly tokens: number | null;
  readonly turns: number;
  readonly tools: number;
  readonly errors: number;
  readonly runs: number;
}

/** "1.5k in (1.2k cached) · 86 out". */
export function usageWords(usage: Usage): string {
  const cached = usage.cache_read_tokens ? ` (${count(usage.cache_read_tokens)} cached)` : "";
  return `${count(usage.input_tokens)} in${cached} · ${count(usage.output_tokens)} out`;
}

/** All digits, for tables whose sums should be checkable. */
export const exactUsd = (dollars: number): string =>
  `$${dollars.toFixed(dollars >= 1 ? 4 : dollars > 0 && dollars < 0.00001 ? 9 : 6)}`;

function add(a: number | null, b: number | null | undefined): number | null {
  return a === null && b == null ? null : (a ?? 0) + (b ?? 0);
}
