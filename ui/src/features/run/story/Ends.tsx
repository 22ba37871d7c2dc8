import type { Schemas } from "../../../api/client";
import { visible } from "../../../lib/text";
import { clock, exact } from "../../../lib/time";
import { useRunModel } from "../model";
import { ErrorNote } from "../panels/ErrorNote";
import { Prose } from "../text/Prose";

/** The beginning of a story, if no turn shows it: the input of the run. */
export function RunStart() {
  const { run } = useRunModel();
  if (run.turns.length > 0 || !run.input_preview) return null;
  return (
    <div className="story-block story-user mb-4">
      <p className="story-label">Asked</p>
      <Prose text={run.input_preview} label="input" />
    </div>
  );
}

/** What a person is asked, and since when. */
function Waiting({ waiting }: { readonly waiting: Schemas["Waiting"] }) {
  const about = waiting.tool_name ? ` about ${visible(waiting.tool_name)}` : "";
  return (
    <div role="status" className="story-block">
      <p className="story-label">
        Waiting for {waiting.who ? visible(waiting.who) : "a person"}
        {about}
        <time
          className="pl-2 font-normal"
          dateTime={new Date(waiting.since).toISOString()}
          title={exact(waiting.since)}
        >
          since {clock(waiting.since, Date.now())}
        </time>
      </p>
      {waiting.question && <Prose text={waiting.question} label="question" />}
    </div>
  );
}

/** The end of a story: still running, waiting for a person, abandoned, failed outside any turn, or with an answer that no turn shows. */
export function RunEnd() {
  const { run } = useRunModel();
  const told = run.turns.some((turn) => turn.error);
  return (
    <div className="space-y-3">
      {run.turns.length === 0 && run.output_preview && (
        <div className="story-block story-final">
          <p className="story-label">Answer</p>
          <Prose text={run.output_preview} label="output" />
        </div>
      )}
      {run.turns.length === 0 && !run.input_preview && !run.output_preview && (
        <p className="py-8 text-center text-muted text-sm">
          This run has no turns, because no model call of it was received. Its steps are in the tree.
        </p>
      )}
      {run.error && !told && <ErrorNote error={run.error} />}
      {run.status === "running" && (
        <p role="status" className="flex items-center gap-2 text-muted text-sm">
          <span className="pulse size-2 rounded-full bg-accent" /> Still running: new turns appear here.
        </p>
      )}
      {run.status === "waiting" && run.waiting && <Waiting waiting={run.waiting} />}
      {run.status === "incomplete" && (
        <p className="text-muted text-sm">
          The end of this run was never received{run.status_reason ? `: ${visible(run.status_reason)}` : ""}.
        </p>
      )}
    </div>
  );
}
