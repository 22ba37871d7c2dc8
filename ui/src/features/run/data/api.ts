/** The API's types by the names that the run page uses, and reading and writing by path. */
import { Problem, type Schemas } from "../../../api/client";

export type Run = Schemas["Run"];
export type RunDetail = Schemas["RunDetail"];
export type Turn = Schemas["Turn"];
export type Step = Schemas["Step"];
export type Score = Schemas["Score"];
export type Usage = Schemas["Usage"];
export type Verdict = Schemas["VerdictInfo"];
export type ErrorInfo = Schemas["ErrorInfo"];

/** Reads what the interface's description does not hold, or what a page needs untyped. */
export async function get<T>(path: string): Promise<T> {
  return answer<T>(await fetch(path));
}

export async function send(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: object,
): Promise<void> {
  const json = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  await answer(await fetch(path, { method, ...json }));
}

async function answer<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw Problem.from(response, body);
  return body as T;
}

/** Whether a server does not know a path: it is older than the page. */
export const isMissing = (error: unknown): boolean => error instanceof Problem && error.status === 404;

/** How one model call's cost comes about. */
export interface StepCost {
  readonly step_id: string;
  readonly run_id: string;
  readonly turn: number | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly cost_usd: number | null;
  readonly reported_cost_usd: number | null;
  readonly differs: boolean;
  readonly unknown_because: string | null;
  readonly price: {
    readonly model: string;
    readonly provider: string;
    readonly effective_from: string;
    readonly source: string;
    readonly tier: string;
  } | null;
  readonly buckets: readonly CostBucket[];
}

export interface CostBucket {
  readonly bucket: string;
  readonly tokens: number;
  readonly usd_per_million: number | null;
  readonly cost_usd: number | null;
}

/** `GET /v1/runs/{id}/cost`. */
export interface CostReply {
  readonly cost_usd: number | null;
  readonly cost_complete: boolean;
  readonly reported_cost_usd: number | null;
  readonly differs: boolean;
  readonly calls: readonly StepCost[];
  readonly by_model: readonly {
    readonly model: string | null;
    readonly provider: string | null;
    readonly calls: number;
    readonly cost_usd: number | null;
    readonly buckets: readonly CostBucket[];
  }[];
}

export const SEGMENTS = ["system", "tools", "history", "tool_results", "new"] as const;

export interface ContextSegment {
  readonly what: (typeof SEGMENTS)[number];
  readonly messages: number;
  readonly bytes: number;
  readonly tokens: number | null;
}

/** What filled the window of one model call. */
export interface CallContext {
  readonly step_id: string;
  readonly turn: number | null;
  readonly started_at: number;
  readonly model: string | null;
  readonly input_tokens: number | null;
  readonly bytes: number;
  readonly segments: readonly ContextSegment[];
  readonly dropped_count: number;
  readonly resent_count: number;
  readonly rewritten_count: number;
  readonly compacted: boolean;
  readonly change_at: number | null;
}

/** `GET /v1/runs/{id}/context`. */
export interface ContextReply {
  readonly run_id: string;
  readonly calls: readonly CallContext[];
}
