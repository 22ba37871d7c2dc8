import { expect, test } from "vitest";
import { isToldBy, oneLine, pieces, visible } from "./text";

test("what turns the direction of text or cannot be seen is shown by name", () => {
  expect(visible("pay \u202e100\u202c now\u0007")).toBe("pay ⟨U+202E⟩100⟨U+202C⟩ now⟨U+0007⟩");
  expect(visible("naïve שלום 中文 👩‍💻\n\t")).toBe("naïve שלום 中文 👩‍💻\n\t");
});

test("a text is told by another, however that is drawn", () => {
  expect(isToldBy("It is **18 °C**, sunny.", "Answer: It is 18 °C\nsunny")).toBe(true);
  expect(isToldBy("I can't respond to that.", "Yes")).toBe(false);
  expect(isToldBy("", "anything")).toBe(true);
});

test("a line holds the beginning of a text of any length", () => {
  expect(oneLine("  a\n\n b\tc ")).toBe("a b c");
  expect(oneLine("x".repeat(10_000_000))).toHaveLength(240);
  expect(oneLine(null)).toBe("");
});

test("pieces hold everything once, what cannot be seen apart", () => {
  expect(pieces("a\u202eb")).toEqual([{ text: "a" }, { unseen: "U+202E" }, { text: "b" }]);
  expect(pieces("\u200b")).toEqual([{ unseen: "U+200B" }]);
  expect(pieces("")).toEqual([]);
});
