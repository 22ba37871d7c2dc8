import type { ReactNode } from "react";

/** Says that there is nothing to show, and how to get something. */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="mx-auto max-w-prose px-4 py-16 text-center">
      <p className="text-base font-medium">{title}</p>
      {children && <div className="mt-1 text-muted">{children}</div>}
    </div>
  );
}
