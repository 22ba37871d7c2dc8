import type { ReactNode } from "react";

/** A short label. `colour` is a CSS colour for its text and border. */
export function Badge({ children, colour, title }: { children: ReactNode; colour?: string; title?: string }) {
  return (
    <span
      title={title}
      style={colour ? { color: colour, borderColor: colour } : undefined}
      className="inline-flex h-5 max-w-full min-w-7 overflow-hidden whitespace-nowrap items-center gap-1 rounded border px-1.5 text-[11px] leading-none text-muted"
    >
      {children}
    </span>
  );
}
