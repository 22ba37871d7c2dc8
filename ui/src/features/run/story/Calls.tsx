import { RotateCw } from "lucide-react";
import { useRunModel } from "../model";

/** A turn that took several model calls (a retry, an explicit turn): each can be looked at. The last one is told. */
export function Calls({ stepIds }: { readonly stepIds: readonly string[] }) {
  const { selected, select } = useRunModel();
  if (stepIds.length < 2) return null;
  return (
    <p className="flex flex-wrap items-center gap-1.5 text-muted text-xs">
      <RotateCw aria-hidden className="size-3.5" /> {stepIds.length} model calls
      {stepIds.map((stepId, at) => (
        <button
          key={stepId}
          type="button"
          aria-pressed={stepId === selected}
          className="chip hover:bg-hover aria-pressed:border-accent"
          onClick={() => select(stepId)}
        >
          call {at + 1}
        </button>
      ))}
    </p>
  );
}
