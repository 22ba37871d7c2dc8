import { RotateCw } from "lucide-react";
import { useMemo } from "react";
import type { Skeleton } from "../data/skeleton";
import { useRunModel } from "../model";

/** The model calls of a turn that has several (a retry, an explicit turn). The story shows the last; each can be opened. */
export function Calls({ stepIds: all }: { readonly stepIds: readonly string[] }) {
  const { shape, selected, select } = useRunModel();
  const stepIds = useMemo(() => all.filter((id) => !shape || isModelCall(shape.skeleton, id)), [all, shape]);
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

/** An embedding counts as a model call, but has no answer to show. */
function isModelCall(skeleton: Skeleton, stepId: string): boolean {
  const step = skeleton.stepId.indexOf(stepId);
  return step < 0 || skeleton.kinds[skeleton.kind[step] as number] !== "embedding";
}
