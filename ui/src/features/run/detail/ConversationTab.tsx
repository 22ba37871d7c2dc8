import { plural } from "../../../lib/numbers";
import type { Message, Part } from "../data/message";
import { Disclosure } from "../panels/Disclosure";
import { MessageView, PartView, type ToolNames, toolNames } from "../story/messages";
import { TextFormChoice } from "../text/TextFormProvider";
import { Facts } from "./Facts";
import type { StepBody } from "./stepData";

/** How many messages are drawn at once. A history may have thousands, and readers look for the newest. */
const SHOWN = 12;

/** The answer, then what it answers: beside it, or below if the panel is narrow. */
export function ConversationTab({ body }: { readonly body: StepBody }) {
  const earlier = body.input.slice(0, -SHOWN);
  const system = apart(body.system, body.input);
  const tools = toolNames([...body.input, ...body.output]);
  return (
    <div className="@container space-y-3">
      <div className="flex justify-end">
        <TextFormChoice />
      </div>
      <div className="grid gap-4 @3xl:grid-cols-2">
        <section className="min-w-0 space-y-3 @3xl:col-start-2" aria-label="Completion">
          <h3 className="detail-heading">Completion</h3>
          <Messages messages={body.output} tools={tools} />
          {body.output.length === 0 && (
            <p className="text-muted text-sm">There was no output, or it was not sent.</p>
          )}
        </section>
        <section className="min-w-0 space-y-3 @3xl:col-start-1 @3xl:row-start-1" aria-label="Prompt">
          <h3 className="detail-heading">Prompt · {plural(body.input.length, "message")}</h3>
          {system.length > 0 && (
            <Disclosure summary="System prompt">
              {() =>
                // biome-ignore lint/suspicious/noArrayIndexKey: a prompt's parts never move
                system.map((part, at) => <PartView key={at} part={part} voice="person" />)
              }
            </Disclosure>
          )}
          {earlier.length > 0 && (
            <Disclosure summary={`${earlier.length} earlier messages`}>
              {() => <Messages messages={earlier} tools={tools} />}
            </Disclosure>
          )}
          <Messages messages={body.input.slice(-SHOWN)} tools={tools} />
        </section>
      </div>
      <Facts title="Parameters" values={body.parameters} />
    </div>
  );
}

/** The system prompt where it stands apart: not if it is empty, and not if the messages hold it too. */
function apart(system: readonly Part[], input: readonly Message[]): readonly Part[] {
  const within = new Set(
    input
      .filter((message) => message.role === "system" || message.role === "developer")
      .flatMap((message) => message.parts)
      .map((part) => (part.type === "text" ? part.text : null)),
  );
  return system.filter((part) => part.type !== "text" || (part.text !== "" && !within.has(part.text)));
}

interface MessagesProps {
  readonly messages: readonly Message[];
  readonly tools: ToolNames;
}

function Messages({ messages, tools }: MessagesProps) {
  // biome-ignore lint/suspicious/noArrayIndexKey: a prompt's messages never move, and one may stand in it twice
  return messages.map((message, at) => <MessageView key={at} message={message} tools={tools} />);
}
