import { expect, test } from "vitest";
import type { CallContext } from "../../../api/types";
import { contextBars } from "./contextBars";

const call = (given: Partial<CallContext>): CallContext => ({
  step_id: "s",
  turn: 1,
  started_at: 0,
  model: null,
  input_tokens: 100,
  bytes: 400,
  segments: [],
  dropped_count: 0,
  resent_count: 0,
  rewritten_count: 0,
  compacted: false,
  change_at: null,
  ...given,
});
const part = (what: "system" | "user", bytes: number, tokens: number | null) => ({
  what,
  new: false,
  messages: 1,
  bytes,
  tokens,
});

test("bars are measured against the fullest call, and empty parts are left out", () => {
  const { unit, bars } = contextBars([
    call({ segments: [part("system", 40, 10), part("user", 0, 0)] }),
    call({ segments: [part("system", 40, 10), part("user", 40, 30)] }),
  ]);
  expect(unit).toBe("tokens");
  expect(bars.map((bar) => bar.parts.map((part) => part.width))).toEqual([[0.25], [0.25, 0.75]]);
});

test("where one call's tokens are unknown all bars are of bytes", () => {
  const { unit, bars } = contextBars([
    call({ segments: [part("user", 10, 5)] }),
    call({ input_tokens: null, segments: [part("user", 20, null)] }),
  ]);
  expect([unit, bars.map((bar) => bar.size)]).toEqual(["bytes", [10, 20]]);
});

test("the gravest change is named", () => {
  const changes = [{ dropped_count: 2 }, { rewritten_count: 1, dropped_count: 2 }, { compacted: true }, {}];
  expect(contextBars(changes.map(call)).bars.map((bar) => bar.change)).toEqual([
    "dropped",
    "rewritten",
    "compacted",
    null,
  ]);
});
