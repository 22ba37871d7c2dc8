import { useQuery } from "@tanstack/react-query";
import { Maximize2, X } from "lucide-react";
import type { ReactNode } from "react";
import { api, must } from "../../api/client";
import type { RunDetail, Turn } from "../../api/types";
import { useLive } from "../../api/useLive";
import { Button } from "../../components/Button";
import { ErrorPanel } from "../../components/ErrorPanel";
import { RunLink } from "../../components/RunLink";
import { RunMarks } from "../../components/RunMarks";
import { SessionLink } from "../../components/SessionLink";
import { Skeleton } from "../../components/Skeleton";
import { StatusMark } from "../../components/StatusMark";
import { errorLine, errorTitle } from "../../lib/errors";
import { count, usd } from "../../lib/numbers";
import { oneLine, visible } from "../../lib/text";
import { duration, exact } from "../../lib/time";

/** A run beside the list: enough to decide whether to open it. */
export function Peek({ runId, close }: { runId: string; close: () => void }) {
  const detail = useQuery({
    queryKey: ["run", runId],
    queryFn: async () => must(await api.GET("/v1/runs/{id}", { params: { path: { id: runId } } })),
  });
  useLive((event) => {
    if (event.kind === "gap" || event.runId === runId) detail.refetch();
  });
  const run = detail.data;
  return (
    <aside
      aria-label="Run beside the list"
      className="flex w-[420px] shrink-0 flex-col border-l bg-bg max-lg:absolute max-lg:inset-y-0 max-lg:right-0 max-lg:z-20 max-lg:shadow-xl max-sm:w-full"
    >
      <div className="flex h-10 shrink-0 items-center gap-2 border-b px-3">
        {run && <StatusMark status={run.status} />}
        <h2 className="min-w-0 flex-1 truncate font-semibold">{run && oneLine(run.name)}</h2>
        <RunLink
          runId={runId}
          className="inline-flex h-7 items-center gap-1.5 rounded-md border px-2 hover:bg-hover"
        >
          <Maximize2 size={13} aria-hidden /> Open
        </RunLink>
        <Button look="quiet" aria-label="Close" onClick={close}>
          <X size={15} aria-hidden />
        </Button>
      </div>
      <div className="min-h-0 flex-1 overflow-auto p-3">
        {detail.isError && <ErrorPanel what="The run" error={detail.error} retry={() => detail.refetch()} />}
        {detail.isPending && <Skeleton className="h-40" />}
        {run && <Facts run={run} />}
      </div>
    </aside>
  );
}

function Facts({ run }: { run: RunDetail }) {
  const { total } = run;
  return (
    <div className="flex flex-col gap-3">
      <dl className="grid grid-cols-4 gap-x-3 gap-y-1.5">
        <Fact name="Duration">{duration(run.duration_ms)}</Fact>
        <Fact name="Cost">{usd(total.cost_usd)}</Fact>
        <Fact name="In">{count(total.input_tokens)}</Fact>
        <Fact name="Out">{count(total.output_tokens)}</Fact>
      </dl>
      <p className="text-xs text-muted">
        {exact(run.started_at)}
        {run.models.length > 0 && ` · ${oneLine(run.models.join(", "))}`}
        {run.session_id && (
          <>
            {" · session "}
            <SessionLink id={run.session_id} className="underline" />
          </>
        )}
        {run.user_id && ` · ${oneLine(run.user_id)}`}
      </p>
      <RunMarks run={run} />
      {run.error && (
        <p className="border-l-2 border-error pl-2 break-words text-error">{errorLine(run.error)}</p>
      )}
      <Said name="Asked" text={run.input_preview} />
      <Turns turns={run.turns} />
      <Said name="Answered" text={run.output_preview} />
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-muted">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Said({ name, text }: { name: string; text: string | null | undefined }) {
  if (!text) return null;
  return (
    <section>
      <h3 className="text-xs text-muted">{name}</h3>
      <p dir="auto" className="break-words whitespace-pre-wrap">
        {visible(text)}
      </p>
    </section>
  );
}

/** How many turns the peek shows. The run page has the rest. */
const most = 40;

function Turns({ turns }: { turns: Turn[] }) {
  if (turns.length === 0) return null;
  return (
    <section>
      <h3 className="text-xs text-muted">Turns</h3>
      <ol>
        {turns.slice(0, most).map((turn) => (
          <li key={turn.n} className="flex gap-2 border-b py-1 last:border-0">
            <span className="w-5 shrink-0 text-right text-muted">{turn.n}</span>
            <span className={`min-w-0 flex-1 truncate ${turn.error ? "text-error" : ""}`}>
              {turn.error ? errorTitle(turn.error) : oneLine(turn.tool_names.join(", ")) || "answered"}
            </span>
            <span className="shrink-0 text-muted">{usd(turn.cost_usd)}</span>
            <span className="w-16 shrink-0 text-right text-muted">{duration(turn.duration_ms)}</span>
          </li>
        ))}
      </ol>
      {turns.length > most && <p className="text-muted">and {turns.length - most} more</p>}
    </section>
  );
}
