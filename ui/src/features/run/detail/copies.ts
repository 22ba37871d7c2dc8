/** The forms in which a run or step can be copied: JSON, a curl command, Markdown. */

import type { Value } from "../data/clip";
import type { Message, Part } from "../data/message";
import { type StepBody, sides } from "./stepData";

/** A path of the API as a curl command. Quoting is safe in a shell: ids are checked to contain no quotes. */
export const toCurl = (origin: string, path: string): string =>
  `curl -s '${origin}${path.replaceAll("'", "%27")}'`;

/** One step as Markdown: its input and output. */
export function toMarkdown(name: string, body: StepBody): string {
  const [input, output] = sides(body);
  const sections: (string | false)[] = [
    `## ${name}`,
    body.system.length > 0 && `### system\n\n${body.system.map(partMarkdown).join("\n\n")}`,
    ...body.input.map(messageMarkdown),
    ...body.output.map(messageMarkdown),
    section("Arguments", input),
    section("Result", output),
  ];
  return `${sections.filter(Boolean).join("\n\n")}\n`;
}

const messageMarkdown = (message: Message): string =>
  `### ${message.role}\n\n${message.parts.map(partMarkdown).join("\n\n")}`;

function partMarkdown(part: Part): string {
  switch (part.type) {
    case "text":
      return textOf(part.text);
    case "injected":
      return part.text;
    case "reasoning":
      return quote(textOf(part.text));
    case "tool_call":
      return `Calls \`${part.name}\`:\n\n${fenced(part.arguments ?? null)}`;
    case "tool_result":
      return `Result:\n\n${fenced(part.result)}`;
    case "media":
      return `(${part.what}${part.mime ? `, ${part.mime}` : ""}${part.place ? `: ${part.place}` : ""})`;
    case "compaction":
      return `(the conversation was compacted here)\n\n${part.text === null ? "" : quote(textOf(part.text))}`;
    case "other":
      return fenced(part.value);
  }
}

const section = (title: string, value: Value | undefined): string | false =>
  value !== undefined && `### ${title}\n\n${fenced(value)}`;
const textOf = (text: string | Blob): string =>
  typeof text === "string" ? text : `(${text.size} bytes of text)`;
const quote = (text: string): string => text.replace(/^/gm, "> ");

/** A code fence longer than any in the text, so that the text cannot close it. */
function fenced(value: Value): string {
  const text =
    typeof value === "string"
      ? value
      : value instanceof Blob
        ? textOf(value)
        : JSON.stringify(value, withoutBlobs, 2);
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${typeof value === "string" ? "" : "json"}\n${text}\n${fence}`;
}

const withoutBlobs = (_: string, value: Value): Value => (value instanceof Blob ? textOf(value) : value);
