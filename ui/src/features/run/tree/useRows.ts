import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Step } from "../../../api/types";
import { ROWS_PAGE, rowsQuery } from "../data/queries";

/** The full rows of the steps on screen that have loaded. Until then the skeleton is drawn. */
export function useRows(runId: string, steps: readonly number[]): ReadonlyMap<number, Step> {
  const pages = useMemo(
    () => [...new Set(steps.map((step) => Math.floor(step / ROWS_PAGE)))].sort((a, b) => a - b),
    [steps],
  );
  return useQueries({
    queries: pages.map((page) => rowsQuery(runId, page)),
    combine: (answers) => {
      const rows = new Map<number, Step>();
      for (const [at, { data }] of answers.entries()) {
        const from = (pages[at] as number) * ROWS_PAGE;
        for (const [offset, step] of data?.entries() ?? []) rows.set(from + offset, step);
      }
      return rows;
    },
  });
}
