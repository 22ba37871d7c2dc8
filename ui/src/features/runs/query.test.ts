import { expect, test } from "vitest";
import { completed, pieceAt, term, termsOf, toggled } from "./query";

test("terms are split at spaces outside quotes", () => {
  expect(termsOf('agent:triage  cost>0.5 tool:"a b" "refund policy"')).toEqual([
    "agent:triage",
    "cost>0.5",
    'tool:"a b"',
    '"refund policy"',
  ]);
  expect(termsOf("")).toEqual([]);
});

test("a term is added once and taken away again", () => {
  expect(toggled("agent:a", "status:failed")).toBe("agent:a status:failed");
  expect(toggled("agent:a status:failed", "status:failed")).toBe("agent:a");
});

test("a value with spaces is quoted", () => {
  expect(term("agent", "a b")).toBe('agent:"a b"');
  expect(term("tool", 'x"y')).toBe("tool:xy");
});

test.each([
  ["ag", 2, { kind: "name", prefix: "ag", from: 0, to: 2 }],
  ["-age", 4, { kind: "name", prefix: "age", from: 1, to: 4 }],
  ["cost>1 agent:tr x", 15, { kind: "value", name: "agent", prefix: "tr", from: 13, to: 15 }],
  ["tool:a,b", 8, { kind: "value", name: "tool", prefix: "b", from: 7, to: 8 }],
  ['"ref', 4, null],
  ["a ", 2, { kind: "name", prefix: "", from: 2, to: 2 }],
])("%s at %s", (query, caret, piece) => expect(pieceAt(query, caret)).toEqual(piece));

test("a completion replaces the piece and leaves the rest", () => {
  const piece = pieceAt("cost>1 agent:tr x", 15);
  expect(piece && completed("cost>1 agent:tr x", piece, "triage desk")).toEqual({
    query: 'cost>1 agent:"triage desk" x',
    caret: 27,
  });
  const name = pieceAt("ag", 2);
  expect(name && completed("ag", name, "agent:")).toEqual({ query: "agent:", caret: 6 });
});
