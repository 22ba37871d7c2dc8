import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Waiting as WaitingFor } from "../../../api/types";
import { isToldBy, visible } from "../../../lib/text";
import { clock, duration, exact } from "../../../lib/time";
import { textOf, toMessages } from "../data/message";
import { turnQuery } from "../data/queries";
import { lastMoment, type Skeleton } from "../data/skeleton";
import { useRunModel } from "../model";
import { ErrorNote } from "../panels/ErrorNote";
import { Prose } from "../text/Prose";
import type { TurnBody } from "./turn";

/**
 * Whether the messages of a turn tell a text in this role. Null until they have loaded. What is too long to be compared, or no text, is
 * taken as told.
 */
function useIsTold(
  text: string | null | undefined,
  n: number | undefined,
  where: "new_messages" | "output",
  role: string,
): boolean | null {
  const { run } = useRunModel();
  const turn = useQuery({ ...turnQuery(run.run_id, n ?? 0), enabled: n !== undefined });
  return useMemo(() => {
    if (n === undefined || turn.isError) return false;
    if (!turn.data) return null;
    const messages = toMessages((turn.data as unknown as TurnBody)[where]);
    const parts = messages.filter((message) => message.role === role).flatMap((message) => message.parts);
    const isLong = parts.some(
      (part) => part.type === "media" || (part.type === "text" && part.text instanceof Blob),
    );
    return isLong || isToldBy(text ?? "", textOf(parts));
  }, [text, n, where, role, turn.isError, turn.data]);
}

/** The question at the head of a story, if its first turn does not show it. */
export function RunStart() {
  const { run } = useRunModel();
  const isTold = useIsTold(run.input_preview, run.turns[0]?.n, "new_messages", "user");
  if (isTold !== false || !run.input_preview) return null;
  return (
    <div className="story-block story-user mb-4">
      <p className="story-label">Asked</p>
      <Prose text={run.input_preview} label="input" voice="person" />
    </div>
  );
}

/** What a person is asked, and since when. */
function Waiting({ waiting }: { readonly waiting: WaitingFor }) {
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
      {waiting.question && <Prose text={waiting.question} label="question" voice="person" />}
    </div>
  );
}

/** The end of a story: still running, waiting for a person, abandoned, failed outside any turn, or with an answer that no turn shows. */
export function RunEnd() {
  const { run, shape, now } = useRunModel();
  const errorTold = run.turns.some((turn) => turn.error) || run.total.deny_count > 0;
  const answerTold = useIsTold(run.output_preview, run.turns.at(-1)?.n, "output", "assistant");
  return (
    <div className="space-y-3">
      {answerTold === false && run.output_preview && run.status !== "running" && (
        <div className="story-block story-final">
          <p className="story-label">Answer</p>
          <Prose text={run.output_preview} label="output" voice="model" whole />
        </div>
      )}
      {run.turns.length === 0 && !run.input_preview && !run.output_preview && run.status !== "running" && (
        <p className="py-8 text-center text-muted text-sm">
          This run has no turns, because no model call of it was received. Its steps are in the tree.
        </p>
      )}
      {run.error && !errorTold && <ErrorNote error={run.error} />}
      {run.status === "running" && (
        <p role="status" className="flex items-center gap-2 text-muted text-sm">
          <span className="pulse size-2 rounded-full bg-accent" /> Still running: new turns appear here.
          {shape && <Silence skeleton={shape.skeleton} now={now} />}
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

/** A silence shorter than this, in milliseconds, is not worth a word. */
const SILENT = 5000;

/** How long ago the last step that is known began or ended. */
function Silence({ skeleton, now }: { readonly skeleton: Skeleton; readonly now: number }) {
  const silent = now - lastMoment(skeleton);
  return silent > SILENT && <span className="tabular-nums">Nothing new for {duration(silent)}.</span>;
}
