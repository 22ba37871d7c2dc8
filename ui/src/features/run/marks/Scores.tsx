import { X } from "lucide-react";
import { Button } from "../../../components/Button";
import { visible } from "../../../lib/text";
import { exact } from "../../../lib/time";
import { useRunModel } from "../model";
import { useRunWrites } from "./scores";

/** All scores of a run, its turns and its steps. Those that a person gave can be removed. */
export function Scores() {
  const { run, select } = useRunModel();
  const { remove } = useRunWrites(run.run_id, null);
  if (run.scores.length === 0)
    return <p className="text-muted text-xs">No scores yet. Mark this run good or bad above.</p>;
  return (
    <ul className="divide-y divide-line text-xs">
      {run.scores.map((score) => (
        <li key={score.score_id} className="flex items-baseline gap-2 py-1">
          <span className="min-w-0 break-words font-medium">{visible(score.name)}</span>
          <span className="tabular-nums">
            {[score.value, score.label && visible(score.label)].filter((x) => x != null).join(" · ")}
          </span>
          {score.comment && (
            <span className="min-w-0 break-words text-muted">“{visible(score.comment)}”</span>
          )}
          <span
            className="ml-auto flex shrink-0 items-center gap-1 text-muted"
            title={exact(score.created_at)}
          >
            {score.step_id && (
              <button
                type="button"
                className="text-accent hover:underline"
                onClick={() => select(score.step_id ?? null)}
              >
                step
              </button>
            )}
            {score.turn != null && `turn ${score.turn}`} {score.source}
            {score.source === "person" && (
              <Button
                look="icon"
                className="size-6!"
                aria-label={`Remove the score ${visible(score.name)}`}
                onClick={() => remove.mutate(score.score_id)}
              >
                <X aria-hidden className="size-3" />
              </Button>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
