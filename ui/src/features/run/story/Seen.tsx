import { CornerDownRight } from "lucide-react";
import type { Message } from "../data/message";
import { plural } from "../figures";
import { Disclosure } from "../panels/Disclosure";
import { MessageView } from "./MessageView";

/** Messages that the previous turn has already shown. They are only counted here. */
export function Seen({ messages }: { readonly messages: readonly Message[] }) {
  const said = messages.filter((message) => message.role === "assistant").length;
  const results = messages.length - said;
  const what = [said > 0 && "its own answer", results > 0 && plural(results, "tool result")]
    .filter(Boolean)
    .join(" and ");
  return (
    <Disclosure
      summary={
        <>
          <CornerDownRight aria-hidden className="size-3.5" /> Read {what} from the turn before
        </>
      }
    >
      {() => messages.map((message, at) => <MessageView key={message.id ?? at} message={message} />)}
    </Disclosure>
  );
}
