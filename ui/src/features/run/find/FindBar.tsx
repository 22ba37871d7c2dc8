import { useQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronUp, X } from "lucide-react";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { api, must } from "../../../api/client";
import type { Hit, SearchReply } from "../../../api/types";
import { Button } from "../../../components/Button";
import { runKey } from "../data/queries";
import { useRunModel } from "../model";
import { turnIndexOf } from "../story/scrolling";
import { filterOf, foundSteps, needlesOf, rangesIn } from "./find";

/** How many pages of hits are read, of 200 each. */
const PAGES = 3;
/** How long to wait after a change of the page before marks are set again, in milliseconds. */
const CALM_MS = 120;
const MARK = "run-find";

/** Finds in the whole run, also in what is not drawn: messages, arguments, results, errors and names of steps. */
export function FindBar({ onClose }: { readonly onClose: () => void }) {
  const { shape, selected, select, run } = useRunModel();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const query = useDeferredValue(text.trim());
  const { data, isFetching, error } = useHits(query);
  const steps = useMemo(
    () => (shape && query ? foundSteps(shape, query, data?.hits ?? []) : []),
    [shape, query, data],
  );
  const needles = useMemo(() => needlesOf(query), [query]);
  useMarks(needles);
  useEffect(() => input.current?.focus(), []);

  const at = selected === null ? -1 : steps.indexOf(selected);
  const go = (by: number) => {
    if (steps.length === 0) return;
    const next = at < 0 ? (by > 0 ? 0 : steps.length - 1) : (at + by + steps.length) % steps.length;
    const stepId = steps[next] as string;
    select(stepId);
    setTimeout(() => reveal(stepId, turnIndexOf(run.turns, stepId), needles), CALM_MS * 3);
  };
  const close = () => {
    CSS.highlights?.delete(MARK);
    onClose();
  };
  const more = data?.isMore ? " or more" : "";
  const words =
    query === ""
      ? ""
      : steps.length === 0
        ? isFetching
          ? "…"
          : "nothing found"
        : `${at < 0 ? "" : `${at + 1} of `}${steps.length}${more} ${steps.length === 1 ? "step" : "steps"}`;
  return (
    <search className="flex shrink-0 items-center gap-1.5 border-line border-b bg-raised px-2 py-1 text-xs">
      <input
        ref={input}
        type="search"
        aria-label="Find in this run"
        placeholder="Find in this run: messages, arguments, results, names"
        className="field min-w-0 grow"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
          if (event.key === "Escape") close();
        }}
      />
      <span role="status" className="shrink-0 text-muted tabular-nums">
        {error ? error.message : words}
      </span>
      <Button look="icon" aria-label="Previous (Shift+Enter)" onClick={() => go(-1)}>
        <ChevronUp aria-hidden className="size-4" />
      </Button>
      <Button look="icon" aria-label="Next (Enter)" onClick={() => go(1)}>
        <ChevronDown aria-hidden className="size-4" />
      </Button>
      <Button look="icon" aria-label="Close (Escape)" onClick={close}>
        <X aria-hidden className="size-4" />
      </Button>
    </search>
  );
}

type Found = Pick<SearchReply, "next_cursor"> & {
  readonly hits: readonly Pick<Hit, "places">[];
};

/** The messages of the run that hold what is searched for. */
function useHits(q: string) {
  const { run } = useRunModel();
  const filter = filterOf(run);
  return useQuery({
    queryKey: [...runKey(run.run_id), "find", q],
    enabled: q.length > 1 && filter !== null,
    placeholderData: (before) => before,
    queryFn: async () => {
      const ids = new Set([run.run_id, ...run.children.map((child) => child.run_id)]);
      const hits = [];
      let cursor: string | null = null;
      for (let page = 0; page < PAGES && (page === 0 || cursor); page++) {
        const asked: { q: string; limit: number; filter: string; cursor?: string } = {
          q,
          limit: 200,
          filter: filter as string,
          ...(cursor && { cursor }),
        };
        const reply: Found = must(await api.GET("/v1/search", { params: { query: asked } }));
        for (const hit of reply.hits)
          hits.push({ places: hit.places.filter((place) => ids.has(place.run_id)) });
        cursor = reply.next_cursor ?? null;
      }
      return { hits, isMore: cursor !== null };
    },
  });
}

/** Where text is marked: the view, and the details beside it. */
const shown = () => [...document.querySelectorAll("#centre, [data-testid=detail]")];

/** Marks what is found in what is drawn, without changing it. */
function useMarks(needles: readonly string[]): void {
  useEffect(() => {
    if (!CSS.highlights) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const mark = () => {
      timer = undefined;
      CSS.highlights.set(MARK, new Highlight(...rangesIn(shown(), needles)));
    };
    const soon = () => {
      timer ??= setTimeout(mark, CALM_MS);
    };
    soon();
    const watch = new MutationObserver(soon);
    const main = document.getElementById("main");
    if (main) watch.observe(main, { childList: true, subtree: true, characterData: true });
    return () => {
      watch.disconnect();
      clearTimeout(timer);
      CSS.highlights.delete(MARK);
    };
  }, [needles]);
}

/** Opens what is folded where a hit stands in the story, and scrolls to the first one. */
function reveal(stepId: string, turn: number, needles: readonly string[]): void {
  const story = document.querySelector("[data-testid=story]");
  const step = story?.querySelector(`[data-step="${CSS.escape(stepId)}"]`);
  const within = [step, story?.querySelector(`[data-turn-at="${turn}"]`)].filter((one) => one != null);
  for (const fold of step?.querySelectorAll<HTMLButtonElement>("button[data-fold][aria-expanded=false]") ??
    [])
    fold.click();
  requestAnimationFrame(() => {
    const [first] = within.map((one) => rangesIn([one], needles)[0]).filter((range) => range !== undefined);
    first?.startContainer.parentElement?.scrollIntoView({ block: "center" });
  });
}
