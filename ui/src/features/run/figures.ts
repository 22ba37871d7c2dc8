/** Formats figures of runs and steps briefly. Unknown figures are left out, never zero. */
import { count, usd } from "../../lib/numbers";
import { duration } from "../../lib/time";
import type { Run, Usage } from "./data/api";

/** A run's totals: turns, tools, time, tokens, cost. */
export function runFigures(run: Run): string[] {
  const tokens = sum(run.input_tokens, run.output_tokens);
  return [
    plural(run.turn_count, "turn"),
    run.tool_call_count > 0 && plural(run.tool_call_count, "tool call"),
    run.status === "running" ? "running" : duration(run.duration_ms),
    tokens !== null && `${count(tokens)} tokens`,
    run.cost_usd != null && usd(run.cost_usd),
    run.error_count > 0 && plural(run.error_count, "error"),
  ].filter((part) => part !== false);
}

/** "1.5k in (1.2k cached) · 86 out". */
export function usageWords(usage: Usage): string {
  const cached = usage.cache_read_tokens ? ` (${count(usage.cache_read_tokens)} cached)` : "";
  return `${count(usage.input_tokens)} in${cached} · ${count(usage.output_tokens)} out`;
}

/** "1 turn", "3 turns". */
export const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

/** All digits, for tables whose sums should be checkable. */
export const exactUsd = (dollars: number): string =>
  `$${dollars.toFixed(dollars >= 1 ? 4 : dollars > 0 && dollars < 0.00001 ? 9 : 6)}`;

function sum(a: number | null | undefined, b: number | null | undefined): number | null {
  return a == null && b == null ? null : (a ?? 0) + (b ?? 0);
}
