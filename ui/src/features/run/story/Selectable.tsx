import type { ReactNode } from "react";
import { useRunModel } from "../model";

interface SelectableProps {
  readonly stepId: string | null;
  readonly label: string;
  readonly children: ReactNode;
}

/**
 * A block of the story that represents a step. Clicking it, except on text that could be selected, opens the step's details. The
 * button is for keyboards and screen readers.
 */
export function Selectable({ stepId, label, children }: SelectableProps) {
  const { selected, select } = useRunModel();
  if (stepId === null) return <div>{children}</div>;
  const isSelected = stepId === selected;
  return (
    <div data-step={stepId} className={`group relative ${isSelected ? "story-selected" : ""}`}>
      {children}
      <button
        type="button"
        className="story-open"
        aria-label={label}
        aria-pressed={isSelected}
        title="Details"
        onClick={() => select(isSelected ? null : stepId)}
      >
        <span aria-hidden>⋯</span>
      </button>
    </div>
  );
}
