import { Brain, Flag, MessageSquare } from "lucide-react";
import type { ReactNode } from "react";
import { Selectable } from "./Selectable";

const LOOKS = {
  reasoning: { Icon: Brain, title: "Thought", body: "text-muted italic" },
  text: { Icon: MessageSquare, title: "Said", body: "" },
  final: { Icon: Flag, title: "Final answer", body: "" },
} as const;

interface SaidProps {
  readonly how: keyof typeof LOOKS;
  /** The model call whose details this opens. */
  readonly stepId: string | null;
  readonly children: ReactNode;
}

/** What the model thought or answered. */
export function Said({ how, stepId, children }: SaidProps) {
  const { Icon, title, body } = LOOKS[how];
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
