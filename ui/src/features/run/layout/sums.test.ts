import { expect, test } from "vitest";
import { sumsOf } from "./sums";
import { sketch } from "./testing";
import { toTree } from "./tree";

test("a group is the sum of what is in it, and unknown where nothing is known", () => {
  const skeleton = sketch([
    { at: 0, ms: 100 },
    { at: 0, ms: 10, parent: 0, tokens: 10, cost: 0.5 },
    { at: 10, ms: 50, parent: 0 },
    { at: 20, ms: 10, parent: 2, tokens: 7 },
    { at: 70, ms: 10, parent: 0 },
  ]);
  const { tokens, cost } = sumsOf(skeleton, toTree(skeleton));
  expect([...tokens]).toEqual([17, 10, 7, 7, Number.NaN]);
  expect([...cost]).toEqual([0.5, 0.5, Number.NaN, Number.NaN, Number.NaN]);
});
