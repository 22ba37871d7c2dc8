import { type RefObject, useRef, useState } from "react";
import type { PanelImperativeHandle, PanelSize } from "react-resizable-panels";

export interface PanelFold {
  readonly ref: RefObject<PanelImperativeHandle | null>;
  readonly isFolded: boolean;
  readonly toggle: () => void;
  readonly onResize: (size: PanelSize) => void;
}

export interface PanelFolds {
  readonly list: PanelFold;
  readonly detail: PanelFold;
}

/** Folds the two outer panels by button, by key, or by dragging their edge to the end. */
export function usePanelFolds(): PanelFolds {
  return { list: usePanelFold(), detail: usePanelFold() };
}

function usePanelFold(): PanelFold {
  const ref = useRef<PanelImperativeHandle>(null);
  const [isFolded, setIsFolded] = useState(false);
  return {
    ref,
    isFolded,
    toggle: () => (ref.current?.isCollapsed() ? ref.current.expand() : ref.current?.collapse()),
    onResize: (size) => setIsFolded(size.inPixels === 0),
  };
}
