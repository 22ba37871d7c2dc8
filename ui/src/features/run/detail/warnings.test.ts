import { expect, test } from "vitest";
import { warningsOf } from "./warnings";

test("a step without oddities warns of nothing", () => {
  expect(
    warningsOf({ redacted: 0, dropped: 0, invalid_utf8: false, clamped: false, implausible_count: false }),
  ).toEqual([]);
});

test("contents that were deleted are told of", () => {
  expect(warningsOf({ contents_deleted: true })).toEqual([
    "What this step was sent with was deleted by a rule of retention. What it did and cost is kept.",
  ]);
});

test("a count that was left out is said to be unknown", () => {
  const warnings = warningsOf({ implausible_count: true });
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain("shown as unknown");
});
