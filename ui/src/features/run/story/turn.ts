/**
 * One turn as the story shows it: what was new to the model, what it thought and answered, its tool calls and their results.
 *
 * Nothing is shown twice: the model's previous answer and the results of its tool calls are new messages of the next turn, which
 * only counts them, in one line.
 */
import type { Value } from "../data/clip";
import { isSentAsNull, type Message, type Part, parsed, type Text, toMessages } from "../data/message";

/** The fields of a tool call's step that the story shows. */
export interface ToolStep {
  readonly step_id: string;
  readonly tool_name?: string | null;
  readonly tool_call_id?: string | null;
  readonly name: string;
}

/** The part of `GET /v1/runs/{id}/turns/{n}` that the story uses. */
export interface TurnBody<S extends ToolStep = ToolStep> {
  readonly n: number;
  readonly new_messages: Value;
  readonly output: Value;
  readonly tools: readonly Done<S>[];
}

interface Done<S extends ToolStep> {
  readonly step: S;
  readonly arguments?: Value;
  readonly result?: Value;
  /** Which of both were sent as a null, and are not merely unknown. */
  readonly sent_as_null?: Value;
}

export type Block<S extends ToolStep = ToolStep> =
  | { readonly type: "message"; readonly message: Message }
  /** New to the model, but already shown to the reader. */
  | { readonly type: "seen"; readonly messages: readonly Message[] }
  | { readonly type: "reasoning" | "text"; readonly text: Text }
  | { readonly type: "part"; readonly part: Part }
  | { readonly type: "tool"; readonly call: Call<S> };

export interface Call<S extends ToolStep = ToolStep> {
  readonly name: string;
  readonly id: string | null;
  /** Undefined if it was not sent. */
  readonly arguments: Value | undefined;
  readonly result: Value | undefined;
  /** Null if the model asked for the call and nothing else is known about it. */
  readonly step: S | null;
}

const NOTHING: ReadonlyMap<string, Value> = new Map();

/** `later`: results by call id, from the messages of the next turn, for calls whose own span has none. */
export function tellTurn<S extends ToolStep>(body: TurnBody<S>, later = NOTHING): Block<S>[] {
  const [seen, fresh] = split(toMessages(body.new_messages), (message) => body.n > 1 && isSeen(message));
  const blocks: Block<S>[] = [];
  if (seen.length > 0) blocks.push({ type: "seen", messages: seen });
  for (const message of fresh) blocks.push({ type: "message", message });

  const waiting = [...body.tools];
  for (const part of toMessages(body.output).flatMap((message) => message.parts)) {
    if (part.type === "tool_call") {
      blocks.push({ type: "tool", call: toCall(part, takeStep(waiting, part), later) });
    } else if (part.type === "reasoning" || part.type === "text") {
      blocks.push({ type: part.type, text: part.text });
    } else {
      blocks.push({ type: "part", part });
    }
  }
  for (const tool of waiting) blocks.push({ type: "tool", call: toCall(null, tool, later) });
  return blocks;
}

/** Whether a message is the model's own answer or a tool result, which the turn that produced it shows. */
const isSeen = (message: Message): boolean =>
  message.role === "assistant" ||
  (message.parts.length > 0 && message.parts.every((part) => part.type === "tool_result"));

type Asked = Extract<Part, { type: "tool_call" }>;

/** The step of a call: the one with its id, otherwise the first with its name and no other id. */
function takeStep<S extends ToolStep>(waiting: Done<S>[], asked: Asked): Done<S> | undefined {
  let at = waiting.findIndex(({ step }) => asked.id !== null && step.tool_call_id === asked.id);
  if (at < 0) {
    at = waiting.findIndex(
      ({ step }) => step.tool_name === asked.name && (asked.id === null || !step.tool_call_id),
    );
  }
  return at < 0 ? undefined : waiting.splice(at, 1)[0];
}

function toCall<S extends ToolStep>(
  asked: Asked | null,
  done: Done<S> | undefined,
  later: ReadonlyMap<string, Value>,
): Call<S> {
  const id = asked?.id ?? done?.step.tool_call_id ?? null;
  const own = sent(done, "result");
  const told = own === undefined && id !== null ? later.get(id) : own;
  return {
    name: asked?.name ?? done?.step.tool_name ?? done?.step.name ?? "unnamed tool",
    id,
    arguments: asked?.arguments !== undefined ? asked.arguments : sent(done, "arguments"),
    result: told === undefined ? undefined : parsed(told),
    step: done?.step ?? null,
  };
}

/** The server answers null for what was not sent, and says which nulls were. */
function sent<S extends ToolStep>(
  done: Done<S> | undefined,
  which: "arguments" | "result",
): Value | undefined {
  const value = done?.[which] ?? null;
  if (value !== null) return parsed(value);
  return isSentAsNull(done?.sent_as_null, which) ? null : undefined;
}

/** The tool results among a turn's messages, by call id. */
export function resultsIn(body: Pick<TurnBody, "new_messages">): ReadonlyMap<string, Value> {
  const results = new Map<string, Value>();
  for (const part of toMessages(body.new_messages).flatMap((message) => message.parts)) {
    if (part.type === "tool_result" && part.id !== null) results.set(part.id, part.result);
  }
  return results;
}

function split<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
