import { expect, test } from "vitest";
import { snippets } from "./snippets";

test("every snippet names this server's address", () => {
  for (const { code } of snippets("http://box:8000", false)) expect(code).toContain("http://box:8000");
});

test("the key is asked for only where one is set", () => {
  const says = (key: boolean) => snippets("http://box", key).map(({ code }) => /api.key/i.test(code));
  expect(says(true)).toEqual([true, true, true, true, true]);
  expect(says(false)).toEqual([false, false, false, false, false]);
});
