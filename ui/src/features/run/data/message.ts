/** Parses messages and parts from the API defensively: telemetry may contain anything. */
import { parseJson } from "../../../lib/json";
import { clip, type Value } from "./clip";

export interface Message {
  readonly id: string | null;
  readonly role: string;
  readonly name: string | null;
  readonly parts: readonly Part[];
  readonly finishReason: string | null;
}

export type Part =
  | { readonly type: "text" | "reasoning"; readonly text: Text }
  /** A block that an agent's program put into what a user says, such as a reminder. */
  | { readonly type: "injected"; readonly name: string; readonly text: string }
  | {
      readonly type: "tool_call";
      readonly id: string | null;
      readonly name: string;
      /** Undefined if they were not sent. */
      readonly arguments: Value | undefined;
    }
  | { readonly type: "tool_result"; readonly id: string | null; readonly result: Value }
  | MediaPart
  | { readonly type: "compaction"; readonly text: Text | null }
  | { readonly type: "other"; readonly value: Value };

export interface MediaPart {
  readonly type: "media";
  /** `image`, `audio`, `document`, … */
  readonly what: string;
  readonly mime: string | null;
  /** An address or a provider's file id. */
  readonly place: string | null;
  /** Base64, or a `data:` address, if the content itself was sent. */
  readonly data: Text | null;
}

/** Text to draw, or a text so long that it is shown in pages. */
export type Text = string | Blob;

/** The fields read from messages and parts. Any may be missing or of another type. */
type Fields = {
  readonly [field in
    | ("id" | "role" | "name" | "parts" | "finish_reason" | "injected")
    | ("part" | "start" | "end")
    | (
        | "type"
        | "content"
        | "arguments"
        | "response"
        | "result"
        | "uri"
        | "file_id"
        | "modality"
        | "mime_type"
        | "value"
      )]?: Value;
};

export function toMessages(value: Value | undefined): Message[] {
  return Array.isArray(value) ? value.filter(isFields).map(toMessage) : [];
}

export function toParts(value: Value | undefined): Part[] {
  return Array.isArray(value) ? value.map(toPart) : [];
}

function toMessage(fields: Fields): Message {
  return {
    id: text(fields.id),
    role: text(fields.role) ?? "unknown",
    name: text(fields.name),
    parts: withoutInjected(toParts(fields.parts), fields.injected),
    finishReason: text(fields.finish_reason),
  };
}

/** The parts, with the blocks that nobody typed cut out of their texts as parts of their own. The server says where they are. */
function withoutInjected(parts: Part[], injected: Value | undefined): Part[] {
  if (!Array.isArray(injected)) return parts;
  const blocks = injected.filter(isFields);
  return parts.flatMap((part, at) => {
    if (part.type !== "text" || typeof part.text !== "string") return [part];
    const own = blocks.filter((block) => block.part === at);
    return own.length === 0 ? [part] : cut(part.text, own);
  });
}

function cut(whole: string, blocks: readonly Fields[]): Part[] {
  const parts: Part[] = [];
  const said = (from: number, to: number) => {
    const between = whole.slice(from, to).trim();
    if (between !== "") parts.push({ type: "text", text: between });
  };
  let from = 0;
  for (const { start, end } of blocks) {
    if (typeof start !== "number" || typeof end !== "number" || start < from || end < start) continue;
    said(from, start);
    const block = whole.slice(start, end);
    parts.push({ type: "injected", name: /^<([^<>]*)>/.exec(block)?.[1] ?? "block", text: block });
    from = end;
  }
  said(from, whole.length);
  return parts;
}

function toPart(value: Value): Part {
  if (!isFields(value)) return isText(value) ? { type: "text", text: value } : { type: "other", value };
  const { type, content } = value;
  if ((type === "text" || type === "reasoning") && isText(content)) return { type, text: content };
  if (type === "tool_call") {
    return {
      type,
      id: text(value.id),
      name: text(value.name) ?? "unnamed tool",
      arguments: value.arguments === undefined ? undefined : parsed(value.arguments),
    };
  }
  if (type === "tool_call_response") {
    const result = value.response ?? value.result ?? null;
    return { type: "tool_result", id: text(value.id), result: parsed(result) };
  }
  if (type === "blob" || type === "uri" || type === "file") {
    const given = type === "blob" ? content : value.uri;
    const isInline =
      type === "blob" || (isText(given) && (given instanceof Blob || given.startsWith("data:")));
    return {
      type: "media",
      what: text(value.modality) ?? type,
      mime: text(value.mime_type),
      place: isInline ? null : (text(value.uri) ?? text(value.file_id)),
      data: isInline && isText(given) && given !== "" ? given : null,
    };
  }
  if (type === "compaction") return { type, text: isText(content) ? content : null };
  return { type: "other", value: type === "other" && value.value !== undefined ? value.value : value };
}

/** What some parts say in words, without what is too long to be drawn at once. */
export const textOf = (parts: readonly Part[]): string =>
  parts
    .map((part) => ("text" in part && typeof part.text === "string" ? part.text : ""))
    .filter((text) => text !== "")
    .join("\n");

/** Whether a value that the server gives as null was sent as one, and is not merely unknown. */
export const isSentAsNull = (sentAsNull: Value | undefined, which: string): boolean =>
  Array.isArray(sentAsNull) && sentAsNull.includes(which);

/** Arguments and results are often JSON in a string. They are shown parsed. */
export function parsed(value: Value): Value {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return clip(parseJson(value));
  } catch {
    return value;
  }
}

export const isText = (value: Value | undefined): value is Text =>
  typeof value === "string" || (value instanceof Blob && value.type === "text/plain");

const isFields = (value: Value): value is Fields =>
  value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Blob);

const text = (value: Value | undefined): string | null =>
  typeof value === "string" && value !== "" ? value : null;
