import { expect, test } from "vitest";
import { oneLine, visible } from "./text";

test("what turns the direction of text or cannot be seen is shown by name", () => {
  expect(visible("pay \u202e100\u202c now\u0007")).toBe("pay ⟨U+202E⟩100⟨U+202C⟩ now⟨U+0007⟩");
  expect(visible("naïve שלום 中文 👩‍💻\n\t")).toBe("naïve שלום 中文 👩‍💻\n\t");
});

test("a line holds the beginning of a text of any length", () => {
  expect(oneLine("  a\n\n b\tc ")).toBe("a b c");
  expect(oneLine("x".repeat(10_000_000))).toHaveLength(240);
  expect(oneLine(null)).toBe("");
});
