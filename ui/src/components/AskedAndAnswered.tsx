import type { Run } from "../api/types";
import { errorLine } from "../lib/errors";
import { oneLine } from "../lib/text";

/** One line each. An error takes the place of the answer. */
export function AskedAndAnswered({ run }: { readonly run: Run }) {
  const failed = run.status === "failed" && run.error;
  return (
    <>
      <div dir="auto" className="truncate">
        {oneLine(run.input_preview) || <span className="text-muted">no input sent</span>}
      </div>
      <div dir="auto" className={`truncate ${failed ? "text-error" : "text-muted"}`}>
        {failed
          ? oneLine(errorLine(failed))
          : run.status === "waiting"
            ? oneLine(run.status_reason)
            : oneLine(run.output_preview) || (run.status === "running" ? "…" : "no answer sent")}
      </div>
    </>
  );
}
