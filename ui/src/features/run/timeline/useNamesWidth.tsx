import { type CSSProperties, type KeyboardEvent, type PointerEvent, type RefObject, useState } from "react";

const KEY = "turnscope-names";
const [LEAST, MOST] = [90, 900];
const STEP = 20;

/** The width of the column of names, in pixels, which the browser remembers, and the handle to change it. */
export function useNamesWidth(area: RefObject<HTMLElement | null>) {
  const [width, setWidth] = useState<number | null>(() => Number(localStorage.getItem(KEY)) || null);
  const change = (px: number) => {
    const most = Math.min(MOST, (area.current?.clientWidth ?? MOST) * 0.8);
    const next = Math.round(Math.min(most, Math.max(LEAST, px)));
    localStorage.setItem(KEY, String(next));
    setWidth(next);
  };
  /** As it is drawn, until it is chosen. */
  const drawn = () =>
    width ?? area.current?.querySelector(".timeline-columns > *")?.getBoundingClientRect().width ?? LEAST;
  const onMove = (event: PointerEvent) => {
    if (event.buttons === 1) change(event.clientX - (area.current?.getBoundingClientRect().left ?? 0));
  };
  const onKey = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    change(drawn() + by);
  };
  const style = (width === null ? {} : { "--names": `min(${width}px, 80%)` }) as CSSProperties;
  const handle = (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the names"
      aria-valuenow={width ?? 0}
      tabIndex={0}
      className="names-handle"
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onMove}
      onKeyDown={onKey}
    />
  );
  return { style, handle };
}
