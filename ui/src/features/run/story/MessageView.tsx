import { Bot, Settings2, User, Wrench } from "lucide-react";
import { visible } from "../../../lib/text";
import type { Message } from "../data/message";
import { Prose } from "../text/Prose";
import { PartView } from "./PartView";

const ROLES: Readonly<Record<string, { readonly Icon: typeof User; readonly title: string }>> = {
  user: { Icon: User, title: "User" },
  system: { Icon: Settings2, title: "System prompt" },
  developer: { Icon: Settings2, title: "Developer" },
  assistant: { Icon: Bot, title: "Assistant" },
  tool: { Icon: Wrench, title: "Tool result" },
};

/** A message sent to a model or received from it. */
export function MessageView({ message }: { readonly message: Message }) {
  const { Icon, title } = ROLES[message.role] ?? { Icon: User, title: visible(message.role) };
  const label = message.name ? `${title} (${visible(message.name)})` : title;
  return (
    <div className={`story-block story-${message.role === "user" ? "user" : "quiet"}`}>
      <p className="story-label">
        <Icon aria-hidden className="size-3.5" /> {label}
      </p>
      <div className="space-y-2 text-sm leading-relaxed">
        {message.parts.map((part, at) =>
          part.type === "text" ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: a message's parts never move
            <Prose key={at} text={part.text} label={label} />
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: a message's parts never move
            <PartView key={at} part={part} />
          ),
        )}
      </div>
    </div>
  );
}
