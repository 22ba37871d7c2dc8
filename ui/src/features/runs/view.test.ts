import { expect, test } from "vitest";
import { lastWords, lengthOf } from "../../lib/ranges";
import { beginOf, filterOf, readView, writeView } from "./view";

test("a view survives the URL, and the default is an empty one", () => {
  const search = {
    q: "agent:a",
    after: "5",
    order: "-cost",
    children: "true",
    peek: "x",
    columns: "cost.time",
    view: "dear ones",
  };
  expect(writeView(readView(search))).toEqual(search);
  expect(writeView(readView({}))).toEqual({});
});

test("what makes no sense in a URL is left out", () => {
  expect(
    writeView(readView({ q: [], after: "soon", before: -1, order: "sideways", children: "no" })),
  ).toEqual({});
  expect(readView({ q: 42 }).q).toBe("42");
  expect(writeView(readView({ last: "yesterday" }))).toEqual({});
});

test("a time range that ends now moves on with the time, and stands for others", () => {
  const view = readView({ last: "24h", after: 5, before: 9 });
  expect(writeView(view)).toEqual({ last: "24h" });
  expect(filterOf(view)).toEqual({ started_after: "-24h", roots_only: true });
  expect(beginOf(view, 100 * 86_400_000)).toBe(99 * 86_400_000);
  expect([lastWords("1h"), lastWords("7d"), lengthOf("0d"), lengthOf("15m")]).toEqual([
    "Last hour",
    "Last 7 days",
    null,
    900_000,
  ]);
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
