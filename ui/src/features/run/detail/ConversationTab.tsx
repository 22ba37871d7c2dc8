import type { Message } from "../data/message";
import { plural } from "../figures";
import { Disclosure } from "../panels/Disclosure";
import { MessageView } from "../story/MessageView";
import { PartView } from "../story/PartView";
import { RawToggle } from "../text/RawToggle";
import { Facts } from "./Facts";
import type { StepBody } from "./stepData";

/** How many messages are drawn at once. A history may have thousands, and readers look for the newest. */
const SHOWN = 12;

/** The prompt beside the answer, or above it if the panel is narrow. */
export function ConversationTab({ body }: { readonly body: StepBody }) {
  const earlier = body.input.slice(0, -SHOWN);
  return (
    <div className="@container space-y-3">
      <div className="flex justify-end">
        <RawToggle />
      </div>
      <div className="grid gap-4 @3xl:grid-cols-2">
        <section className="min-w-0 space-y-3" aria-label="Prompt">
          <h3 className="detail-heading">Prompt · {plural(body.input.length, "message")}</h3>
          {body.system.length > 0 && (
            <Disclosure summary="System prompt">
              {() =>
                // biome-ignore lint/suspicious/noArrayIndexKey: a prompt's parts never move
                body.system.map((part, at) => <PartView key={at} part={part} />)
              }
            </Disclosure>
          )}
          {earlier.length > 0 && (
            <Disclosure summary={`${earlier.length} earlier messages`}>
              {() => <Messages messages={earlier} />}
            </Disclosure>
          )}
          <Messages messages={body.input.slice(-SHOWN)} />
        </section>
        <section className="min-w-0 space-y-3" aria-label="Completion">
          <h3 className="detail-heading">Completion</h3>
          <Messages messages={body.output} />
          {body.output.length === 0 && (
            <p className="text-muted text-sm">There was no output, or it was not captured.</p>
          )}
        </section>
      </div>
      <Facts title="Parameters" values={body.parameters} />
    </div>
  );
}

function Messages({ messages }: { readonly messages: readonly Message[] }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: a prompt's messages never move, and one may stand in it twice
  return messages.map((message, at) => <MessageView key={at} message={message} />);
}
