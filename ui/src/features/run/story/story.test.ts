import { expect, test } from "vitest";
import { sketch } from "../layout/testing";
import { besideOf } from "./beside";
import { placeChildren } from "./children";
import { resultsIn, tellTurn } from "./turn";

const text = (role: string, content: string) => ({ role, parts: [{ type: "text", content }] });
const step = (step_id: string, tool_name: string, tool_call_id: string | null) => ({
  step_id,
  tool_name,
  tool_call_id,
  name: `execute_tool ${tool_name}`,
});

test("what the reader has seen is counted, what is new is told, in the order it was said", () => {
  const blocks = tellTurn({
    n: 2,
    new_messages: [
      text("assistant", "earlier"),
      { role: "tool", parts: [{ type: "tool_call_response", id: "c1", response: "ok" }] },
      text("user", "and now?"),
    ],
    output: [
      {
        role: "assistant",
        parts: [
          { type: "reasoning", content: "hm" },
          { type: "tool_call", id: "c2", name: "pay", arguments: { eur: 1 } },
          { type: "text", content: "paying" },
        ],
      },
    ],
    tools: [{ step: step("s2", "pay", "c2"), arguments: { eur: 1 }, result: '{"done":true}' }],
  });
  expect(blocks.map((block) => block.type)).toEqual(["seen", "message", "reasoning", "tool", "text"]);
  expect(blocks[3]).toMatchObject({
    call: { name: "pay", arguments: { eur: 1 }, result: { done: true }, step: { step_id: "s2" } },
  });
});

test("in the first turn nothing has been seen", () => {
  const blocks = tellTurn({ n: 1, new_messages: [text("assistant", "I am Bo.")], output: [], tools: [] });
  expect(blocks.map((block) => block.type)).toEqual(["message"]);
});

test("a null that was sent is a result, and one that only says that nothing was is none", () => {
  const call = (id: string, sent_as_null: string[]) => ({
    step: step(id, "look", id),
    arguments: null,
    result: null,
    sent_as_null,
  });
  const later = new Map([["b", "from the next turn"]]);
  const told = tellTurn(
    {
      n: 1,
      new_messages: [],
      output: [],
      tools: [call("a", ["result"]), call("b", []), call("c", ["arguments"])],
    },
    later,
  );
  expect(told.map((block) => block.type === "tool" && [block.call.arguments, block.call.result])).toEqual([
    [undefined, null],
    [undefined, "from the next turn"],
    [null, undefined],
  ]);
});

test("calls without ids meet their steps by name and order; steps that nobody asked for are told too", () => {
  const ask = { type: "tool_call", name: "look" };
  const blocks = tellTurn({
    n: 1,
    new_messages: [],
    output: [{ role: "assistant", parts: [ask, ask, ask] }],
    tools: [
      { step: step("a", "look", null) },
      { step: step("b", "look", "id") },
      { step: step("c", "other", null), result: null },
    ],
  });
  const ids = blocks.map((block) => block.type === "tool" && (block.call.step?.step_id ?? null));
  expect(ids).toEqual(["a", "b", null, "c"]);
});

test("a sub-agent is told at the tool call that began it, one without a call by its time", () => {
  const run = sketch([
    { at: 0, ms: 100, kind: "run" },
    { at: 0, ms: 10, parent: 0, kind: "llm", turn: 1 },
    { at: 10, ms: 50, parent: 0, kind: "tool", turn: 1 },
    { at: 11, ms: 5, parent: 2, kind: "other", turn: 1 },
    { at: 12, ms: 40, parent: 3, kind: "run", run: "child" },
    { at: 13, ms: 9, parent: 4, kind: "run", run: "grandchild" },
    { at: 70, ms: 9, parent: 0, kind: "run", run: "loose" },
  ]);
  const turns = [
    { n: 1, started_at: 1000 },
    { n: 2, started_at: 1060 },
  ];
  const children = [
    { run_id: "child", started_at: 1012 },
    { run_id: "loose", started_at: 1070 },
    { run_id: "elsewhere", started_at: 900 },
  ];
  expect(placeChildren(run, "r", turns, children)).toEqual([
    { child: children[0], turn: 1, stepId: "s2" },
    { child: children[1], turn: 2, stepId: null },
    { child: children[2], turn: null, stepId: null },
  ]);
});

test("a sub-agent beside the call of its name, which has no span, is told in it", () => {
  const run = sketch([
    { at: 0, ms: 100, kind: "run" },
    { at: 0, ms: 90, parent: 0, kind: "turn", turn: 1 },
    { at: 10, ms: 0, parent: 1, kind: "tool", turn: 1, name: "weather_agent" },
    { at: 10, ms: 0, parent: 1, kind: "tool", turn: 1, name: "weather_agent" },
    { at: 11, ms: 5, parent: 1, kind: "run", run: "child" },
    { at: 20, ms: 5, parent: 1, kind: "run", run: "second" },
    { at: 30, ms: 5, parent: 1, kind: "run", run: "third" },
  ]);
  const child = (run_id: string) => ({ run_id, started_at: 1011, name: "run", agent_name: "Weather_Agent" });
  const children = ["child", "second", "third"].map(child);
  const told = placeChildren(run, "r", [{ n: 1, started_at: 1000 }], children);
  expect(told.map(({ turn, stepId }) => [turn, stepId])).toEqual([
    [1, "s2"],
    [1, "s3"],
    [1, null],
  ]);
});

test("retrievals and memory stand beside their turn's calls; tools, policies and sub-agents' steps do not", () => {
  const run = sketch([
    { at: 0, ms: 9, kind: "retrieval", turn: 1 },
    { at: 1, ms: 1, kind: "tool", turn: 1 },
    { at: 2, ms: 1, kind: "memory", turn: 2 },
    { at: 3, ms: 1, kind: "memory", turn: 2, run: "child" },
    { at: 4, ms: 1, kind: "memory" },
    { at: 5, ms: 1, kind: "memory", turn: 2 },
  ]);
  expect([...besideOf(run, "r")]).toEqual([
    [1, [0]],
    [2, [2, 5]],
  ]);
});

test("a result that the call's span does not hold is taken from what the next turn was sent", () => {
  const later = resultsIn({
    new_messages: [{ role: "tool", parts: [{ type: "tool_call_response", id: "c1", response: '{"c":18}' }] }],
  });
  const ask = (id: string) => ({ type: "tool_call", id, name: "look", arguments: {} });
  const blocks = tellTurn(
    {
      n: 1,
      new_messages: [],
      output: [{ role: "assistant", parts: [ask("c1"), ask("c2")] }],
      tools: [{ step: step("a", "look", "c1"), result: null }],
    },
    later,
  );
  expect(blocks.map((block) => block.type === "tool" && block.call.result)).toEqual([{ c: 18 }, undefined]);
});
