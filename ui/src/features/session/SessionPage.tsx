import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useRef } from "react";
import { api, must, Problem } from "../../api/client";
import type { ListedRun } from "../../api/types";
import { useLive } from "../../api/useLive";
import { AskedAndAnswered } from "../../components/AskedAndAnswered";
import { Button } from "../../components/Button";
import { EmptyState } from "../../components/EmptyState";
import { ErrorPanel } from "../../components/ErrorPanel";
import { FilterLink } from "../../components/FilterLink";
import { RunLink } from "../../components/RunLink";
import { RunMarks } from "../../components/RunMarks";
import { Skeleton } from "../../components/Skeleton";
import { StatusMark } from "../../components/StatusMark";
import { lastView } from "../../lib/lastView";
import { count, plural, tokensOf, usd } from "../../lib/numbers";
import { term } from "../../lib/query";
import { oneLine, visible } from "../../lib/text";
import { clock, duration, exact } from "../../lib/time";
import { useKeys } from "../../lib/useKeys";
import { useNow } from "../../lib/useNow";
import { useTitle } from "../../lib/useTitle";
import { Totals } from "./Totals";

const PAGE = 200;
const [OLDEST, NEWEST] = ["started_at", "-started_at"];
/** The least time between two readings of a session that keeps changing, in milliseconds. */
const REST_MS = 700;

/** One session: what its runs sum up to, and the runs as one conversation, oldest first unless asked otherwise. */
export function SessionPage() {
  const search = useSearch({ from: "/session" });
  const id = typeof search["id"] === "string" ? search["id"] : "";
  const order = search["order"] === NEWEST ? NEWEST : OLDEST;
  const navigate = useNavigate();
  const list = useRef<HTMLOListElement>(null);
  useTitle(id && `Session ${id}`);
  const found = useInfiniteQuery({
    queryKey: ["session", id, order],
    enabled: id !== "",
    staleTime: 0, // what was read earlier, or in the other order, has had no changes since
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam: cursor }) => {
      const query = { limit: PAGE, order, ...(cursor && { cursor }) };
      return must(await api.GET("/v1/sessions/{id}", { params: { path: { id }, query } }));
    },
    getNextPageParam: (page) => page.next_cursor ?? null,
  });
  const runs = found.data?.pages.flatMap((page) => page.runs) ?? [];
  useChanges(id, new Set(runs.map((run) => run.run_id)), () => void found.refetch());
  // Only what is open counts its time.
  const now = useNow(runs.some((run) => !run.ended_at) ? 1000 : 60_000);
  const move = (step: number) => {
    const links = [...(list.current?.querySelectorAll<HTMLElement>("a.run") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    links[Math.max(0, Math.min(at + step, links.length - 1))]?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1) });

  const session = found.data?.pages[0]?.session;
  const unknown = found.error instanceof Problem && found.error.status === 404;
  if (id === "" || unknown) {
    return (
      <EmptyState title={id ? `There is no session ${oneLine(id, 80)}` : "No session is named"} level={1}>
        Its runs may have been deleted.{" "}
        <Link to="/" className="text-accent underline">
          Show all runs
        </Link>
      </EmptyState>
    );
  }
  return (
    <div className="mx-auto flex h-full max-w-5xl flex-col">
      <header className="shrink-0 border-b px-4 pt-3 pb-2">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Link to="/" search={lastView()} className="text-xs text-muted hover:text-text">
            ← Runs
          </Link>
          <h1 className="min-w-0 text-lg font-semibold tracking-tight break-words">Session {visible(id)}</h1>
          {session?.user_id && (
            <span className="text-muted">
              of <FilterLink name="user" value={session.user_id} className="underline" />
            </span>
          )}
          <span className="ml-auto flex items-center gap-2">
            <select
              aria-label="Order"
              className="field"
              value={order}
              onChange={(event) =>
                navigate({
                  to: "/session",
                  search: { id, ...(event.target.value !== OLDEST && { order: event.target.value }) },
                  replace: true,
                })
              }
            >
              <option value={OLDEST}>Oldest first</option>
              <option value={NEWEST}>Newest first</option>
            </select>
            <Link
              to="/"
              search={{ q: term("session", id) }}
              className="inline-flex h-7 items-center rounded-md border bg-raised px-2 font-medium hover:bg-hover"
            >
              In the list
            </Link>
          </span>
        </div>
        {session && <Totals session={session} now={now} />}
        {found.isPending && <Skeleton className="mt-2 h-5 w-96 max-w-full" />}
      </header>
      <div className="min-h-0 flex-1 overflow-auto">
        {found.isError && <ErrorPanel what="The session" error={found.error} retry={() => found.refetch()} />}
        <ol ref={list} aria-label="Runs of the session">
          {runs.map((run) => (
            <li key={run.run_id} className="session-run border-b">
              <Row run={run} now={now} />
            </li>
          ))}
        </ol>
        {found.hasNextPage && (
          <Button className="m-3" disabled={found.isFetchingNextPage} onClick={() => found.fetchNextPage()}>
            More
          </Button>
        )}
      </div>
    </div>
  );
}

/** Calls back when a run of the session has changed, or has come. */
function useChanges(id: string, shown: ReadonlySet<string>, read: () => void): void {
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useLive((event) => {
    const isOurs =
      event.kind === "gap" ||
      shown.has(event.runId) ||
      (event.kind === "run" && event.run?.session_id === id);
    if (!isOurs || timer.current) return;
    timer.current = setTimeout(() => {
      timer.current = null;
      read();
    }, REST_MS);
  });
}

function Row({ run, now }: { readonly run: ListedRun; readonly now: number }) {
  const { total } = run;
  const figures = [
    duration(run.ended_at ? run.duration_ms : now - run.started_at),
    plural(total.turn_count, "turn"),
    tokensOf(total) !== null && `${count(tokensOf(total))} tokens`,
    total.cost_usd != null && usd(total.cost_usd),
  ].filter((one) => one !== false);
  return (
    <RunLink runId={run.run_id} className="run block px-4 py-2 hover:bg-hover">
      <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
        <StatusMark status={run.status} />
        <span className="font-medium">{oneLine(run.name, 80) || "unnamed"}</span>
        <RunMarks run={run} />
        <span className="text-xs text-muted max-sm:order-1 sm:ml-auto">{figures.join(" · ")}</span>
        <time
          className="w-24 text-right text-xs text-muted max-sm:ml-auto"
          dateTime={new Date(run.started_at).toISOString()}
          title={exact(run.started_at)}
        >
          {clock(run.started_at, now)}
        </time>
      </span>
      <AskedAndAnswered run={run} />
    </RunLink>
  );
}
