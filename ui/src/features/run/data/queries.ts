/** The run page's queries and their cache keys. The keys of a run begin with `["run", id]`. */
import { queryOptions } from "@tanstack/react-query";
import type { Audit, RunContext, RunCost, RunDetail, RunStatistics, Step, StepExplanation } from "./api";
import { get, isMissing } from "./api";
import { readSkeleton, readValue } from "./reader";

export const runKey = (runId: string) => ["run", runId] as const;

const path = (runId: string, rest = "") => `/v1/runs/${encodeURIComponent(runId)}${rest}`;

export const runQuery = (runId: string) =>
  queryOptions({ queryKey: runKey(runId), queryFn: () => get<RunDetail>(path(runId)) });

/** The most steps in one answer. The worker fetches the rest window by window. */
const WINDOW = 100_000;

export const skeletonQuery = (runId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), "skeleton"],
    queryFn: () => readSkeleton(path(runId, `/timeline?format=columns&limit=${WINDOW}`)),
    // Typed arrays are compared by identity, since comparing their contents would cost more than drawing them.
    structuralSharing: false,
  });

/** How many neighbouring steps are fetched together. */
export const ROWS_PAGE = 200;

/** The rows (names of models and tools, tokens, cost, errors) of a window of the timeline. */
export const rowsQuery = (runId: string, page: number) =>
  queryOptions({
    queryKey: [...runKey(runId), "rows", page],
    queryFn: async () =>
      (await get<{ steps: Step[] }>(path(runId, `/timeline?from=${page * ROWS_PAGE}&limit=${ROWS_PAGE}`)))
        .steps,
  });

export const turnQuery = (runId: string, n: number) =>
  queryOptions({
    queryKey: [...runKey(runId), "turn", n],
    queryFn: () => readValue(path(runId, `/turns/${n}`)),
    structuralSharing: false,
  });

export const stepDataQuery = (runId: string, stepId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), "step", stepId],
    queryFn: () => readValue(path(runId, `/steps/${encodeURIComponent(stepId)}/data`)),
    structuralSharing: false,
  });

/** Null if the server is too old to explain costs. */
export const costQuery = (runId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), "cost"],
    queryFn: () => orNull(get<RunCost>(path(runId, "/cost"))),
  });

/** Null if the server is too old to explain steps. */
export const explainQuery = (runId: string, stepId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), "explain", stepId],
    queryFn: () => orNull(get<StepExplanation>(path(runId, `/steps/${encodeURIComponent(stepId)}/explain`))),
  });

/** Null if the server is too old to show its audit trail, or may not show it to this reader. */
export const auditQuery = (runId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), "audit"],
    queryFn: () => orNull(get<Audit>(path(runId, "/audit"))),
    retry: false,
  });

/** Null if the server is too old to give statistics. */
export const statisticsQuery = (runId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), "statistics"],
    queryFn: () => orNull(get<RunStatistics>(path(runId, "/statistics"))),
  });

/** Null if the server is too old to attribute contexts. */
export const contextQuery = (runId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), "context"],
    queryFn: () => orNull(get<RunContext>(path(runId, "/context"))),
  });

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
