/** What was said: messages, their parts, and what the model thought and answered. */
import { Bot, Brain, Flag, MessageSquare, Settings2, User, Wrench } from "lucide-react";
import type { ReactNode } from "react";
import { visible } from "../../../lib/text";
import type { Message, Part } from "../data/message";
import { ValueView } from "../json/ValueView";
import { Prose, type Voice } from "../text/Prose";
import { SafeText } from "../text/SafeText";
import { Media } from "./Media";
import { Selectable } from "./Selectable";

const ROLES: Readonly<Record<string, { readonly Icon: typeof User; readonly title: string }>> = {
  user: { Icon: User, title: "User" },
  system: { Icon: Settings2, title: "System prompt" },
  developer: { Icon: Settings2, title: "Developer" },
  assistant: { Icon: Bot, title: "Assistant" },
  tool: { Icon: Wrench, title: "Tool result" },
};

/** The tool that gave a result, by the id of its call. */
export type ToolNames = ReadonlyMap<string, string>;
const NO_NAMES: ToolNames = new Map();

/** The tools that these messages call, by the id of the call. */
export function toolNames(messages: readonly Message[]): ToolNames {
  const names = new Map<string, string>();
  for (const part of messages.flatMap((message) => message.parts))
    if (part.type === "tool_call" && part.id !== null) names.set(part.id, part.name);
  return names;
}

/** Some frameworks send a tool's result in the user's name. It is still the tool that speaks. */
const speakerOf = ({ role, parts }: Message): string =>
  role === "user" && parts.length > 0 && parts.every((part) => part.type === "tool_result") ? "tool" : role;

/** A message sent to a model or received from it. */
export function MessageView({ message, tools = NO_NAMES }: { message: Message; tools?: ToolNames }) {
  const speaker = speakerOf(message);
  const { Icon, title } = ROLES[speaker] ?? { Icon: User, title: visible(speaker) };
  const label = message.name && speaker !== "tool" ? `${title} (${visible(message.name)})` : title;
  return (
    <div className={`story-block story-${speaker === "user" ? "user" : "quiet"}`}>
      <p className="story-label">
        <Icon aria-hidden className="size-3.5" /> {label}
      </p>
      <div className="space-y-2 text-sm leading-relaxed">
        {message.parts.map((part, at) => (
          <PartView
            // biome-ignore lint/suspicious/noArrayIndexKey: a message's parts never move
            key={at}
            part={part}
            voice={speaker === "assistant" ? "model" : "person"}
            label={label}
            tools={tools}
            from={message.name}
          />
        ))}
        {message.parts.length === 0 && <p className="text-muted text-xs">empty</p>}
      </div>
    </div>
  );
}

interface PartViewProps {
  readonly part: Part;
  readonly voice?: Voice;
  readonly label?: string;
  readonly tools?: ToolNames;
  /** Who the message says it is from: of a result, its tool. */
  readonly from?: string | null;
}

/** A part of a message. */
export function PartView({ part, voice = "model", label, tools = NO_NAMES, from = null }: PartViewProps) {
  switch (part.type) {
    case "text":
      return <Prose text={part.text} label={label ?? "text"} voice={voice} />;
    case "reasoning":
      return (
        <div className="text-muted italic">
          <Prose text={part.text} label="reasoning" voice="model" />
        </div>
      );
    case "injected":
      return (
        <details className="text-muted text-xs">
          <summary className="cursor-pointer">{visible(part.name)}, put in by the program</summary>
          <div className="mt-1 whitespace-pre-wrap break-words">
            <SafeText>{part.text}</SafeText>
          </div>
        </details>
      );
    case "tool_call":
      return <Labelled label={`Calls ${visible(part.name)}`} value={part.arguments} />;
    case "tool_result": {
      const tool = (part.id !== null && tools.get(part.id)) || from;
      return <Labelled label={tool ? `Result of ${visible(tool)}` : "Result"} value={part.result} />;
    }
    case "compaction":
      return (
        <div className="rounded-md border border-line border-dashed p-2">
          <p className="text-muted text-xs">The conversation was compacted here</p>
          {part.text !== null && <Prose text={part.text} label="summary" voice="model" />}
        </div>
      );
    case "media":
      return <Media part={part} />;
    case "other":
      return <Labelled label="Part of another kind" value={part.value} />;
  }
}

interface LabelledProps {
  readonly label: string;
  readonly value: Parameters<typeof ValueView>[0]["value"];
}

function Labelled({ label, value }: LabelledProps) {
  return (
    <div>
      <p className="mb-0.5 text-muted text-xs">{label}</p>
      <ValueView value={value} label={label} />
    </div>
  );
}

const SAID = {
  reasoning: { Icon: Brain, title: "Thought", body: "text-muted italic" },
  text: { Icon: MessageSquare, title: "Said", body: "" },
  final: { Icon: Flag, title: "Final answer", body: "" },
} as const;

interface SaidProps {
  readonly how: keyof typeof SAID;
  /** The model call whose details this opens. */
  readonly stepId: string | null;
  readonly children: ReactNode;
}

/** What the model thought or answered. */
export function Said({ how, stepId, children }: SaidProps) {
  const { Icon, title, body } = SAID[how];
  return (
    <Selectable stepId={stepId} label={`${title}: details of the model call`}>
      <div className={`story-block ${how === "final" ? "story-final" : ""}`}>
        <p className="story-label">
          <Icon aria-hidden className="size-3.5" /> {title}
        </p>
        <div className={`text-sm leading-relaxed ${body}`}>{children}</div>
      </div>
    </Selectable>
  );
}
