import { Wrench } from "lucide-react";
import type { Run, Step } from "../../../api/types";
import { isSameError } from "../../../lib/errors";
import { visible } from "../../../lib/text";
import { duration } from "../../../lib/time";
import { ValueView } from "../json/ValueView";
import { useRunModel } from "../model";
import { ErrorNote } from "../panels/ErrorNote";
import { VerdictLine } from "../panels/VerdictLine";
import { ChildRun } from "./ChildRun";
import { Selectable } from "./Selectable";
import type { Call } from "./turn";

interface ToolCallProps {
  readonly call: Call<Step>;
  /** The sub-agents that it started. */
  readonly below: readonly Run[];
}

/** A tool call: its arguments, the policy's verdict, its sub-agents and its result. */
export function ToolCall({ call, below }: ToolCallProps) {
  const { step } = call;
  const name = visible(call.name);
  const refused = isRefused(step);
  const failed = step?.status === "error" && !refused;
  const error = told(step, refused);
  // Many frameworks give the model the error as the result.
  const repeats = typeof call.result === "string" && isSameError(error, { type: call.result });
  return (
    <Selectable stepId={step?.step_id ?? null} label={`Details of the tool call ${name}`}>
      <div className={`story-tool ${failed ? "story-tool-failed" : ""}`}>
        <div className="flex min-w-0 items-center gap-2 px-3 py-1.5 pr-10">
          <Wrench aria-hidden className="size-3.5 shrink-0 text-kind-tool" />
          <span className="truncate font-mono font-semibold text-[13px]" title={name}>
            {name}
          </span>
          <span className="ml-auto shrink-0 text-muted text-xs tabular-nums">
            <ToolState step={step} />
          </span>
        </div>
        {step?.verdict && <VerdictLine verdict={step.verdict} />}
        <Section label="Arguments">
          <ValueView value={call.arguments} label={`arguments of ${name}`} />
        </Section>
        {below.length > 0 && (
          <div className="space-y-2 border-line border-t px-3 py-2">
            {below.map((child) => (
              <ChildRun key={child.run_id} run={child} />
            ))}
          </div>
        )}
        {error && (
          <div className="border-line border-t px-3 py-2">
            <ErrorNote error={error} />
          </div>
        )}
        {call.result !== undefined && !repeats && !(error && call.result === null) && (
          <Section label="Result">
            <ValueView value={call.result} label={`result of ${name}`} />
          </Section>
        )}
        {call.result === undefined && !error && !refused && hasRun(step) && (
          <Section label="Result">
            <ValueView value={undefined} label={`result of ${name}`} />
          </Section>
        )}
      </div>
    </Selectable>
  );
}

/** A policy denied it, or a person did. The tool has not run, so it has not failed either. */
export const isRefused = (step: Pick<Step, "verdict"> | null | undefined): boolean =>
  step?.verdict?.verdict === "deny" || step?.verdict?.resolution === "rejected";

/** The error to tell: of a refused call none that the verdict tells already. */
function told(step: Step | null, refused: boolean): Step["error"] {
  const error = step?.error ?? null;
  if (!error || !refused) return error;
  return step?.verdict?.reason ? null : error;
}

const hasRun = (step: Step | null): boolean => step?.status === "ok" || step?.status === "error";

/** How long it took, or what it waits for. Counts while it runs. */
function ToolState({ step }: { readonly step: Step | null }) {
  const { run, now } = useRunModel();
  if (!step) return "asked for, not seen";
  const since = Math.max(0, run.started_at + now - step.started_at);
  if (step.status === "running") return `running for ${duration(since)}`;
  if (step.status === "waiting") return "waits for a person";
  if (step.status === "pending") return "not run yet";
  if (step.span_id === null && !step.duration_ms)
    return <span title="No span of this call was sent. It is known from messages.">not timed</span>;
  return step.duration_ms == null ? "" : duration(step.duration_ms);
}

function Section({ label, children }: { readonly label: string; readonly children: React.ReactNode }) {
  return (
    <div className="grid grid-cols-1 gap-x-3 border-line border-t px-3 py-2 sm:grid-cols-[5.5rem_minmax(0,1fr)]">
      <p className="text-muted text-xs leading-5">{label}</p>
      <div className="min-w-0">{children}</div>
    </div>
  );
}
