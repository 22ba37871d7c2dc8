import { expect, test } from "vitest";
import { clip, isStructure } from "./clip";
import { parsed, toMessages } from "./message";
import { PAGE_BYTES, pageCount, readPage } from "./pages";
import { toSkeleton } from "./skeleton";

test("what is small stays as it is", () => {
  const value = { a: [1, "x", null, true], b: {} };
  expect(clip(value)).toEqual(value);
});

test("long text becomes a blob of text, a long list one of JSON", async () => {
  const limits = { text: 5, depth: 9, values: 4 };
  const text = clip("abcdefgh", limits) as Blob;
  expect([isStructure(text), await text.text()]).toEqual([false, "abcdefgh"]);
  const list = clip([1, 2, 3, 4, 5], limits) as Blob;
  expect([isStructure(list), JSON.parse(await list.text())]).toEqual([true, [1, 2, 3, 4, 5]]);
});

test("five thousand levels of nesting are cut at the depth that can be shown", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 5000; level++) deep = [deep];
  let value = clip(deep);
  let levels = 0;
  while (Array.isArray(value)) [value, levels] = [value[0] as never, levels + 1];
  expect(levels).toBe(49);
  expect(value).toBeInstanceOf(Blob);
});

test("pages hold every character once, whole", async () => {
  const text = "äß日本🙂x".repeat(20_000);
  const blob = new Blob([text]);
  const read = await Promise.all(Array.from({ length: pageCount(blob) }, (_, page) => readPage(blob, page)));
  expect(read.length).toBe(Math.ceil(blob.size / PAGE_BYTES));
  expect(read.join("") === text).toBe(true);
});

test("messages are read from anything", () => {
  const [message] = toMessages([
    {
      role: "assistant",
      parts: [
        { type: "text", content: "hi" },
        { type: "tool_call", id: "c1", name: "pay", arguments: '{"eur":5}' },
        { type: "tool_call_response", id: "c1", response: "[not json" },
        { type: "uri", modality: "image", uri: "http://example.org/x.png" },
        { type: "other", value: { type: "odd" } },
        7,
      ],
    },
    "no message",
  ]);
  expect(message?.parts).toEqual([
    { type: "text", text: "hi" },
    { type: "tool_call", id: "c1", name: "pay", arguments: { eur: 5 } },
    { type: "tool_result", id: "c1", result: "[not json" },
    { type: "media", what: "image", mime: null, place: "http://example.org/x.png", data: null },
    { type: "other", value: { type: "odd" } },
    { type: "other", value: 7 },
  ]);
  expect(parsed("12")).toBe("12");
  expect(toMessages({ role: "user" })).toEqual([]);
});

test("blocks that nobody typed are parts of their own, where the server says that they are", () => {
  const content =
    "<current_datetime>1</current_datetime>\n\nWhat is due? <system-reminder>Be brief.</system-reminder>";
  const at = content.indexOf("<system");
  const injected = [
    { part: 0, start: 0, end: 38 },
    { part: 0, start: at, end: content.length },
    { part: 0, start: "no", end: 3 },
    { part: 7, start: 0, end: 3 },
  ];
  const [message] = toMessages([{ role: "user", parts: [{ type: "text", content }], injected }]);
  expect(message?.parts).toEqual([
    { type: "injected", name: "current_datetime", text: content.slice(0, 38) },
    { type: "text", text: "What is due?" },
    { type: "injected", name: "system-reminder", text: content.slice(at) },
  ]);
});

test("the windows of a timeline make one skeleton, whatever order their names came in", () => {
  const window = (
    names: string[],
    name: number[],
    parent: (number | null)[],
    service: (number | null)[],
  ) => ({
    run_id: "r",
    started_at: 5,
    total: 4,
    names,
    name,
    kinds: ["run", "tool"],
    kind: name.map(() => 1),
    services: ["a", "b"].slice(0, 1 + Math.max(...service.map(Number))),
    service,
    runs: ["r"],
    run: name.map(() => 0),
    step_id: name.map((n) => `${names[n]}!`),
    parent,
    depth: name.map(() => 0),
    status: name.map(() => 1),
    start_offset_ms: name.map((n) => n),
    duration_ms: name.map(() => null),
    turn: name.map(() => 1),
    outer: name.map(() => false),
    verdict: name.map(() => 0),
    tokens: name.map((n) => (n === 0 ? null : 5)),
    cost_usd: name.map(() => null),
  });
  const skeleton = toSkeleton([
    window(["x", "y"], [0, 1], [null, 0], [0, null]),
    window(["y", "z"], [1, 0], [1, 2], [1, 0]),
  ]);
  expect(Array.from(skeleton.name, (place) => skeleton.names[place])).toEqual(["x", "y", "z", "y"]);
  expect(skeleton.stepId).toEqual(["x!", "y!", "z!", "y!"]);
  expect([...skeleton.parent]).toEqual([-1, 0, 1, 2]);
  expect(Array.from(skeleton.service, (place) => skeleton.services[place])).toEqual([
    "a",
    undefined,
    "b",
    "a",
  ]);
  expect([...skeleton.tokens]).toEqual([Number.NaN, 5, 5, Number.NaN]);
  expect(skeleton.length).toBe(4);
});
