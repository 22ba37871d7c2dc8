/** Colours by meaning, as CSS variables from `styles.css`. Never used alone: each comes with a mark or a word. */

const kinds: Record<string, string> = {
  run: "--kind-run",
  workflow: "--kind-run",
  turn: "--kind-turn",
  llm: "--kind-llm",
  embedding: "--kind-llm",
  tool: "--kind-tool",
  mcp: "--kind-tool",
  retrieval: "--kind-retrieval",
  rerank: "--kind-retrieval",
  ingest: "--kind-retrieval",
  memory: "--kind-memory",
  policy: "--kind-policy",
  sanitizer: "--kind-policy",
  evaluation: "--kind-policy",
};

/** The CSS variable of a step's kind. */
export const kindVariable = (kind: string): string => kinds[kind] ?? "--kind-other";

/** The colour of a step's kind. */
export const kindColour = (kind: string): string => `var(${kindVariable(kind)})`;

/** The colour of a status or verdict. */
export function stateColour(state: string): string {
  switch (state) {
    case "completed":
    case "ok":
    case "allow":
      return "var(--ok)";
    case "failed":
    case "error":
    case "deny":
      return "var(--error)";
    case "running":
      return "var(--accent)";
    case "incomplete":
    case "waiting":
    case "pending":
    case "hitl":
      return "var(--warn)";
    default:
      return "var(--text-muted)";
  }
}
