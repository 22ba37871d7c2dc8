import { ChevronRight } from "lucide-react";
import type { Step } from "../../../api/types";
import { KindIcon } from "../../../components/KindIcon";
import { hasFailed, NONE, RUNNING, VERDICTS } from "../data/skeleton";
import type { Shape } from "../model";
import { stepName } from "../names";
import type { Folds } from "./useFolds";
import { VerdictMark } from "./VerdictMark";

/** Rows deeper than this are not indented further; they would leave the screen. */
const DEEPEST = 24;

interface StepNameProps {
  readonly shape: Shape;
  readonly folds: Folds;
  readonly step: number;
  readonly row: Step | undefined;
}

/** A step in a tree: its indentation, fold mark, kind and name. */
export function StepName({ shape: { skeleton, tree }, folds, step, row }: StepNameProps) {
  const below = tree.below[step] ?? 0;
  const isFolded = folds.folded.has(step);
  const depth = tree.depth[step] ?? 0;
  const kind = skeleton.kinds[skeleton.kind[step] as number] ?? "other";
  const name = stepName(kind, skeleton.names[skeleton.name[step] as number] ?? "", row);
  // A call that holds calls, such as the attempts at it, says for all of them which turn they are.
  const isCall = (step: number) => skeleton.kinds[skeleton.kind[step] as number] === "llm";
  const isTurnStart =
    skeleton.turn[step] !== NONE && isCall(step) && !isCall(skeleton.parent[step] as number);
  return (
    <div
      className="flex min-w-0 grow items-center gap-1.5"
      // A name keeps half of the room, however deep its step is.
      style={{ paddingInlineStart: `min(${8 + Math.min(depth, DEEPEST) * 14}px, 45%)` }}
    >
      {below > 0 ? (
        <button
          type="button"
          tabIndex={-1}
          aria-label={isFolded ? `Unfold ${below} steps` : `Fold ${below} steps`}
          aria-expanded={!isFolded}
          className="flex size-4 shrink-0 items-center justify-center text-muted hover:text-text"
          onClick={(event) => {
            event.stopPropagation();
            folds.toggle(step);
          }}
        >
          <ChevronRight aria-hidden className={`size-3.5 ${isFolded ? "" : "rotate-90"}`} />
        </button>
      ) : (
        <span className="w-4 shrink-0" />
      )}
      <KindIcon kind={kind} />
      <span className={`truncate text-[13px] ${hasFailed(skeleton, step) ? "text-error" : ""}`} title={name}>
        {name}
      </span>
      {depth > DEEPEST && <span className="shrink-0 text-muted text-xs">level {depth}</span>}
      {isTurnStart && (
        <span className="shrink-0 text-muted text-xs tabular-nums in-[.timeline-columns]:max-sm:hidden">
          turn {skeleton.turn[step]}
        </span>
      )}
      {isFolded && <span className="shrink-0 text-muted text-xs tabular-nums">+{below}</span>}
      <VerdictMark verdict={VERDICTS[skeleton.verdict[step] as number] ?? null} />
      {skeleton.status[step] === RUNNING && (
        <span className="pulse size-1.5 shrink-0 rounded-full bg-accent" />
      )}
    </div>
  );
}
