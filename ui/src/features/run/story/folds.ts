/** Opens and closes everything foldable in one turn of a story. */

/** The current turn: the one in the link, otherwise the topmost one on screen. */
export function turnInSight(scroller: HTMLElement, index: number): Element | undefined {
  const turns = [...scroller.querySelectorAll("[data-index]")];
  const asked = turns.find((turn) => turn.getAttribute("data-index") === String(index));
  const top = scroller.getBoundingClientRect().top;
  return asked ?? turns.find((turn) => turn.getBoundingClientRect().bottom > top + 1);
}

/** Toggles each fold that is not in the wanted state. Opening one may reveal others. */
export function foldAll(within: Element, open: boolean): void {
  const others = `button[data-fold][aria-expanded="${!open}"]`;
  for (const fold of within.querySelectorAll<HTMLButtonElement>(others)) fold.click();
}
