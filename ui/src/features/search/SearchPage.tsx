import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { api, must } from "../../api/client";
import { Button } from "../../components/Button";
import { EmptyState } from "../../components/EmptyState";
import { ErrorPanel } from "../../components/ErrorPanel";
import { Skeleton } from "../../components/Skeleton";
import { useKeys } from "../../lib/useKeys";
import { useTitle } from "../../lib/useTitle";
import { HitView } from "./HitView";

/** Search in messages, tool arguments and results, and errors. */
export function SearchPage() {
  const navigate = useNavigate();
  const { q } = useSearch({ from: "/search" });
  const words = typeof q === "string" || typeof q === "number" ? String(q) : "";
  const [text, setText] = useState(words);
  useTitle(words ? `Search: ${words}` : "Search");
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => setText(words), [words]);
  // The address follows when typing pauses, so that not every letter starts a search.
  useEffect(() => {
    if (text.trim() === words) return;
    const timer = setTimeout(
      () => navigate({ to: "/search", search: text.trim() ? { q: text.trim() } : {}, replace: true }),
      250,
    );
    return () => clearTimeout(timer);
  }, [text, words, navigate]);

  const found = useInfiniteQuery({
    queryKey: ["search", words],
    enabled: words !== "",
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam: cursor }) =>
      must(
        await api.GET("/v1/search", {
          params: { query: { q: words, limit: 30, ...(cursor && { cursor }) } },
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
      <div className="relative p-3">
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
          className="h-9 w-full rounded-md border bg-bg pr-2 pl-9"
        />
      </div>
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
          {hits.map((hit) => (
            <HitView key={hit.id + hit.purpose} hit={hit} now={now} />
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

function matches(total: number, isExact: boolean): string {
  if (!isExact) return `At least ${total} messages match.`;
  return total === 1 ? "One message matches." : `${total} messages match.`;
}
