import { useMemo } from "react";
import { KindIcon } from "../../../components/KindIcon";
import { visible } from "../../../lib/text";
import { duration } from "../../../lib/time";
import { useRunModel } from "../model";
import { besideOf } from "./beside";

/** How many steps are named. The tree has them all. */
const SHOWN = 12;

/** A turn's retrievals, embeddings, memory accesses and the like, each with name and time and a link to its details. */
export function Beside({ runId, turn }: { readonly runId: string; readonly turn: number }) {
  const { shape, selected, select } = useRunModel();
  const steps = useMemo(
    () => (shape ? besideOf(shape.skeleton, runId).get(turn) : undefined),
    [shape, runId, turn],
  );
  if (!shape || !steps) return null;
  const { skeleton } = shape;
  return (
    <p className="flex flex-wrap items-center gap-1.5 text-muted text-xs">
      {steps.slice(0, SHOWN).map((step) => {
        const id = skeleton.stepId[step] as string;
        const took = skeleton.duration[step] as number;
        return (
          <button
            key={id}
            type="button"
            data-step={id}
            aria-pressed={id === selected}
            className="chip max-w-64 hover:bg-hover aria-pressed:border-accent"
            onClick={() => select(id)}
          >
            <KindIcon kind={skeleton.kinds[skeleton.kind[step] as number] ?? "other"} size={12} />
            <span className="truncate">{visible(skeleton.names[skeleton.name[step] as number] ?? "")}</span>
            <span className="shrink-0 tabular-nums">{Number.isNaN(took) ? "running" : duration(took)}</span>
          </button>
        );
      })}
      {steps.length > SHOWN && <span>and {steps.length - SHOWN} more</span>}
    </p>
  );
}
