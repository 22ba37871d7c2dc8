/** Spans in OTLP/JSON, as an agent's SDK would send them. */

export interface SpanSketch {
  readonly id: number;
  readonly parent?: number;
  readonly name: string;
  /** Milliseconds from the start of the trace. */
  readonly from: number;
  readonly to: number;
  readonly facts?: Readonly<Record<string, string | number>>;
  readonly error?: string;
}

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, "0");

/** The run id of the first span of trace `trace`. */
export const runId = (trace: number): string => `${hex(trace, 32)}-${hex(1, 16)}`;
export const stepId = (span: number): string => hex(span, 16);

export function otlp(trace: number, startedAt: number, spans: readonly SpanSketch[]): object {
  const nanos = (ms: number): string => `${BigInt(Math.round(startedAt + ms)) * 1_000_000n}`;
  return {
    resourceSpans: [
      {
        resource: { attributes: [attribute("service.name", "browser-test")] },
        scopeSpans: [
          {
            scope: { name: "browser-test" },
            spans: spans.map((span) => ({
              traceId: hex(trace, 32),
              spanId: hex(span.id, 16),
              ...(span.parent !== undefined && { parentSpanId: hex(span.parent, 16) }),
              name: span.name,
              kind: 1,
              startTimeUnixNano: nanos(span.from),
              endTimeUnixNano: nanos(span.to),
              attributes: Object.entries(span.facts ?? {}).map(([key, value]) => attribute(key, value)),
              status: span.error === undefined ? {} : { code: 2, message: span.error },
            })),
          },
        ],
      },
    ],
  };
}

export const messages = (role: string, ...parts: object[]): string => JSON.stringify([{ role, parts }]);
export const text = (content: string) => ({ type: "text", content });

function attribute(key: string, value: string | number): object {
  return { key, value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value } };
}
