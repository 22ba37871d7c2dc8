/** The part of the time axis on screen, in positions of the scale (0 … 1). */
export interface Window {
  readonly from: number;
  readonly to: number;
}

export const WHOLE: Window = { from: 0, to: 1 };
const NARROWEST = 1e-7;

/** Zooms by `factor` (above 1: closer) so that `anchor` stays where it is. */
export function zoom(window: Window, factor: number, anchor: number): Window {
  const width = Math.min(1, Math.max(NARROWEST, (window.to - window.from) / factor));
  const ahead = (anchor - window.from) / (window.to - window.from);
  return place(anchor - ahead * width, width);
}

/** Moves by the fraction `part` of the window. */
export function pan(window: Window, part: number): Window {
  const width = window.to - window.from;
  return place(window.from + part * width, width);
}

/** A window around a period, with a margin. */
export function around(from: number, to: number): Window {
  const width = Math.min(1, Math.max(NARROWEST, (to - from) * 1.25));
  return place((from + to) / 2 - width / 2, width);
}

function place(from: number, width: number): Window {
  const held = Math.min(Math.max(0, from), 1 - width);
  return { from: held, to: held + width };
}

/** The screen position of a position of the scale: 0 … 1 within the window, beyond that outside it. */
export function onScreen(window: Window, place: number): number {
  return (place - window.from) / (window.to - window.from);
}
