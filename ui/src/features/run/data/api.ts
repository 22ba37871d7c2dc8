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
export type Columns = Schemas["Columns"];
export type CallCost = Schemas["CallCost"];
export type RunCost = Schemas["RunCost"];

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
