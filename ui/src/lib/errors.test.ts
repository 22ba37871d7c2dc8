import { expect, test } from "vitest";
import { errorLine, errorTitle, isSameError } from "./errors";

test("a class is said once, and an unknown one in words", () => {
  expect(errorLine({ type: "RateLimitError", message: "429" })).toBe("RateLimitError: 429");
  expect(errorLine({ type: "ServiceError", message: "ServiceError: no route" })).toBe(
    "ServiceError: no route",
  );
  expect(errorLine({ type: "_OTHER", message: "it broke" })).toBe("it broke");
  expect(errorLine({ type: "_OTHER", message: null })).toBe("Failed");
  expect(errorTitle({ type: "_OTHER" })).toBe("Failed");
});

test("the error that a turn repeats is its tool's", () => {
  const tool = { type: "ValueError", message: "no such city" };
  expect(isSameError(tool, { type: "ToolError", message: "tool failed: no such city" })).toBe(true);
  expect(isSameError(tool, { type: "ValueError", message: "no such street" })).toBe(false);
  expect(isSameError(tool, null)).toBe(false);
});
