import { expect, test } from "vitest";
import { around, completed, pieceAt, term, termsOf, toggled } from "./query";

test("conditions are split at spaces outside quotes and parentheses", () => {
  expect(termsOf('agent:triage  cost>0.5 tool:"a b" "refund policy"')).toEqual([
    "agent:triage",
    "cost>0.5",
    'tool:"a b"',
    '"refund policy"',
  ]);
  expect(termsOf("(agent:a OR agent:b) AND -tag:test NOT error:*")).toEqual([
    "(agent:a OR agent:b)",
    "-tag:test",
    "NOT error:*",
  ]);
  expect(termsOf('agent:"the ""fast"" one" x')).toEqual(['agent:"the ""fast"" one"', "x"]);
  expect(termsOf("agent:a OR agent:b")).toEqual(["agent:a OR agent:b"]);
  expect(termsOf("")).toEqual([]);
});

test("a condition is added once and taken away again", () => {
  expect(toggled("agent:a", "status:failed")).toBe("agent:a status:failed");
  expect(toggled("agent:a status:failed", "status:failed")).toBe("agent:a");
  expect(toggled("", "status:failed")).toBe("status:failed");
});

test("a condition added to alternatives holds for all of them", () => {
  expect(toggled("agent:a OR agent:b", "status:failed")).toBe("(agent:a OR agent:b) status:failed");
});

test("a value is quoted where it must be", () => {
  expect(term("agent", "a b")).toBe('agent:"a b"');
  expect(term("agent", "a,b")).toBe('agent:"a,b"');
  expect(term("tool", 'x"y')).toBe('tool:"x""y"');
  expect(term("tool", "get_*")).toBe("tool:get_\\*");
  expect(term("session", "team-*")).toBe("session:team-*");
  expect(term("service", "")).toBe('service:""');
});

test.each([
  ["ag", 2, { kind: "name", prefix: "ag", from: 0, to: 2 }],
  ["-age", 4, { kind: "name", prefix: "age", from: 1, to: 4 }],
  ["(age", 4, { kind: "name", prefix: "age", from: 1, to: 4 }],
  ["cost>1 agent:tr x", 15, { kind: "value", name: "agent", prefix: "tr", from: 13, to: 15 }],
  ["(agent:tr)", 9, { kind: "value", name: "agent", prefix: "tr", from: 7, to: 9 }],
  ["tool:a,b", 8, { kind: "value", name: "tool", prefix: "b", from: 7, to: 8 }],
  ['tool:"a b', 9, { kind: "value", name: "tool", prefix: "a b", from: 5, to: 9 }],
  ['tool:"a b" x', 8, { kind: "value", name: "tool", prefix: "a ", from: 5, to: 10 }],
  ['tool:"a b" x', 12, { kind: "name", prefix: "x", from: 11, to: 12 }],
  ['"ref', 4, null],
  ['"ref" a', 7, { kind: "name", prefix: "a", from: 6, to: 7 }],
  ["cost>1", 6, null],
  ["a ", 2, { kind: "name", prefix: "", from: 2, to: 2 }],
])("%s at %s", (query, caret, piece) => expect(pieceAt(query, caret)).toEqual(piece));

test("a completion replaces the piece and leaves the rest", () => {
  const piece = pieceAt("cost>1 agent:tr x", 15);
  expect(piece && completed("cost>1 agent:tr x", piece, '"triage desk"')).toEqual({
    query: 'cost>1 agent:"triage desk" x',
    caret: 27,
  });
  const name = pieceAt("ag", 2);
  expect(name && completed("ag", name, "agent:")).toEqual({ query: "agent:", caret: 6 });
});

test("the place of an error is counted in characters", () => {
  expect(around("🚀 nope:1 x", 2, 4)).toEqual(["🚀 ", "nope", ":1 x"]);
  expect(around("agent:a OR", 10, 0)).toEqual(["agent:a OR", "", ""]);
});
