import { expect, test } from "vitest";
import { jsonRows } from "./jsonRows";

const value = { a: { b: [1, 2] }, "x/y": "z", none: {} };

test("a value opens to its first level, and what was turned the other way", () => {
  const lines = (turned: string[]) => jsonRows(value, new Set(turned), 1).map((row) => row.pointer);
  expect(lines([])).toEqual(["/a", "/a/b", "/x~1y", "/none"]);
  expect(lines(["/a"])).toEqual(["/a", "/x~1y", "/none"]);
  expect(lines(["/a/b"])).toEqual(["/a", "/a/b", "/a/b/0", "/a/b/1", "/x~1y", "/none"]);
});

test("rows say how much they hold", () => {
  const sizes = jsonRows(value, new Set(), 0).map((row) => [row.key, row.size, row.open]);
  expect(sizes).toEqual([
    ["a", 1, false],
    ["x/y", null, false],
    ["none", 0, false],
  ]);
});

test("what holds nothing is a line of its own", () => {
  expect(jsonRows([], new Set()).map((row) => row.size)).toEqual([0]);
  expect(jsonRows("text", new Set()).map((row) => row.value)).toEqual(["text"]);
});
