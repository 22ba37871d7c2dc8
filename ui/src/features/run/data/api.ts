/** The API's types under the names that the run page uses, and functions to read and write by path. */
import { apiPath } from "../../../api/base";
import { Problem, type Schemas } from "../../../api/client";
import { parseJson } from "../../../lib/json";

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

/** Fetches what the OpenAPI document does not describe, or what a page needs untyped. */
export async function get<T>(path: string): Promise<T> {
  return answer<T>(await fetch(apiPath(path)));
}

export async function send(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: object,
): Promise<void> {
  const json = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  await answer(await fetch(apiPath(path), { method, ...json }));
}

async function answer<T>(response: Response): Promise<T> {
  const body: unknown = await response
    .text()
    .then(parseJson)
    .catch(() => null);
  if (!response.ok) throw Problem.from(response, body);
  return body as T;
}

/** Whether the server does not know a path because it is older than the page. */
export const isMissing = (error: unknown): boolean => error instanceof Problem && error.status === 404;

export type RunContext = Schemas["RunContext"];
export type CallContext = Schemas["CallContext"];
export type ContextSegment = Schemas["ContextSegment"];

export type RunStatistics = Schemas["RunStatistics"];
export type StepExplanation = Schemas["StepExplanation"];
export type FactExplanation = Schemas["FactExplanation"];
export type Audit = Schemas["Audit"];
export type AuditRecord = Schemas["AuditRecord"];
export type StepGroup = Schemas["StepGroup"];

/** The parts that fill a context, in drawing order. */
export const SEGMENTS = ["system", "tools", "user", "assistant", "tool_results", "unseen"] as const;
export type SegmentKind = (typeof SEGMENTS)[number];
