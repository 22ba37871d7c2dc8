/** One page of the list, by its cursor. In a file of its own, so that it can be fetched before the list's script has loaded. */

import { api, must } from "../../api/client";
import type { ListedRun as Listed, RunList } from "../../api/types";
import { filterOf, type View } from "./view";

/** A run as it was listed. `gone` if it has been deleted since. */
export type ListedRun = Listed & { gone?: true };
export const pageSize = 50;

/** The window that contains a row. */
export const windowOf = (row: number): number => Math.floor(row / pageSize);

/** One page of the list, with the changes since it was fetched. */
export type PageOfRuns = Omit<RunList, "runs"> & { runs: ListedRun[] };

export function pageQuery(view: View, cursor: string | null) {
  const filter = { ...filterOf(view), order: view.order, limit: pageSize, ...(cursor && { cursor }) };
  return {
    queryKey: ["runs", "page", filter] as const,
    queryFn: async (): Promise<PageOfRuns> => must(await api.GET("/v1/runs", { params: { query: filter } })),
    staleTime: Number.POSITIVE_INFINITY, // the live stream reports changes
    gcTime: 30_000,
  };
}
