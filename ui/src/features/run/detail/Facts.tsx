import { visible } from "../../../lib/text";
import type { Value } from "../data/clip";
import { ValueView } from "../json/ValueView";

interface FactsProps {
  readonly title: string;
  /** What is undefined is left out. */
  readonly values: Value | { readonly [name: string]: Value | undefined };
}

/** Names and values in two columns. Renders nothing if there are none. */
export function Facts({ title, values }: FactsProps) {
  if (values === null || typeof values !== "object") return null;
  if (values instanceof Blob || Array.isArray(values)) return <ValueView value={values} label={title} />;
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3 className="detail-heading mb-1">{title}</h3>
      <dl className="divide-y divide-line text-xs">
        {entries.map(([name, value]) => (
          <div key={name} className="grid grid-cols-[minmax(7rem,2fr)_minmax(0,3fr)] gap-x-3 py-1">
            <dt className="break-words font-mono text-muted leading-5">{visible(name)}</dt>
            <dd className="min-w-0">
              <ValueView value={value} label={visible(name)} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
