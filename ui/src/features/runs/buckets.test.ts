import { expect, test } from "vitest";
import type { Group } from "../../api/types";
import { barsOf, bucketWidth, ticksOf } from "./buckets";

test.each([
  [0, 1000, 1],
  [0, 3_600_000, 60],
  [0, 86_400_000, 1800],
  [0, 400 * 86_400_000, 7 * 86_400],
])("%s to %s takes bars of %s s", (from, to, width) => expect(bucketWidth(from, to)).toBe(width));

test("every width has its bar, the empty ones too", () => {
  const group = (bucket_at: number, runs: number, failed_runs: number) =>
    ({ bucket_at, runs, failed_runs }) as Group;
  expect(barsOf([group(60_000, 3, 1), group(180_000, 2, 0), group(9e9, 5, 5)], 61_000, 200_000, 60)).toEqual([
    [60, 120, 180],
    [3, 0, 2],
    [1, 0, 0],
  ]);
});

test("ticks are round times, and no more than there is room for", () => {
  const { ticks, step } = ticksOf(1000, 1000 + 3600, 10);
  expect(step).toBe(900);
  expect(ticks.every((at) => at % 900 === 0)).toBe(true);
  expect(ticksOf(0, 86_400 * 400, 8).ticks.length).toBeLessThanOrEqual(9);
});
