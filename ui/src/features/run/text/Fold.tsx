import { type ReactNode, useLayoutEffect, useRef, useState } from "react";

/** Content higher than this, in pixels, is folded. */
const TALL = 288;

/** Shows the beginning of tall content, and the rest on demand. Content that is only a little taller is shown whole. */
export function Fold({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  const content = useRef<HTMLDivElement>(null);
  const [tall, setTall] = useState(false);
  const [open, setOpen] = useState(false);
  useLayoutEffect(() => {
    const element = content.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setTall(element.scrollHeight > TALL * 1.3));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const folded = tall && !open;
  return (
    <div className="relative">
      <div
        className={folded ? "fold-shade overflow-hidden" : undefined}
        style={folded ? { maxHeight: TALL } : undefined}
      >
        <div ref={content}>{children}</div>
      </div>
      {tall && (
        <button
          type="button"
          className="mt-1 text-accent text-xs hover:underline"
          data-fold
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? "Show less" : "Show all"}
          <span className="sr-only"> of {label}</span>
        </button>
      )}
    </div>
  );
}
