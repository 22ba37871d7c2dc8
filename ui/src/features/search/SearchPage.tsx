import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { api, must } from "../../api/client";
import { Button } from "../../components/Button";
import { EmptyState } from "../../components/EmptyState";
import { ErrorPanel } from "../../components/ErrorPanel";
import { RunLink } from "../../components/RunLink";
import { Skeleton } from "../../components/Skeleton";
import { oneLine } from "../../lib/text";
import { useKeys } from "../../lib/useKeys";
import { useTitle } from "../../lib/useTitle";
import { type Asked, questionOf, readAsked, writeAsked } from "./asked";
import { type Hit, HitView } from "./HitView";
import { Narrowing } from "./Narrowing";

/** Search in messages, tool arguments and results, and errors. */
export function SearchPage() {
  const navigate = useNavigate();
  const search = useSearch({ from: "/search" });
  const asked = useMemo(() => readAsked(search), [search]);
  const words = asked.q;
  const [text, setText] = useState(words);
  const change = (part: Partial<Asked>) =>
    void navigate({ to: "/search", search: writeAsked({ ...asked, q: text, ...part }) });
  useTitle(words ? `Search: ${words}` : "Search");
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => setText(words), [words]);
  // The address follows when typing pauses, so that not every letter starts a search.
  useEffect(() => {
    if (text.trim() === words) return;
    const timer = setTimeout(
      () => navigate({ to: "/search", search: writeAsked({ ...asked, q: text }), replace: true }),
      250,
    );
    return () => clearTimeout(timer);
  }, [text, words, asked, navigate]);

  const found = useInfiniteQuery({
    queryKey: ["search", questionOf(asked)],
    enabled: words !== "",
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam: cursor }) =>
      must(
        await api.GET("/v1/search", {
          params: { query: { ...questionOf(asked), limit: 30, ...(cursor && { cursor }) } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? null,
  });
  const first = found.data?.pages[0];
  const hits = found.data?.pages.flatMap((page) => page.hits) ?? [];

  const move = (step: number) => {
    const links = [...(list.current?.querySelectorAll<HTMLElement>("a.hit") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    links[Math.max(0, Math.min(at + step, links.length - 1))]?.focus();
  };
  useKeys({
    "/": (event) => {
      event.preventDefault();
      input.current?.focus();
    },
    j: () => move(1),
    k: () => move(-1),
  });

  const now = Date.now();
  return (
    <div className="mx-auto flex h-full max-w-4xl flex-col">
      <h1 className="sr-only">Search</h1>
      <div className="relative p-3 pb-1">
        <Search size={15} className="absolute top-5.5 left-6 text-muted" aria-hidden />
        <input
          ref={input}
          aria-label="Search messages, tool arguments, results and errors"
          type="search"
          // biome-ignore lint/a11y/noAutofocus: typing is what one comes to this page for
          autoFocus={words === ""}
          placeholder='any text, "a phrase"'
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" || event.key === "ArrowDown") move(1);
            if (event.key === "Escape") event.currentTarget.blur();
          }}
          className="field h-9 w-full pr-2 pl-9"
        />
      </div>
      <Narrowing asked={asked} change={change} />
      <div className="min-h-0 flex-1 overflow-auto border-t" aria-live="polite">
        {found.isError && <ErrorPanel what="The search" error={found.error} retry={() => found.refetch()} />}
        {words === "" && (
          <EmptyState title="Search messages and tool calls">
            Searches every message, tool argument, tool result and error. Each hit links to its turn.
          </EmptyState>
        )}
        {found.isLoading && <Skeleton className="m-3 h-16" />}
        {found.isSuccess && hits.length === 0 && found.hasNextPage && (
          <p className="m-3 text-muted">
            Nothing in the newest messages yet. Older ones have not been searched.
          </p>
        )}
        {found.isSuccess && hits.length === 0 && !found.hasNextPage && (
          <EmptyState title="Nothing contains all of these words">
            Try fewer words, or a piece of one.
          </EmptyState>
        )}
        {hits.length > 0 && first?.total != null && (
          <p className="m-3 text-muted">{matches(first.total, first.total_is_exact === true)}</p>
        )}
        <ol ref={list} aria-label="Hits">
          {byRun(hits).map(([run, hits]) => (
            <li key={run.run_id} className="border-b pb-1">
              <h2 className="px-3 pt-2.5 font-medium">
                <RunLink runId={run.run_id} className="hover:underline">
                  {oneLine(run.run_name, 80)}
                </RunLink>
                {hits.length > 1 && <span className="pl-2 font-normal text-muted">{hits.length} hits</span>}
              </h2>
              <ul>
                {hits.map((hit) => (
                  <HitView key={hit.id + hit.purpose} hit={hit} now={now} />
                ))}
              </ul>
            </li>
          ))}
        </ol>
        {found.hasNextPage && (
          <Button className="m-3" disabled={found.isFetchingNextPage} onClick={() => found.fetchNextPage()}>
            {hits.length === 0 ? "Search on" : "More"}
          </Button>
        )}
      </div>
    </div>
  );
}

/** Hits by the run that met them last, in their order. */
function byRun<H extends Pick<Hit, "places">>(hits: readonly H[]): [run: Hit["places"][number], hits: H[]][] {
  const groups = new Map<string, [Hit["places"][number], H[]]>();
  for (const hit of hits) {
    const [first] = hit.places;
    if (!first) continue;
    const group = groups.get(first.run_id);
    if (group) group[1].push(hit);
    else groups.set(first.run_id, [first, [hit]]);
  }
  return [...groups.values()];
}

function matches(total: number, isExact: boolean): string {
  if (!isExact) return `At least ${total} messages match.`;
  return total === 1 ? "One message matches." : `${total} messages match.`;
}
