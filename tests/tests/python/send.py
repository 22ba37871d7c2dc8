"""Sends one agent run with the Python SDK's OTLP exporters: `send.py grpc|http URL NAME none|gzip`."""

import json
import sys

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode


def exporter(over, url, compression):
    if over == "grpc":
        import grpc
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        how = grpc.Compression.Gzip if compression == "gzip" else grpc.Compression.NoCompression
        return OTLPSpanExporter(endpoint=url, insecure=True, compression=how)
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    how = Compression.Gzip if compression == "gzip" else Compression.NoCompression
    return OTLPSpanExporter(endpoint=url, compression=how)


def messages(*said):
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in said])


def run_agent(tracer, name):
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name, "gen_ai.conversation.id": "s-1"}
    with tracer.start_as_current_span(f"invoke_agent {name}", attributes=agent):
        history = [("user", "how warm is it in Oslo?")]
        call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4.1-mini"}
        with tracer.start_as_current_span("chat gpt-4.1-mini", attributes=call) as span:
            span.set_attribute("gen_ai.input.messages", messages(*history))
            span.set_attribute("gen_ai.usage.input_tokens", 20)
            span.set_attribute("gen_ai.usage.output_tokens", 5)
            span.set_attribute("gen_ai.response.finish_reasons", ["tool_calls"])
        tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "thermometer"}
        with tracer.start_as_current_span("execute_tool thermometer", attributes=tool) as span:
            span.set_attribute("gen_ai.tool.call.arguments", json.dumps({"city": "Oslo"}))
            span.record_exception(TimeoutError("no answer from the roof"))
            span.set_status(Status(StatusCode.ERROR, "no answer from the roof"))
        history.append(("assistant", "let me try again"))
        with tracer.start_as_current_span("chat gpt-4.1-mini", attributes=call) as span:
            span.set_attribute("gen_ai.input.messages", messages(*history))
            span.set_attribute("gen_ai.output.messages", messages(("assistant", "it is 21 °C")))
            span.set_attribute("gen_ai.usage.input_tokens", 30)
            span.set_attribute("gen_ai.usage.output_tokens", 7)


def main(over, url, name, compression):
    provider = TracerProvider(resource=Resource.create({"service.name": "weather"}))
    provider.add_span_processor(BatchSpanProcessor(exporter(over, url, compression)))
    run_agent(provider.get_tracer("weather"), name)
    if not provider.force_flush(20_000):
        sys.exit("not everything was taken in time")
    provider.shutdown()


main(*sys.argv[1:])
