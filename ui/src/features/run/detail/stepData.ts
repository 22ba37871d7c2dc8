/** One complete step, parsed from the answer of `GET …/steps/{step_id}/data`. */
import type { CallCost } from "../../../api/types";
import type { Value } from "../data/clip";
import { isSentAsNull, type Message, type Part, toMessages, toParts } from "../data/message";

/** The fields read from a step, its events, logs, links and tools. Any may be missing or of another type. */
type Fields = {
  readonly [field in
    | (
        | "system"
        | "input"
        | "output"
        | "tool_definitions"
        | "arguments"
        | "result"
        | "input_value"
        | "output_value"
      )
    | (
        | "documents"
        | "parameters"
        | "attributes"
        | "resource"
        | "facts"
        | "events"
        | "logs"
        | "links"
        | "cost"
        | "raw"
      )
    | "sent_as_null"
    | ("at" | "name" | "severity" | "body" | "trace_id" | "span_id" | "description")
    | (
        | "redacted"
        | "dropped"
        | "invalid_utf8"
        | "clamped"
        | "implausible_count"
        | "contents_deleted"
      )]?: Value;
};

export interface StepBody {
  readonly system: readonly Part[];
  readonly input: readonly Message[];
  readonly output: readonly Message[];
  readonly tools: readonly ToolDefinition[];
  /** Undefined if it was not sent. */
  readonly arguments: Value | undefined;
  readonly result: Value | undefined;
  readonly inputValue: Value | undefined;
  readonly outputValue: Value | undefined;
  readonly documents: Value;
  readonly parameters: Value;
  readonly attributes: Value;
  readonly resource: Value;
  readonly facts: Fields;
  readonly events: readonly Happening[];
  readonly logs: readonly Happening[];
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: Value;
  }[];
  readonly cost: CallCost | null;
  readonly raw: Value;
}

/** An event of a span, or a log record that refers to it. */
export interface Happening {
  readonly at: number;
  readonly name: string;
  readonly value: Value;
}

export interface ToolDefinition {
  readonly name: string;
  readonly description: Value;
  readonly parameters: Value;
}

export function toStepBody(value: Value): StepBody {
  const data = fields(value);
  const sent = (which: "arguments" | "result" | "input_value" | "output_value") =>
    data[which] ?? (isSentAsNull(data.sent_as_null, which) ? null : undefined);
  return {
    system: toParts(data.system),
    input: toMessages(data.input),
    output: toMessages(data.output),
    tools: list(data.tool_definitions).map(toTool),
    arguments: sent("arguments"),
    result: sent("result"),
    inputValue: sent("input_value"),
    outputValue: sent("output_value"),
    documents: holds(data.documents),
    parameters: holds(data.parameters),
    attributes: data.attributes ?? null,
    resource: data.resource ?? null,
    facts: fields(data.facts),
    events: list(data.events).map((event) => happening(event, event.attributes ?? null)),
    logs: list(data.logs).map((log) =>
      happening(log, { body: log.body ?? null, attributes: log.attributes ?? null }),
    ),
    links: list(data.links).map((link) => ({
      traceId: text(link.trace_id),
      spanId: text(link.span_id),
      attributes: holds(link.attributes),
    })),
    cost: (data.cost ?? null) as CallCost | null,
    raw: data.raw ?? null,
  };
}

/** What went in and what came out; undefined if it was not sent. */
export const sides = (body: StepBody): [input: Value | undefined, output: Value | undefined] => [
  body.arguments === undefined ? body.inputValue : body.arguments,
  body.result === undefined ? body.outputValue : body.result,
];

const toTool = (tool: Fields): ToolDefinition => ({
  name: text(tool.name) || "unnamed",
  description: tool.description ?? null,
  parameters: tool.parameters ?? null,
});

const happening = (fields: Fields, value: Value): Happening => ({
  at: typeof fields.at === "number" ? fields.at : 0,
  name: text(fields.name) || text(fields.severity) || "log",
  value,
});

/** Null if it is present but empty. */
function holds(value: Value | undefined): Value {
  if (value === undefined || value === null || typeof value !== "object" || value instanceof Blob)
    return value ?? null;
  return Object.keys(value).length > 0 ? value : null;
}

function fields(value: Value | undefined): Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Blob)
    ? value
    : {};
}

const list = (value: Value | undefined): Fields[] => (Array.isArray(value) ? value.map(fields) : []);
const text = (value: Value | undefined): string => (typeof value === "string" ? value : "");
