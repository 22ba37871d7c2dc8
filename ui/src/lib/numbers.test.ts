import { expect, test } from "vitest";
import { bytes, count, exactCount, usd } from "./numbers";

test("the unknown is a dash, and nothing is nothing", () => {
  expect([count(null), usd(undefined), bytes(null)]).toEqual(["–", "–", "–"]);
  expect([count(0), usd(0), bytes(0)]).toEqual(["0", "$0", "0 B"]);
});

test.each([
  [940, "940"],
  [12_430, "12.4k"],
  [999_951, "1.0M"],
])("%s is %s", (n, said) => expect(count(n)).toBe(said));

test.each([
  [0.000_003_1, "$0.0000031"],
  [0.0031, "$0.0031"],
  [0.5, "$0.50"],
  [1.2, "$1.20"],
  [340.4, "$340"],
])("%s dollars are %s", (dollars, said) => expect(usd(dollars)).toBe(said));

test.each([
  [812, "812 B"],
  [4_200, "4.2 kB"],
  [1_300_000, "1.3 MB"],
])("%s bytes are %s", (n, said) => expect(bytes(n)).toBe(said));

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1,000"],
  [1_234_567, "1,234,567"],
])("all digits of %s are %s", (n, said) => expect(exactCount(n)).toBe(said));
