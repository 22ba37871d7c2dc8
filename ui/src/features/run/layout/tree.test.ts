import { expect, test } from "vitest";
import { sketch } from "./testing";
import { toTree, unfoldTo, visibleRows } from "./tree";

const run = sketch([
  { at: 0, ms: 10 },
  { at: 0, ms: 3, parent: 0 },
  { at: 1, ms: 8, parent: 0 },
  { at: 2, ms: 1, parent: 1 },
  { at: 3, ms: 1, parent: 2 },
]);

test("steps stand in depth-first order, though they came by start", () => {
  const tree = toTree(run);
  expect([...tree.order]).toEqual([0, 1, 3, 2, 4]);
  expect([...tree.depth]).toEqual([0, 1, 1, 2, 2]);
  expect([...tree.below]).toEqual([4, 1, 1, 0, 0]);
});

test("a folded step hides everything below it", () => {
  expect([...visibleRows(toTree(run), new Set([1]))]).toEqual([0, 1, 2, 4]);
  expect([...visibleRows(toTree(run), new Set([0]))]).toEqual([0]);
});

test("a step is uncovered by opening what hides it, and nothing else", () => {
  const folded = new Set([1, 2]);
  expect([...unfoldTo(run.parent, folded, 3)]).toEqual([2]);
  expect(unfoldTo(run.parent, folded, 1)).toBe(folded);
});

test("a ring of parents loses no step and does not hang", () => {
  const ring = sketch([
    { at: 0, ms: 1, parent: 1 },
    { at: 0, ms: 1, parent: 0 },
    { at: 0, ms: 1, parent: 7 },
  ]);
  expect([...toTree(ring).order].sort()).toEqual([0, 1, 2]);
});

test("five thousand levels are no matter of the stack", () => {
  const deep = sketch(
    Array.from({ length: 5000 }, (_, at) => ({ at, ms: 1, ...(at > 0 && { parent: at - 1 }) })),
  );
  const tree = toTree(deep);
  expect(tree.depth[4999]).toBe(4999);
  expect(tree.below[0]).toBe(4999);
});
