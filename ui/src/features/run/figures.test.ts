import { expect, test } from "vitest";
import type { Run } from "../../api/types";
import { sumOf } from "./figures";

const run = (run_id: string, parent_run_id: string | null, cost_usd: number | null) =>
  ({
    run_id,
    parent_run_id,
    cost_usd,
    input_tokens: null,
    output_tokens: null,
    turn_count: 1,
    tool_call_count: 0,
    error_count: 0,
  }) as Run;

test("a run and everything below it add up, each once; unknown is null", () => {
  const all = [run("b", "a", 1), run("c", "b", 2), run("d", "a", null), run("e", "elsewhere", 9)];
  expect(sumOf([run("a", null, null)], all)).toMatchObject({ cost: 3, tokens: null, turns: 4, runs: 4 });
  // Two that name each other as parents end the walk.
  const circle = [run("x", "y", 1), run("y", "x", 1)];
  expect(sumOf(circle, circle)).toMatchObject({ cost: 2, runs: 2 });
});

test("the sums of all sub-agents of a run read the list of them once, not once for each", () => {
  let reads = 0;
  const all = Array.from({ length: 1000 }, (_, n) => {
    const one = run(`r${n}`, null, 1);
    const parent = n % 2 === 0 ? "top" : `r${n - 1}`;
    return Object.defineProperty(one, "parent_run_id", {
      get: () => {
        reads += 1;
        return parent;
      },
    });
  });
  for (const one of all) sumOf([one], all);
  expect(sumOf([run("top", null, null)], all)).toMatchObject({ runs: 1001, cost: 1000 });
  expect(reads).toBeLessThanOrEqual(2 * all.length);
});
