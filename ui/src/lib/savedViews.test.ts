import { expect, test } from "vitest";
import { isSameSearch, readViews, renamed, without, withView } from "./savedViews";

const failed = { name: "failed", search: { q: "status:failed" } };
const dear = { name: "dear", search: { q: "cost>1", order: "-cost" } };

test("a view is saved once under its name, in its place", () => {
  const again = { name: "failed", search: { q: "error:*" } };
  expect(withView([failed, dear], again)).toEqual([again, dear]);
  expect(withView([failed], dear)).toEqual([failed, dear]);
});

test("a view gets another name, but not that of another", () => {
  expect(renamed([failed, dear], "dear", "expensive")?.map(({ name }) => name)).toEqual([
    "failed",
    "expensive",
  ]);
  expect(renamed([failed, dear], "dear", "dear")).toEqual([failed, dear]);
  expect(renamed([failed, dear], "dear", "failed")).toBeNull();
  expect(without([failed, dear], "failed")).toEqual([dear]);
});

test("what is stored is read as far as it can be", () => {
  expect(readViews(null)).toEqual([]);
  expect(readViews("no JSON")).toEqual([]);
  expect(readViews('{"name":"x"}')).toEqual([]);
  expect(
    readViews(JSON.stringify([failed, 7, null, { name: 1, search: {} }, { name: "x", search: { q: 5 } }])),
  ).toEqual([failed]);
});

test("two views are the same if they show the same, whatever they are called", () => {
  expect(isSameSearch({ q: "a", order: "cost", view: "x" }, { order: "cost", q: "a", peek: "1" })).toBe(true);
  expect(isSameSearch({ q: "a" }, { q: "b" })).toBe(false);
});
