/** Opening and closing all that is folded in one turn of a story. */

/** The turn that is read: the one asked for, else the topmost that is in sight. */
export function turnInSight(scroller: HTMLElement, index: number): Element | undefined {
  const turns = [...scroller.querySelectorAll("[data-index]")];
  const asked = turns.find((turn) => turn.getAttribute("data-index") === String(index));
  const top = scroller.getBoundingClientRect().top;
  return asked ?? turns.find((turn) => turn.getBoundingClientRect().bottom > top + 1);
}

/** Presses each fold that is not yet as wanted; what opens inside of one has folds of its own. */
export function foldAll(within: Element, open: boolean): void {
  const others = `button[data-fold][aria-expanded="${!open}"]`;
  for (const fold of within.querySelectorAll<HTMLButtonElement>(others)) fold.click();
}
