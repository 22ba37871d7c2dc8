import { expect, test } from "vitest";
import { filterOf, readView, writeView } from "./view";

test("a view survives the URL, and the default is an empty one", () => {
  const search = { q: "agent:a", after: 5, order: "-cost", children: true, peek: "x", columns: "cost.time" };
  expect(writeView(readView(search))).toEqual(search);
  expect(writeView(readView({}))).toEqual({});
});

test("what makes no sense in a URL is left out", () => {
  expect(
    writeView(readView({ q: [], after: "soon", before: -1, order: "sideways", children: "no" })),
  ).toEqual({});
  expect(readView({ q: 42 }).q).toBe("42");
});

test("only top-level runs are asked for unless child runs are wanted", () => {
  expect(filterOf(readView({ q: "x", before: 9 }))).toEqual({
    q: "x",
    tz: Intl.DateTimeFormat().resolvedOptions().timeZone,
    started_before: "9",
    roots_only: true,
  });
  expect(filterOf(readView({ children: true }))).toEqual({});
});
