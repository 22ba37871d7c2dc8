/** Where a story stands: jumping to a turn or step, the turn that is read, and the places at which `j` and `k` stop. */
import type { Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useRef } from "react";

export interface Stops {
  readonly n: number;
  readonly llm_step_ids: readonly string[];
  readonly tool_step_ids: readonly string[];
}

/** Each turn's model call, then its tool calls. */
export const stopsOf = (turns: readonly Stops[]): string[] =>
  turns.flatMap((turn) => [...turn.llm_step_ids.slice(-1), ...turn.tool_step_ids]);

/** The index of the turn that shows a step, or -1 if no turn of this run does. */
export const turnIndexOf = (turns: readonly Stops[], stepId: string): number =>
  turns.findIndex((turn) => turn.llm_step_ids.includes(stepId) || turn.tool_step_ids.includes(stepId));

/** The turns of the story itself. Lists inside a turn (sub-agents, long JSON) have indices of their own. */
const turnsOf = (scroller: HTMLElement) => [...scroller.querySelectorAll<HTMLElement>("[data-turn-at]")];
const turnAt = (scroller: HTMLElement, index: number) =>
  turnsOf(scroller).find((turn) => turn.dataset["turnAt"] === String(index));

/** How far below the top edge, in pixels, a turn may begin and still be the one that is read. */
const NEAR_TOP = 48;

/** The turn that is read: the last one that begins above the top edge, or just below it. */
export function turnInSight(scroller: HTMLElement): HTMLElement | undefined {
  const top = scroller.getBoundingClientRect().top + NEAR_TOP;
  const turns = turnsOf(scroller);
  return turns.findLast((turn) => turn.getBoundingClientRect().top <= top) ?? turns[0];
}

/** Opens or closes everything that folds in a turn: the one with this index, or the one that is read. */
export function foldAll(scroller: HTMLElement, index: number, open: boolean): void {
  const within = turnAt(scroller, index) ?? turnInSight(scroller);
  const others = `button[data-fold][aria-expanded="${!open}"]`;
  for (const fold of within?.querySelectorAll<HTMLButtonElement>(others) ?? []) fold.click();
}

/** The events by which a reader scrolls away. */
const LETS_GO = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

/**
 * Scrolls to the beginning of a turn, or to a step in it. A distant turn must be fetched and drawn before its step can be seen, and
 * the heights above it change meanwhile. So the position is corrected at each render until the reader scrolls, presses or clicks.
 *
 * Returns whether a target is still held: then the reader has chosen a turn and has not scrolled away from it.
 */
export function useScrollTo(
  scroller: RefObject<HTMLElement | null>,
  virtual: Virtualizer<HTMLDivElement, Element>,
  index: number,
  stepId: string | null,
): RefObject<boolean> {
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
    if (!held.current || !scroller.current) return;
    const turn = turnAt(scroller.current, index);
    const shown = stepId === null ? turn : turn?.querySelector(`[data-step="${CSS.escape(stepId)}"]`);
    if (shown) shown.scrollIntoView({ block: stepId === null ? "start" : "nearest" });
    else virtual.scrollToIndex(index, { align: "start" });
  });
  return held;
}
