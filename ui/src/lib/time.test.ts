import { expect, test } from "vitest";
import { ago, clock, duration } from "./time";

test.each([
  [null, "–"],
  [0.42, "420 µs"],
  [9.94, "9.9 ms"],
  [412, "412 ms"],
  [999.7, "1.00 s"],
  [59_940, "59.9 s"],
  [59_960, "1 m 00 s"],
  [125_000, "2 m 05 s"],
  [4_320_000, "1 h 12 m"],
])("%s ms is %s", (ms, said) => {
  expect(duration(ms)).toBe(said);
});

test("what is past is said in one unit", () => {
  expect(ago(0, 59_000)).toBe("59 s ago");
  expect(ago(0, 3_599_000)).toBe("59 m ago");
  expect(ago(5, 0)).toBe("0 s ago");
});

test("a time says the day where it is not today's, and the year where it is not this one's", () => {
  const at = new Date(2026, 10, 18, 4, 3, 9).getTime();
  expect(clock(at, new Date(2026, 10, 18, 23, 0, 0).getTime())).toBe("04:03:09");
  expect(clock(at, new Date(2026, 10, 19, 0, 0, 0).getTime())).toMatch(/18.* 04:03$/);
  expect(clock(at, new Date(2027, 0, 1).getTime())).toMatch(/18.* 2026$/);
});
