import type { Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useRef } from "react";

/** The events by which a reader scrolls away. */
const LETS_GO = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

/**
 * Scrolls to the beginning of a turn, or to a step in it. A distant turn must be fetched and drawn before its step can be seen, and
 * the heights above it change meanwhile. So the position is corrected at each render until the reader scrolls, presses or clicks.
 */
export function useScrollTo(
  scroller: RefObject<HTMLElement | null>,
  virtual: Virtualizer<HTMLDivElement, Element>,
  index: number,
  stepId: string | null,
): void {
  const held = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another target is held anew
  useEffect(() => {
    held.current = index >= 0;
    const letGo = () => {
      held.current = false;
    };
    for (const event of LETS_GO) window.addEventListener(event, letGo, { passive: true });
    return () => {
      for (const event of LETS_GO) window.removeEventListener(event, letGo);
    };
  }, [index, stepId]);

  useEffect(() => {
    if (!held.current) return;
    const turn = scroller.current?.querySelector(`[data-index="${index}"]`);
    const shown = stepId === null ? turn : turn?.querySelector(`[data-step="${CSS.escape(stepId)}"]`);
    if (shown) shown.scrollIntoView({ block: stepId === null ? "start" : "nearest" });
    else virtual.scrollToIndex(index, { align: "start" });
  });
}
