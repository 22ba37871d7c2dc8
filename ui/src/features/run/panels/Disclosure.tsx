import { ChevronRight } from "lucide-react";
import { type ReactNode, useId, useState } from "react";

interface DisclosureProps {
  readonly summary: ReactNode;
  readonly open?: boolean;
  /** Called only when opened, so that folded content costs nothing. */
  readonly children: () => ReactNode;
}

/** One subdued line that opens. */
export function Disclosure({ summary, open: atFirst = false, children }: DisclosureProps) {
  const [open, setOpen] = useState(atFirst);
  const id = useId();
  return (
    <div>
      <button
        type="button"
        data-fold
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        className="flex max-w-full items-center gap-1.5 text-left text-muted text-xs hover:text-text"
        onClick={() => setOpen(!open)}
      >
        <ChevronRight
          aria-hidden
          className={`size-3.5 shrink-0 transition-transform ${open ? "rotate-90" : ""}`}
        />
        {summary}
      </button>
      {open && (
        <div id={id} className="mt-2 space-y-3 border-line border-l-2 pl-3">
          {children()}
        </div>
      )}
    </div>
  );
}
