/** One small run as OTLP, for tests that need many runs or recent ones. */
const hex = (n: number, length: number) => n.toString(16).padStart(length, "0");

export type Sketch = {
  n: number;
  agent?: string;
  asked?: string;
  failed?: boolean;
  startedAt?: number;
  open?: boolean;
};

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });

function span({
  n,
  agent = "tester",
  asked = `question ${n}`,
  failed = false,
  startedAt = Date.now(),
}: Sketch) {
  return {
    traceId: hex(n + 1, 32),
    spanId: hex(n + 1, 16),
    name: `invoke_agent ${agent}`,
    startTimeUnixNano: `${startedAt}000000`,
    endTimeUnixNano: `${startedAt + 1200}000000`,
    status: failed ? { code: 2, message: "it broke" } : {},
    attributes: [
      attribute("gen_ai.operation.name", "invoke_agent"),
      attribute("gen_ai.agent.name", agent),
      attribute(
        "gen_ai.input.messages",
        JSON.stringify([{ role: "user", parts: [{ type: "text", content: asked }] }]),
      ),
    ],
  };
}

export function runs(sketches: Sketch[]): object {
  const resource = { attributes: [attribute("service.name", "tests")] };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans: sketches.map(span) }] }] };
}
