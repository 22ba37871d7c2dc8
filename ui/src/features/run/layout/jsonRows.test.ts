import { expect, test } from "vitest";
import { jsonRows, tableOf } from "./jsonRows";

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

test("a text that holds JSON opens like any structure, and says that it was a text", () => {
  const rows = jsonRows({ reply: '{"ok":true,"n":12345678901234567890}', note: "{not json" }, new Set());
  expect(rows.map(({ key, isQuoted }) => [key, isQuoted])).toEqual([
    ["reply", true],
    ["ok", false],
    ["n", false],
    ["note", false],
  ]);
  expect(rows[2]?.value).toBe("12345678901234567890");
});

test("a list of records is a table, and a list of other things is not", () => {
  const invoices = [
    { id: "R-118", eur: 1240 },
    { id: "R-121", eur: 18900, due: null },
  ];
  const [row, ...more] = jsonRows({ invoices }, new Set());
  expect(more).toEqual([]);
  expect(row?.table).toEqual({
    columns: ["id", "eur", "due"],
    rows: [
      ["R-118", 1240, undefined],
      ["R-121", 18900, null],
    ],
  });
  expect(jsonRows({ invoices }, new Set(["/invoices"]))[0]).toMatchObject({ open: false, table: null });
  expect(
    tableOf([
      { a: 1, b: { c: 2 } },
      { a: 2, b: 3 },
    ]),
  ).toBeNull();
  expect(tableOf([{ a: 1 }, { b: 2 }, { c: 3 }, { d: 4 }])).toBeNull();
  expect(tableOf([[1], [2]])).toBeNull();
});
