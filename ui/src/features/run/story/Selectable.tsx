import type { MouseEvent, ReactNode } from "react";
import { useRunModel } from "../model";

interface SelectableProps {
  readonly stepId: string | null;
  readonly label: string;
  readonly children: ReactNode;
}

/** What has a use of its own inside a block. */
const OWN_USE = "button, a, input, select, textarea, summary, [data-child-run]";

/**
 * A block of the story that represents a step. A click anywhere on it opens the step's details, except on what has a use of its own,
 * and while text is selected. The button is for keyboards, screen readers and fingers.
 */
export function Selectable({ stepId, label, children }: SelectableProps) {
  const { selected, select } = useRunModel();
  if (stepId === null) return <div>{children}</div>;
  const isSelected = stepId === selected;
  const open = (event: MouseEvent<HTMLElement>) => {
    const used = (event.target as HTMLElement).closest(OWN_USE);
    const isInside = used !== null && event.currentTarget.contains(used);
    if (!isInside && !isSelected && getSelection()?.isCollapsed !== false) select(stepId);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button below does the same for keyboards
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <div
      data-step={stepId}
      className={`group relative cursor-pointer ${isSelected ? "story-selected" : ""}`}
      onClick={open}
    >
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
