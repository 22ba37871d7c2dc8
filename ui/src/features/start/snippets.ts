/** Instructions for sending a first run, with this server's address filled in. Pure. */

export type Snippet = { id: string; title: string; says: string; code: string };

/** `origin` receives OTLP over HTTP. `key` is a placeholder for the API key, if the server has one. */
export function snippets(origin: string, key: boolean): Snippet[] {
  const header = "x-api-key=YOUR_API_KEY";
  const env = `export OTEL_EXPORTER_OTLP_ENDPOINT=${origin}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf${key ? `\nexport OTEL_EXPORTER_OTLP_HEADERS=${header}` : ""}`;
  return [
    {
      id: "python",
      title: "Python",
      says: "Any OpenTelemetry instrumentation works. This is the official one for OpenAI's client.",
      code: `pip install opentelemetry-distro opentelemetry-exporter-otlp-proto-http \\
    opentelemetry-instrumentation-openai-v2

${env}
export OTEL_SERVICE_NAME=my-agent
export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true
opentelemetry-instrument python my_agent.py`,
    },
    {
      id: "typescript",
      title: "TypeScript",
      says: "With the AI SDK. Other OpenTelemetry instrumentations work as well.",
      code: `npm install @opentelemetry/sdk-node @opentelemetry/exporter-trace-otlp-proto

// instrument.ts, imported first
import { NodeSDK } from "@opentelemetry/sdk-node";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";

new NodeSDK({
  serviceName: "my-agent",
  traceExporter: new OTLPTraceExporter({
    url: "${origin}/v1/traces",${key ? `\n    headers: { "x-api-key": process.env.TURNSCOPE_API_KEY! },` : ""}
  }),
}).start();

// in the agent
await generateText({ model, prompt, experimental_telemetry: { isEnabled: true } });`,
    },
    {
      id: "rust",
      title: "Rust",
      says: "With the official exporter. Spans carry the attributes of the GenAI conventions.",
      code: `cargo add opentelemetry opentelemetry_sdk
cargo add opentelemetry-otlp --features http-proto,reqwest-client

let exporter = opentelemetry_otlp::SpanExporter::builder()
    .with_http()
    .with_endpoint("${origin}/v1/traces")${key ? `\n    .with_headers([("x-api-key".into(), std::env::var("TURNSCOPE_API_KEY")?)].into())` : ""}
    .build()?;
let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder()
    .with_batch_exporter(exporter)
    .build();
opentelemetry::global::set_tracer_provider(provider);`,
    },
    {
      id: "otlp",
      title: "Plain OTLP",
      says: "One span sent by hand, to check that it arrives.",
      code: `curl ${origin}/v1/traces -H 'content-type: application/json'${key ? ` -H "x-api-key: $TURNSCOPE_API_KEY"` : ""} -d '{
  "resourceSpans": [{
    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "my-agent"}}]},
    "scopeSpans": [{"spans": [{
      "traceId": "'$(openssl rand -hex 16)'", "spanId": "'$(openssl rand -hex 8)'",
      "name": "invoke_agent hello",
      "startTimeUnixNano": "'$(date +%s)000000000'", "endTimeUnixNano": "'$(date +%s)500000000'",
      "attributes": [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}},
        {"key": "gen_ai.agent.name", "value": {"stringValue": "hello"}}
      ]
    }]}]
  }]
}'`,
    },
    { id: "env", title: "Anything else", says: "Every OpenTelemetry SDK reads these.", code: env },
  ];
}
