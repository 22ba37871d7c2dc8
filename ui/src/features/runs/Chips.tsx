import { X } from "lucide-react";
import { termsOf, toggled } from "../../lib/query";
import { lastWords } from "../../lib/ranges";
import { visible } from "../../lib/text";
import { clock } from "../../lib/time";
import { isInTime, type View } from "./view";

/** Common filters. */
const quick: [string, string][] = [
  ["status:running", "Running"],
  ["status:waiting", "Waiting for a person"],
  ["status:failed", "Failed"],
  ["error:*", "With errors"],
  ["verdict:deny", "Denied"],
  ["verdict:hitl", "Asked a person"],
];

type Props = { view: View; change: (part: Partial<View>) => void };

/** The active filters, each with a button to remove it, and common ones to add with a click. */
export function Chips({ view, change }: Props) {
  const terms = termsOf(view.q);
  const now = Date.now();
  return (
    <ul aria-label="Filters" className="flex flex-wrap items-center gap-1.5">
      {terms.map((term) => (
        <Chip key={term} on text={visible(term)} toggle={() => change({ q: toggled(view.q, term) })} />
      ))}
      {isInTime(view) && (
        <Chip
          on
          text={
            view.last
              ? lastWords(view.last)
              : `${view.after ? clock(view.after, now) : "…"} – ${view.before ? clock(view.before, now) : "now"}`
          }
          toggle={() => change({ after: null, before: null, last: null })}
        />
      )}
      {quick
        .filter(([term]) => !terms.includes(term))
        .map(([term, name]) => (
          <Chip key={term} text={name} toggle={() => change({ q: toggled(view.q, term) })} />
        ))}
      <Chip
        text="Include child runs"
        on={view.children}
        toggle={() => change({ children: !view.children })}
      />
    </ul>
  );
}

function Chip({ text, on = false, toggle }: { text: string; on?: boolean; toggle: () => void }) {
  return (
    <li className="max-w-full">
      <button
        type="button"
        aria-pressed={on}
        onClick={toggle}
        className={`inline-flex h-6 max-w-full items-center gap-1 rounded-full border px-2 text-xs ${on ? "border-accent bg-selected" : "border-dashed text-muted hover:bg-hover hover:text-text"}`}
      >
        <span className="truncate">{text}</span>
        {on && <X size={12} aria-label="remove" />}
      </button>
    </li>
  );
}
