import type { ReactNode } from "react";

/** Says that there is nothing to show, and how to get something. */
export function EmptyState({ title, level, children }: { title: string; level?: 1; children?: ReactNode }) {
  const Title = level ? "h1" : "p";
  return (
    <div className="mx-auto max-w-prose px-4 py-16 text-center">
      <Title className="text-base font-medium">{title}</Title>
      {children && <div className="mt-1 text-muted">{children}</div>}
    </div>
  );
}
