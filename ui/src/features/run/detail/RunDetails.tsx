import { visible } from "../../../lib/text";
import { exact } from "../../../lib/time";
import { RunCost } from "../cost/RunCost";
import { Scores } from "../marks/Scores";
import { useRunModel } from "../model";
import { ErrorNote } from "../panels/ErrorNote";
import { AuditTrail } from "./AuditTrail";
import { Facts } from "./Facts";
import { Statistics } from "./Statistics";

/** Details of the run as a whole, shown while no step is selected. */
export function RunDetails() {
  const { run } = useRunModel();
  return (
    <section
      className="h-full space-y-5 overflow-y-auto p-3"
      aria-label="About this run"
      data-testid="run-details"
    >
      {run.error && run.status === "failed" && <ErrorNote error={run.error} />}
      <section aria-label="Scores">
        <h2 className="detail-heading mb-1">Scores</h2>
        <Scores />
      </section>
      <RunCost />
      <Statistics />
      <AuditTrail />
      <Facts
        title="Run"
        values={{
          run: run.run_id,
          "native id": run.native_run_id ?? undefined,
          trace: run.trace_ids.join(" ") || undefined,
          service: run.service_name,
          dialect: run.dialect,
          trigger: run.trigger_type ?? undefined,
          role: run.user_role ?? undefined,
          began: exact(run.started_at),
          ended: run.ended_at == null ? undefined : exact(run.ended_at),
          status: run.status_reason ? `${run.status}: ${visible(run.status_reason)}` : run.status,
          tools: run.tools.length > 0 ? run.tools.join(", ") : undefined,
        }}
      />
      <Facts title="Metadata" values={run.metadata} />
      <p className="text-muted text-xs">Select a step to see its input and output.</p>
    </section>
  );
}
