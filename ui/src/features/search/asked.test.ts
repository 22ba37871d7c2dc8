import { expect, test } from "vitest";
import { questionOf, readAsked, writeAsked } from "./asked";

test("a search survives the address, and what makes no sense in it is left out", () => {
  const search = {
    q: "timeout",
    kinds: "arguments.errors",
    agent: "a b",
    last: "7d",
    filter: "status:failed",
  };
  expect(writeAsked(readAsked(search))).toEqual(search);
  expect(writeAsked(readAsked({ q: 5, kinds: "thoughts", last: "ever", agent: null }))).toEqual({});
});

test("kinds, agent and time narrow what the server is asked for", () => {
  const asked = readAsked({
    q: "x",
    kinds: "messages.results",
    agent: "Planner, EU",
    last: "24h",
    filter: "tag:a OR tag:b",
  });
  expect(questionOf(asked)).toEqual({
    q: "x",
    purpose: "input,output,system,result",
    filter: '(tag:a OR tag:b) agent:"Planner, EU" started>=-24h',
  });
  expect(questionOf(readAsked({ q: "x" }))).toEqual({ q: "x" });
  expect(questionOf(readAsked({ q: "x", filter: "tag:a OR tag:b" })).filter).toBe("tag:a OR tag:b");
});
