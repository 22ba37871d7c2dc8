import { expect, test } from "vitest";
import { pieces } from "./snippet";

const said = (snippet: string, highlights: number[][]) =>
  pieces(snippet, highlights).map(({ text, hit }) => (hit ? `[${text}]` : text));

test("the highlights stand out, counted in characters rather than in UTF-16", () => {
  expect(
    said("a refund 👩 refund", [
      [2, 8],
      [11, 17],
    ]),
  ).toEqual(["a ", "[refund]", " 👩 ", "[refund]"]);
});

test("highlights that overlap, or reach beyond the end, lose nothing and double nothing", () => {
  expect(
    said("abcdef", [
      [3, 99],
      [1, 4],
    ]).join(""),
  ).toBe("a[bcd][ef]");
  expect(said("abc", [])).toEqual(["abc"]);
});
