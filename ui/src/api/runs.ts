/** What is done to runs: scores, tags, deletion; and what is taken from them whole. */
import { api, done, must } from "./client";
import type { Score } from "./types";

/** The score under which a person marks a run or step as good or bad: `score:mark`, `score.mark>0.5`. */
export const MARK = "mark";
export type Mark = "good" | "bad";

export type ScoreValue = Partial<Pick<Score, "value" | "label" | "comment">>;

export const markValue = (mark: Mark): ScoreValue & { readonly name: string } => ({
  name: MARK,
  value: mark === "good" ? 1 : 0,
  label: mark,
});

const of = (id: string) => ({ path: { id } });

export interface NewScore extends ScoreValue {
  readonly name: string;
  /** Left out, the run itself is marked. */
  readonly step_id?: string;
}

/** Gives a score in a person's name. */
export const addScore = async (runId: string, score: NewScore): Promise<void> => {
  const body = { ...score, source: "person" };
  done(await api.POST("/v1/runs/{id}/scores", { params: of(runId), body }));
};

export const changeScore = async (score_id: string, body: ScoreValue): Promise<void> =>
  done(await api.PUT("/v1/scores/{score_id}", { params: { path: { score_id } }, body }));

export const removeScore = async (score_id: string): Promise<void> =>
  done(await api.DELETE("/v1/scores/{score_id}", { params: { path: { score_id } } }));

export interface TagChange {
  readonly add_tags?: string[];
  readonly remove_tags?: string[];
}

export async function changeTags(runId: string, change: TagChange): Promise<void> {
  const body = { add_tags: [], remove_tags: [], ...change };
  done(await api.PATCH("/v1/runs/{id}", { params: of(runId), body }));
}

export const deleteRun = async (runId: string): Promise<void> =>
  done(await api.DELETE("/v1/runs/{id}", { params: of(runId) }));

/** What an export as OTLP holds: a run may be told by log records alone. */
const SIGNALS = ["resourceSpans", "resourceLogs"] as const;
export type Otlp = Record<(typeof SIGNALS)[number], unknown[]>;

/** A run as OTLP/JSON. */
export async function exportRun(runId: string): Promise<Partial<Otlp>> {
  const params = { ...of(runId), query: { format: "otlp" } };
  return must(await api.GET("/v1/runs/{id}/export", { params })) as Partial<Otlp>;
}

/** Several runs in one document. */
export function joined(runs: readonly Partial<Otlp>[]): Otlp {
  const all: Otlp = { resourceSpans: [], resourceLogs: [] };
  for (const run of runs) for (const signal of SIGNALS) all[signal].push(...(run[signal] ?? []));
  return all;
}
