import { useQuery } from "@tanstack/react-query";
import { ThumbsDown, ThumbsUp } from "lucide-react";
import { type Mark, markValue } from "../../../api/runs";
import { Button } from "../../../components/Button";
import { runQuery } from "../data/queries";
import { ScoreForm } from "./ScoreForm";
import { markOf, useRunWrites } from "./scores";

interface MarksProps {
  readonly runId: string;
  /** Null marks the run itself. */
  readonly stepId: string | null;
}

/** Marks as good or bad with one press, a second press undoes it; a small form adds a score with a comment. */
export function Marks({ runId, stepId }: MarksProps) {
  const run = useQuery(runQuery(runId));
  const { add, change, remove } = useRunWrites(runId, stepId);
  const given = markOf(run.data?.scores ?? [], stepId);
  const busy = add.isPending || change.isPending || remove.isPending;
  const press = (mark: Mark) => {
    if (!given) add.mutate(markValue(mark));
    else if (given.label === mark) remove.mutate(given.score_id);
    else {
      const { name: _, ...value } = markValue(mark);
      change.mutate({ id: given.score_id, value });
    }
  };
  const what = stepId === null ? "run" : "step";
  const failed = add.error ?? change.error ?? remove.error;
  return (
    <fieldset className="flex items-center" aria-label={`Marks of this ${what}`}>
      <Button
        look="icon"
        aria-pressed={given?.label === "good"}
        aria-label={`Mark this ${what} as good`}
        title="Good"
        disabled={busy}
        onClick={() => press("good")}
      >
        <ThumbsUp aria-hidden className={`size-4 ${given?.label === "good" ? "fill-current text-ok" : ""}`} />
      </Button>
      <Button
        look="icon"
        aria-pressed={given?.label === "bad"}
        aria-label={`Mark this ${what} as bad`}
        title="Bad"
        disabled={busy}
        onClick={() => press("bad")}
      >
        <ThumbsDown
          aria-hidden
          className={`size-4 ${given?.label === "bad" ? "fill-current text-error" : ""}`}
        />
      </Button>
      <ScoreForm runId={runId} stepId={stepId} />
      {failed && (
        <span role="alert" className="pl-1 text-error text-xs" title={failed.message}>
          not saved
        </span>
      )}
    </fieldset>
  );
}
