/** The run page's queries and their cache keys. The keys of a run begin with `["run", id]`. */
import { queryOptions } from "@tanstack/react-query";
import { api, must, mustOrNull } from "../../../api/client";
import type { Step } from "../../../api/types";
import { readSkeleton, readValue } from "./reader";

export const runKey = (runId: string) => ["run", runId] as const;

const of = (id: string) => ({ params: { path: { id } } });
const ofStep = (id: string, step_id: string) => ({ params: { path: { id, step_id } } });

export const runQuery = (runId: string) =>
  queryOptions({
    queryKey: runKey(runId),
    queryFn: async () => must(await api.GET("/v1/runs/{id}", of(runId))),
  });

/** What the worker reads, by path: answers that are too large to be parsed while the page is drawn. */
const path = (runId: string, rest: string) => `/v1/runs/${encodeURIComponent(runId)}${rest}`;

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
    queryFn: async () => {
      const query = { from: page * ROWS_PAGE, limit: ROWS_PAGE };
      const params = { path: { id: runId }, query };
      return (must(await api.GET("/v1/runs/{id}/timeline", { params })) as { steps: Step[] }).steps;
    },
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
    queryFn: async () => mustOrNull(await api.GET("/v1/runs/{id}/cost", of(runId))),
  });

/** Null if the server is too old to explain steps. */
export const explainQuery = (runId: string, stepId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), "explain", stepId],
    queryFn: async () =>
      mustOrNull(await api.GET("/v1/runs/{id}/steps/{step_id}/explain", ofStep(runId, stepId))),
  });

/** Null if the server is too old to show its audit trail, or may not show it to this reader. */
export const auditQuery = (runId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), "audit"],
    queryFn: async () => mustOrNull(await api.GET("/v1/runs/{id}/audit", of(runId))),
    retry: false,
  });

/** Null if the server is too old to give statistics. */
export const statisticsQuery = (runId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), "statistics"],
    queryFn: async () => mustOrNull(await api.GET("/v1/runs/{id}/statistics", of(runId))),
  });

/** Null if the server is too old to attribute contexts. */
export const contextQuery = (runId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), "context"],
    queryFn: async () => mustOrNull(await api.GET("/v1/runs/{id}/context", of(runId))),
  });
