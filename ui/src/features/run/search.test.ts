import { expect, test } from "vitest";
import { readRunSearch } from "./search";

test("an address is read, and what is wrong in it is left out", () => {
  expect(readRunSearch({ view: "tree", step: "00ab", turn: "3" })).toEqual({
    view: "tree",
    step: "00ab",
    turn: 3,
  });
  expect(readRunSearch({ view: "pie", step: "", turn: "x" })).toEqual({});
});
