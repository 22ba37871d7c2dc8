import { useQuery } from "@tanstack/react-query";
import type { AuditRecord } from "../../../api/types";
import { visible } from "../../../lib/text";
import { exact } from "../../../lib/time";
import { auditQuery } from "../data/queries";
import { NONE } from "../data/skeleton";
import { type Shape, useRunModel } from "../model";

/** What the audit trail holds about the run, each decision with its step. */
export function AuditTrail() {
  const { run, shape, select } = useRunModel();
  const { data } = useQuery(auditQuery(run.run_id));
  if (!data || data.records.length === 0) return null;
  return (
    <section aria-label="Audit trail">
      <h2 className="detail-heading mb-1">Audit trail</h2>
      <ol className="divide-y divide-line text-xs">
        {data.records.map((record) => {
          const stepId = shape && stepOf(record, shape);
          return (
            <li key={record.seq} className="flex items-baseline gap-2 py-1" title={`MAC ${record.mac}`}>
              <span className="shrink-0 text-muted tabular-nums">#{record.seq}</span>
              <span className="min-w-0 break-words">{words(record)}</span>
              <span className="ml-auto flex shrink-0 gap-2 text-muted">
                {stepId && (
                  <button
                    type="button"
                    className="text-accent hover:underline"
                    onClick={() => select(stepId)}
                  >
                    step
                  </button>
                )}
                <time dateTime={new Date(record.recorded_at).toISOString()} title={exact(record.recorded_at)}>
                  by {visible(record.source)}
                </time>
              </span>
            </li>
          );
        })}
      </ol>
      <p className="mt-1 text-muted text-xs">
        As they stand. <code>turnscope audit verify</code> checks that they are as they were written.
      </p>
    </section>
  );
}

/** The records of the audit trail that are about a step, or about the policy's check of it. */
export function StepAudit({ stepId }: { readonly stepId: string }) {
  const { run, shape } = useRunModel();
  const { data } = useQuery(auditQuery(run.run_id));
  const records = shape && data ? data.records.filter((record) => isAbout(record, stepId, shape)) : [];
  if (records.length === 0) return null;
  return (
    <p className="px-3 pb-2 text-muted text-xs">
      In the audit trail:{" "}
      {records
        .map((record) => `#${record.seq} ${words(record)}, recorded ${exact(record.recorded_at)}`)
        .join("; ")}
    </p>
  );
}

function stepOf(record: AuditRecord, { skeleton, at }: Shape): string | null {
  if (record.record !== "decision" || !record.span_id) return null;
  const step = at(record.span_id);
  return step === NONE ? null : (skeleton.stepId[step] ?? null);
}

/** A decision is recorded with the span of the check, which lies in the tool call that it is about. */
function isAbout(record: AuditRecord, stepId: string, shape: Shape): boolean {
  const found = stepOf(record, shape);
  if (found === null) return false;
  const step = shape.at(found);
  return found === stepId || shape.skeleton.parent[step] === shape.at(stepId);
}

function words(record: AuditRecord): string {
  if (record.record === "run") return record.success ? "the run" : "the run, which failed";
  const said = [record.tool ?? record.action, record.verdict, record.resolution].filter(
    (word) => word != null,
  );
  const by = record.decided_by ? ` by ${record.decided_by}` : "";
  return visible(said.join(", ") + by);
}
