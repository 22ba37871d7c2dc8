import { expect, test } from "vitest";
import { criticalPath } from "./criticalPath";
import { gaps } from "./gaps";
import { toScale } from "./scale";
import { selfTimes } from "./selfTime";
import { marksOf } from "./stretches";
import { sketch } from "./testing";
import { roundUp, ticks } from "./ticks";
import { toTree } from "./tree";
import { around, onScreen, pan, WHOLE, zoom } from "./window";

/** A call, then two tools at once of which the second takes longer, then a call. */
const run = sketch([
  { at: 0, ms: 100 },
  { at: 0, ms: 20, parent: 0 },
  { at: 20, ms: 10, parent: 0 },
  { at: 20, ms: 40, parent: 0 },
  { at: 70, ms: 30, parent: 0 },
]);
const tree = toTree(run);

test("self time leaves out children, and overlapping children once", () => {
  expect([...selfTimes(run, tree, 0)]).toEqual([10, 20, 10, 40, 30]);
});

test("self time of a step that its child outlives is not negative", () => {
  const late = sketch([
    { at: 0, ms: 10 },
    { at: 5, ms: 50, parent: 0 },
  ]);
  expect([...selfTimes(late, toTree(late), 0)]).toEqual([5, 50]);
});

test("the critical path goes through the tool that took longer, and adds up to the run", () => {
  const path = criticalPath(run, tree, 0, 0);
  expect(Object.fromEntries(path.share)).toEqual({ 4: 30, 0: 10, 3: 40, 1: 20 });
  expect([...path.share.values()].reduce((a, b) => a + b)).toBe(100);
});

test("the critical path of an open run reaches to now", () => {
  const open = sketch([
    { at: 0, ms: null },
    { at: 4, ms: null, parent: 0 },
  ]);
  expect(Object.fromEntries(criticalPath(open, toTree(open), 0, 10).share)).toEqual({ 0: 4, 1: 6 });
});

test("a wait for a person is a gap, a slow call is none", () => {
  const waited = sketch([
    { at: 0, ms: 10_000 },
    { at: 0, ms: 3000, parent: 0, kind: "llm" },
    { at: 3000, ms: 6000, parent: 0, kind: "tool" },
    { at: 3000, ms: 5800, parent: 2, kind: "policy" },
    { at: 9000, ms: 1000, parent: 0, kind: "llm" },
  ]);
  expect(gaps(waited, toTree(waited), 0, 10_000)).toEqual([{ from: 3000, to: 9000, why: "human" }]);
});

test("a folded gap keeps a little room, and the scale can be read backwards", () => {
  const scale = toScale(100, [{ from: 10, to: 90, why: "idle" }]);
  expect(scale.at(10)).toBeCloseTo(0.49);
  expect(scale.at(90)).toBeCloseTo(0.51);
  expect(scale.msAt(scale.at(95))).toBeCloseTo(95);
  expect(scale.at(-5)).toBe(0);
  expect(scale.at(500)).toBe(1);
});

test("zooming keeps what is under the pointer, and stays inside", () => {
  const near = zoom(WHOLE, 4, 0.5);
  expect(near).toEqual({ from: 0.375, to: 0.625 });
  expect(zoom(near, 0.01, 0.4)).toEqual(WHOLE);
  expect(pan(near, 10)).toEqual({ from: 0.75, to: 1 });
  expect(onScreen(near, 0.5)).toBe(0.5);
  expect(around(0.4, 0.6).from).toBeCloseTo(0.375);
});

test("ticks are round and not in folded gaps", () => {
  const folded = [{ from: 10, to: 90, why: "idle" as const }];
  expect(ticks(toScale(100, folded), WHOLE, folded, 4)).toEqual([0, 5, 10, 90, 95, 100]);
  expect(roundUp(3)).toBe(5);
  expect(roundUp(40_000)).toBe(60_000);
  expect(ticks(toScale(0, []), WHOLE, [], 4)[0]).toBe(0);
});

test("pauses between many short turns are all folded, and still leave room", () => {
  const turns = Array.from({ length: 200 }, (_, n) => ({ at: n * 1000, ms: 10 }));
  const run = sketch(turns);
  const found = gaps(run, toTree(run), 0, 199_010);
  expect([found.length, new Set(found.map((gap) => gap.why))]).toEqual([80, new Set(["idle"])]);
  expect(toScale(199_010, found).at(199_010)).toBeCloseTo(1);
});

test("stretches too close to be told apart are one mark, those off screen none", () => {
  const stretches = Array.from({ length: 10_000 }, (_, n) => ({ from: 9999 - n, to: 9999.5 - n }));
  const scale = toScale(10_000, []);
  expect(marksOf(stretches, scale, WHOLE, 500)).toHaveLength(1);
  const near = marksOf(stretches, scale, { from: 0, to: 0.0005 }, 500);
  expect(near.map((mark) => mark.left.toFixed(1))).toEqual(["1.0", "0.8", "0.6", "0.4", "0.2", "0.0"]);
});
