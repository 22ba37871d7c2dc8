import type { Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useRef } from "react";

/** What a reader does to go elsewhere. */
const LETS_GO = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

/**
 * Brings what is wanted into view: a turn's beginning, or a step within it. A turn far away must be drawn and read
 * before its step can be seen, and heights above it settle on the way; so the view is held at each drawing, until
 * the reader scrolls, presses or clicks anything.
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
