import { X } from "lucide-react";
import type { Step } from "../../../api/types";
import { Button } from "../../../components/Button";
import { KindIcon, kindTitle } from "../../../components/KindIcon";
import { usd } from "../../../lib/numbers";
import { visible } from "../../../lib/text";
import { duration, exact } from "../../../lib/time";
import { usageWords } from "../figures";
import { Marks } from "../marks/Marks";
import { useRunModel } from "../model";
import { stepName } from "../names";
import { ErrorNote } from "../panels/ErrorNote";
import { VerdictLine } from "../panels/VerdictLine";
import { StepAudit } from "./AuditTrail";
import { StepCopy } from "./StepCopy";

interface DetailHeadProps {
  readonly stepId: string;
  readonly row: Step | undefined;
}

/** What a step is, when and how long it ran, and the actions on it. */
export function DetailHead({ stepId, row }: DetailHeadProps) {
  const { run, select } = useRunModel();
  const name = row ? stepName(row.kind, row.name, row) : stepId;
  return (
    <header className="shrink-0 border-line border-b">
      <div className="flex items-center gap-2 px-3 pt-2.5">
        {row && <KindIcon kind={row.kind} size={16} />}
        <h2 className="truncate font-semibold text-sm" title={row ? visible(row.name) : stepId}>
          {name}
        </h2>
        <span className="ml-auto flex shrink-0 items-center">
          <Marks runId={row?.run_id ?? run.run_id} stepId={stepId} />
          <StepCopy runId={run.run_id} stepId={stepId} name={name} />
          <Button look="icon" aria-label="Close details (Escape)" onClick={() => select(null)}>
            <X aria-hidden className="size-4" />
          </Button>
        </span>
      </div>
      <dl className="flex flex-wrap gap-x-3 px-3 pb-2 text-muted text-xs tabular-nums">
        {row &&
          facts(row).map(([fact, value, title]) => (
            <div key={fact} className="min-w-0" title={title}>
              <dt className="sr-only">{fact}</dt>
              <dd className="truncate">{value}</dd>
            </div>
          ))}
      </dl>
      {row?.verdict && <VerdictLine verdict={row.verdict} />}
      {row?.verdict && <StepAudit stepId={stepId} />}
      {row?.error && (
        <div className="px-3 pb-2">
          <ErrorNote error={row.error} />
        </div>
      )}
    </header>
  );
}

function facts(row: Step): [fact: string, value: string, title: string][] {
  const found: [string, string | null | undefined, string][] = [
    ["kind", kindTitle(row.kind), "kind"],
    ["turn", row.turn == null ? null : `turn ${row.turn}`, "turn"],
    ["model", row.model && visible(row.model), `model${row.provider ? ` of ${visible(row.provider)}` : ""}`],
    ["duration", row.duration_ms == null ? row.status : duration(row.duration_ms), "duration"],
    ["began", `+${duration(row.start_offset_ms)}`, exact(row.started_at)],
    ["usage", row.usage && usageWords(row.usage), "tokens"],
    ["cost", row.cost_usd == null ? null : usd(row.cost_usd), "cost"],
    ["service", row.service_name && visible(row.service_name), "service"],
  ];
  return found.filter((fact): fact is [string, string, string] => Boolean(fact[1]));
}
