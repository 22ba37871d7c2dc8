/** The names of the query language that completion offers. The server is authoritative. */

export type Field = { name: string; says: string; write: string; values?: string[]; ask?: string };

const choice = (name: string, says: string, values: string[]): Field => ({
  name,
  says,
  write: `${name}:`,
  values,
});
const asked = (name: string, says: string, ask = name): Field => ({ name, says, write: `${name}:`, ask });
const number = (name: string, says: string): Field => ({ name, says, write: `${name}>` });

export const fields: Field[] = [
  choice("status", "where the run stands", ["running", "waiting", "completed", "failed", "incomplete"]),
  asked("agent", "the agent's name"),
  asked("model", "a model it called"),
  asked("tool", "a tool it called"),
  choice("verdict", "what a policy said", ["allow", "deny", "hitl"]),
  choice("error", "the error's text; * is any", ["*"]),
  number("cost", "dollars"),
  number("duration", "ms, or 5s, 2m, 1h"),
  number("tokens", "input and output"),
  number("turns", "decisions of the model"),
  number("tool_calls", "tools called"),
  asked("session", "the session's id", "session_id"),
  asked("user", "the user's id", "user_id"),
  asked("user_role", "the user's role"),
  asked("tag", "a tag"),
  asked("service", "the service that sent it"),
  asked("provider", "who serves the model"),
  asked("dialect", "how the spans were written"),
  asked("prompt_id", "the prompt"),
  asked("prompt_version", "the prompt's version"),
  asked("experiment_id", "the experiment"),
  asked("experiment_variant", "the experiment's variant"),
  asked("risk_tier", "of a gated tool call"),
  asked("trigger_type", "what set the run off"),
  { name: "score", says: "score.NAME>0.5", write: "score." },
  { name: "started", says: "a date, 2026-03-10T14:00, or -24h", write: "started>=" },
  { name: "native_run_id", says: "the application's own id", write: "native_run_id:" },
  { name: "attr", says: "attr.KEY:VALUE, an attribute of the root span", write: "attr." },
  choice("is", "only runs without a parent", ["root"]),
  choice("has", "runs of which something is known", [
    "session",
    "user",
    "tag",
    "score",
    "verdict",
    "error",
    "cost",
  ]),
];

/** The words that combine conditions. */
export const words: Field[] = [
  { name: "OR", says: "one of the two sides holds", write: "OR " },
  { name: "NOT", says: "what follows does not hold", write: "NOT " },
];

export function fieldOf(name: string): Field | undefined {
  return fields.find((field) => field.name === name);
}
