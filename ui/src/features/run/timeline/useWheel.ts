import { type RefObject, useEffect } from "react";
import { pan, type Window, zoom } from "../layout/window";

/** Ctrl or ⌘ with the wheel (a pinch on a touchpad) zooms at the pointer; sideways, or with shift, it pans. */
export function useWheel(
  area: RefObject<HTMLElement | null>,
  change: (by: (window: Window) => Window) => void,
): void {
  useEffect(() => {
    const element = area.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      const zooms = event.ctrlKey || event.metaKey;
      if (!zooms && Math.abs(sideways) <= Math.abs(event.shiftKey ? 0 : event.deltaY)) return;
      const bars = element.querySelector("[data-time-area]")?.getBoundingClientRect();
      if (!bars) return;
      event.preventDefault();
      const x = (event.clientX - bars.left) / bars.width;
      change((window) =>
        zooms
          ? zoom(window, 2 ** (-event.deltaY / 200), window.from + x * (window.to - window.from))
          : pan(window, sideways / bars.width),
      );
    };
    // Not passive, so that the page itself does not zoom.
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [area, change]);
}
