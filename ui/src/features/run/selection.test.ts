import { expect, test } from "vitest";
import { fold, moved } from "./selection";

test("moving stops at the ends and starts at one", () => {
  const rows = Int32Array.of(4, 2, 9);
  expect(moved(rows, 4, 1)).toBe(2);
  expect(moved(rows, 9, 1)).toBe(9);
  expect(moved(rows, null, 1)).toBe(4);
  expect(moved(rows, 77, -1)).toBe(9);
  expect(moved([], null, 1)).toBe(null);
});

test("closing what is closed goes up", () => {
  const holds = (step: number) => step === 0;
  const above = (step: number) => step - 1;
  expect(fold(new Set(), 0, holds, above, "close")).toEqual({ folded: new Set([0]), select: 0 });
  expect(fold(new Set(), 1, holds, above, "close")).toEqual({ folded: new Set(), select: 0 });
  expect(fold(new Set([0]), 0, holds, above, "close").select).toBe(0);
  expect(fold(new Set([0]), 0, holds, above, "open").folded).toEqual(new Set());
});
