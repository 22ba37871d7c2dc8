/** One page of the list, by its cursor. Apart from the list itself, so that it can be asked for before its script is here. */
import { api, must, type Schemas } from "../../api/client";
import { filterOf, type View } from "./view";

/** A run as it was listed; `gone` when it was deleted since. */
export type ListedRun = Schemas["ListedRun"] & { gone?: true };
export const pageSize = 50;

/** The window in which a row lies. */
export const windowOf = (row: number): number => Math.floor(row / pageSize);

/** One page of the list, as it was read or as it changed since. */
export type PageOfRuns = Omit<Schemas["RunList"], "runs"> & { runs: ListedRun[] };

export function pageQuery(view: View, cursor: string | null) {
  const filter = { ...filterOf(view), order: view.order, limit: pageSize, ...(cursor && { cursor }) };
  return {
    queryKey: ["runs", "page", filter] as const,
    queryFn: async (): Promise<PageOfRuns> => must(await api.GET("/v1/runs", { params: { query: filter } })),
    staleTime: Number.POSITIVE_INFINITY, // the live stream says what changed
    gcTime: 30_000,
  };
}
