/**
 * The list in windows: page after page by cursor, of which only those on screen stay in memory.
 *
 * A page's cursor is known once the page before it has been fetched, so the list grows as it is scrolled. A page that was scrolled
 * away is fetched again by its cursor when it comes back.
 */
import { useQueries } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type ListedRun, pageQuery, pageSize, windowOf } from "./pageQuery";
import { filterOf, type View } from "./view";

/** The pages for the rows `first` to `last`, counted from the newest run, and how many rows are known to exist. */
export function useRuns(view: View, reading: number, first: number, last: number) {
  const key = JSON.stringify([filterOf(view), view.order, reading]);
  const [known, setKnown] = useState<{ key: string; cursors: (string | null)[] }>({ key, cursors: [null] });
  const cursors = known.key === key ? known.cursors : [null];
  const from = Math.max(0, Math.min(windowOf(first), cursors.length - 1));
  const to = Math.max(from, Math.min(windowOf(last), cursors.length - 1));
  const wanted = cursors.slice(from, to + 1);
  const pages = useQueries({ queries: wanted.map((cursor) => pageQuery(view, cursor)) });

  const end = pages.at(-1)?.data;
  const next = to === cursors.length - 1 ? (end?.next_cursor ?? null) : null;
  useEffect(() => {
    if (next === null) return;
    setKnown((old) => {
      const before = old.key === key ? old.cursors : [null];
      return before.includes(next) ? old : { key, cursors: [...before, next] };
    });
  }, [key, next]);

  const rows = new Map<number, ListedRun>();
  pages.forEach((page, n) => {
    page.data?.runs.forEach((run, i) => {
      rows.set((from + n) * pageSize + i, run);
    });
  });
  const ended = to === cursors.length - 1 && end && !end.next_cursor;
  const count = ended ? to * pageSize + end.runs.length : cursors.length * pageSize;
  const failed = pages.find((page) => page.isError);
  return {
    rows,
    count: pages[0]?.data || from > 0 ? count : 0,
    total: pages.find((page) => page.data)?.data?.total ?? null,
    loading: pages.some((page) => page.isPending),
    error: failed?.error ?? null,
    retry: () => pages.filter((page) => page.isError).map((page) => page.refetch()),
  };
}
