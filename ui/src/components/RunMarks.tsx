import { CircleAlert, ShieldAlert, ShieldCheck, ShieldX } from "lucide-react";
import type { ListedRun } from "../api/types";
import { oneLine } from "../lib/text";
import { Badge } from "./Badge";

/** A score in at most four digits: the rest is in its title. */
const scoreValue = (value: number | null | undefined): string =>
  value == null ? "" : String(Number(value.toPrecision(4)));

/** Errors, verdicts and scores, each with its own shape. */
export function RunMarks({ run }: { readonly run: Pick<ListedRun, "total" | "error" | "scores"> }) {
  const { error_count: errors, deny_count: deny, hitl_count: hitl, allow_count: allow } = run.total;
  return (
    <span className="flex items-center gap-1 overflow-hidden">
      {errors > 0 && (
        <Badge colour="var(--error)" title={oneLine(run.error?.message) || `${errors} errors`}>
          <CircleAlert size={11} aria-label="errors" /> {errors}
        </Badge>
      )}
      {deny > 0 && (
        <Badge colour="var(--error)" title={`${deny} denied`}>
          <ShieldX size={11} aria-label="denied" /> {deny}
        </Badge>
      )}
      {hitl > 0 && (
        <Badge colour="var(--warn)" title={`${hitl} needed a person`}>
          <ShieldAlert size={11} aria-label="needed a person" /> {hitl}
        </Badge>
      )}
      {allow > 0 && deny + hitl === 0 && (
        <Badge colour="var(--ok)" title={`${allow} allowed`}>
          <ShieldCheck size={11} aria-label="allowed" /> {allow}
        </Badge>
      )}
      {run.scores.slice(0, 2).map((score) => (
        <Badge
          key={score.score_id}
          title={oneLine(`${score.name}: ${score.label ?? score.value} ${score.comment ?? ""}`)}
        >
          <span className="min-w-0 truncate">{oneLine(score.name, 40)}</span>
          <span className="shrink-0">{score.label ? oneLine(score.label, 12) : scoreValue(score.value)}</span>
        </Badge>
      ))}
      {run.scores.length > 2 && <span className="text-[11px] text-muted">+{run.scores.length - 2}</span>}
    </span>
  );
}
