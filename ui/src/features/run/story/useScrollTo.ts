import type { Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useRef } from "react";

/**
 * Brings what is wanted into view: a turn's beginning, or a step within it. A turn far away must be drawn and read
 * before the step can be seen, and heights above it settle on the way; so it is tried with each drawing until done.
 * Afterwards the reader scrolls freely.
 */
export function useScrollTo(
  scroller: RefObject<HTMLElement | null>,
  virtual: Virtualizer<HTMLDivElement, Element>,
  index: number,
  stepId: string | null,
): void {
  const target = `${index}/${stepId ?? ""}`;
  const reached = useRef<string>("-1/");
  useEffect(() => {
    if (reached.current === target) return;
    if (index < 0) {
      reached.current = target;
      return;
    }
    const turn = scroller.current?.querySelector(`[data-index="${index}"]`);
    const shown = stepId === null ? turn : turn?.querySelector(`[data-step="${CSS.escape(stepId)}"]`);
    if (!shown) {
      virtual.scrollToIndex(index, { align: "start" });
      return;
    }
    shown.scrollIntoView({ block: stepId === null ? "start" : "nearest" });
    reached.current = target;
  });
}
