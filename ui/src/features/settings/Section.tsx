import { type ReactNode, useId } from "react";

/** A part of the settings page under its heading. */
export function Section({ title, children, note }: { title: string; children: ReactNode; note?: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="border-t py-4 first:border-0">
      <h2 id={id} className="mb-2 flex items-baseline gap-3 font-semibold">
        {title} {note && <span className="font-normal text-muted">{note}</span>}
      </h2>
      {children}
    </section>
  );
}

/** Figures side by side, each with its name. */
export function Figures({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-4">{children}</dl>;
}

export function Figure({
  name,
  children,
  bad = false,
}: {
  name: string;
  children: ReactNode;
  bad?: boolean;
}) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-muted">{name}</dt>
      <dd className={`truncate text-base ${bad ? "text-error" : ""}`}>{children}</dd>
    </div>
  );
}
