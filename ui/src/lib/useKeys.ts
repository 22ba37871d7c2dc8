import { useEffect, useRef } from "react";

type Keys = Record<string, (event: KeyboardEvent) => void>;

/** Handles the page's keys, except while the user types, holds a modifier, or has a dialog open. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
      current.current[event.key]?.(event);
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
}

function isTyping({ target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const box = target.closest(
    "input, textarea, select, [contenteditable], dialog, [role=dialog], [role=menu]",
  );
  return box !== null && !(box instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(box.type));
}
