#!/usr/bin/env python3
"""Writes the demo's samples: `python3 crates/cli/samples/generate.py`.

Each story is one file of OTLP/JSON (`resourceSpans`, `resourceLogs`), in the words of one kind of producer. Ids come from names and
times count from WRITTEN_AT, so that the files change only when a story does; `turnscope demo` moves the times to now.
Everything in the stories is made up.
"""

import hashlib
import json
import pathlib

WRITTEN_AT = 1_700_000_000
HERE = pathlib.Path(__file__).parent
MINUTE = 60.0


def value(v):
    if isinstance(v, bool):
        return {"boolValue": v}
    if isinstance(v, int):
        return {"intValue": str(v)}
    if isinstance(v, float):
        return {"doubleValue": v}
    if isinstance(v, list):
        return {"arrayValue": {"values": [value(x) for x in v]}}
    return {"stringValue": v}


def attributes(d):
    return [{"key": k, "value": value(v)} for k, v in d.items() if v is not None]


def digest(*names):
    return hashlib.sha256("/".join(map(str, names)).encode()).hexdigest()


def compact(v):
    return json.dumps(v, ensure_ascii=False, separators=(",", ":"))


class Story:
    """One file: spans and log records by resource and scope."""

    def __init__(self, name):
        self.name, self.spans, self.logs, self.n = name, {}, {}, 0

    def nanos(self, ago, at):
        return str(int((WRITTEN_AT - ago + at) * 1e9))

    def write(self):
        def groups(of, outer, inner, items):
            out = []
            for (service, scope, version), rows in of.items():
                resource = {"attributes": attributes({"service.name": service, "telemetry.sdk.language": "python"})}
                out.append({"resource": resource, outer: [{"scope": {"name": scope, "version": version}, items: rows}]})
            return out

        body = {}
        if self.spans:
            body["resourceSpans"] = groups(self.spans, "scopeSpans", None, "spans")
        if self.logs:
            body["resourceLogs"] = groups(self.logs, "scopeLogs", None, "logRecords")
        (HERE / f"{self.name}.otlp.json").write_text(json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n")


class Trace:
    """One trace of a story, begun so many seconds ago."""

    def __init__(self, story, name, ago, service, scope, version="1.0.0"):
        self.story, self.ago, self.origin = story, ago, (service, scope, version)
        self.id = digest("trace", story.name, name)[:32]

    def span(self, name, start, end, attrs, parent=None, error=None, events=()):
        self.story.n += 1
        span_id = digest("span", self.story.name, self.story.n)[:16]
        row = {"traceId": self.id, "spanId": span_id, "name": name, "kind": 1,
               "startTimeUnixNano": self.story.nanos(self.ago, start), "endTimeUnixNano": self.story.nanos(self.ago, end),
               "attributes": attributes(attrs)}
        if parent:
            row["parentSpanId"] = parent
        if error:
            kind, message = error
            row["status"] = {"code": 2, "message": message}
            row["events"] = [{"name": "exception", "timeUnixNano": self.story.nanos(self.ago, end), "attributes":
                              attributes({"exception.type": kind, "exception.message": message})}]
        for event_name, at, event_attrs in events:
            row.setdefault("events", []).append(
                {"name": event_name, "timeUnixNano": self.story.nanos(self.ago, at), "attributes": attributes(event_attrs)})
        self.story.spans.setdefault(self.origin, []).append(row)
        return span_id

    def log(self, event, at, attrs, span=None, body=None, bare=False):
        row = {"timeUnixNano": self.story.nanos(self.ago, at), "severityText": "INFO", "eventName": event, "attributes": attributes(attrs)}
        if body:
            row["body"] = {"stringValue": body}
        if not bare:
            row["traceId"], row["spanId"] = self.id, span
        self.story.logs.setdefault(self.origin, []).append(row)


# ---------------------------------------------------------------------------------------------------------------------
# An agent's conversation, written in one of two dialects.


class Agent:
    """Keeps the history and writes a span for each call of the model and of a tool."""

    def __init__(self, trace, name, model, system, start, parent=None, dialect="semconv", provider="openai", extra=None,
                 per_call=None, price=None):
        self.t, self.name, self.model, self.system, self.dialect, self.provider = trace, name, model, system, dialect, provider
        self.start, self.now, self.parent = start, start, parent
        self.extra, self.per_call, self.price = extra or {}, per_call or {}, price
        self.history, self.asked, self.n_calls = [], "", 0
        self.cached = 0
        # The agent's own span is written last; its children need its id now.
        self.id = digest("agent", trace.id, name, start)[:16]

    def user(self, text):
        self.asked = self.asked or text
        self.history.append({"role": "user", "parts": [{"type": "text", "content": text}]})

    def tokens(self, messages):
        return 1450 + sum(len(compact(m)) for m in messages) // 4 + len(self.system) // 4

    def say(self, seconds, text=None, calls=(), tokens=None, error=None, thought=None, ttft=None):
        """One call of the model. `calls` are (name, arguments)."""
        start, end = self.now, self.now + seconds
        self.n_calls += 1
        parts = []
        if thought:
            parts.append({"type": "reasoning", "content": thought})
        if text:
            parts.append({"type": "text", "content": text})
        ids = []
        for n, (tool, arguments) in enumerate(calls):
            ids.append("call_" + digest(self.id, self.n_calls, n)[:10])
            parts.append({"type": "tool_call", "id": ids[-1], "name": tool, "arguments": arguments})
        answer = {"role": "assistant", "parts": parts, "finish_reason": "tool_calls" if calls else "stop"}
        fresh = self.tokens(self.history)
        cached = min(self.cached, fresh)
        usage = tokens or (fresh, max(12, len(compact(parts)) // 4), cached if cached > 256 else 0)
        self.cached = usage[0] - usage[0] % 128
        write = self.openinference if self.dialect == "openinference" else self.semconv
        write(start, end, answer, usage, error, ids)
        self.now = end
        if not error:
            self.history.append({k: v for k, v in answer.items() if k != "finish_reason"})
        self.pending = list(zip(ids, calls))

    def cost(self, usage):
        if not self.price:
            return None
        fresh, out, cached = usage[0] - usage[2], usage[1], usage[2]
        return round((fresh * self.price[0] + cached * self.price[0] / 10 + out * self.price[1]) / 1e6, 6)

    def semconv(self, start, end, answer, usage, error, _ids):
        attrs = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": self.provider, "gen_ai.request.model": self.model,
                 "gen_ai.system_instructions": compact([{"type": "text", "content": self.system}]),
                 "gen_ai.input.messages": compact(self.history), **self.per_call}
        if not error:
            attrs |= {"gen_ai.response.model": self.model, "gen_ai.response.id": "resp_" + digest(self.id, self.n_calls)[:12],
                      "gen_ai.response.finish_reasons": [answer["finish_reason"]], "gen_ai.usage.input_tokens": usage[0],
                      "gen_ai.usage.output_tokens": usage[1], "gen_ai.output.messages": compact([answer])}
            if usage[2]:
                attrs["gen_ai.usage.cache_read.input_tokens"] = usage[2]
            if self.price:
                attrs["gen_ai.usage.cost"] = self.cost(usage)
        self.t.span(f"chat {self.model}", start, end, attrs, self.id, error)

    def openinference(self, start, end, answer, usage, error, _ids):
        attrs = {"openinference.span.kind": "LLM", "llm.model_name": self.model, "llm.provider": self.provider, **self.per_call}
        system = {"role": "system", "parts": [{"type": "text", "content": self.system}]}

        def put(prefix, message):
            attrs[f"{prefix}.message.role"] = message["role"]
            n = 0
            for part in message["parts"]:
                if part["type"] == "text":
                    attrs[f"{prefix}.message.content"] = part["content"]
                elif part["type"] == "tool_call":
                    call = f"{prefix}.message.tool_calls.{n}.tool_call"
                    attrs[f"{call}.id"] = part["id"]
                    attrs[f"{call}.function.name"] = part["name"]
                    attrs[f"{call}.function.arguments"] = compact(part["arguments"])
                    n += 1
                elif part["type"] == "tool_call_response":
                    attrs[f"{prefix}.message.tool_call_id"] = part["id"]
                    attrs[f"{prefix}.message.content"] = part["response"]

        for i, message in enumerate([system, *self.history]):
            put(f"llm.input_messages.{i}", message)
        if not error:
            put("llm.output_messages.0", answer)
            attrs |= {"llm.token_count.prompt": usage[0], "llm.token_count.completion": usage[1],
                      "llm.token_count.total": usage[0] + usage[1]}
            if usage[2]:
                attrs["llm.token_count.prompt_details.cache_read"] = usage[2]
            if self.price:
                attrs["llm.cost.total"] = self.cost(usage)
        self.t.span("ChatModel", start, end, attrs, self.id, error)

    def tool(self, seconds, result, error=None, extra=None, gap=0.004, child=None, parallel=False):
        """The next tool that the model asked for. `child` runs inside of it."""
        call_id, (tool, arguments) = self.pending.pop(0)
        start = self.now + gap
        span = digest("tool", self.t.id, self.name, call_id)[:16]
        end = child(span, start) if child else start + seconds
        text = result if isinstance(result, str) else compact(result)
        if error:
            text = f"Error: {error[1]}"
        if self.dialect == "openinference":
            attrs = {"openinference.span.kind": "TOOL", "tool.name": tool, "input.value": compact(arguments),
                     "input.mime_type": "application/json", "tool_call.id": call_id}
            if not error:
                attrs |= {"output.value": text}
            name = tool
        else:
            attrs = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool, "gen_ai.tool.call.id": call_id,
                     "gen_ai.tool.type": "function", "gen_ai.tool.call.arguments": compact(arguments)}
            if not error:
                attrs["gen_ai.tool.call.result"] = text
            name = f"execute_tool {tool}"
        attrs |= extra or {}
        real = self.t.span(name, start, end, attrs, self.id, error)
        # The span takes the id under which its children were written.
        self.t.story.spans[self.t.origin][-1]["spanId"] = span
        assert real
        if not parallel:
            self.now = max(self.now, end)
        self.longest = max(getattr(self, "longest", 0), end)
        self.history.append({"role": "tool", "parts": [{"type": "tool_call_response", "id": call_id, "response": text}]})
        if not self.pending:
            self.now = max(self.now, self.longest)

    def end(self, error=None, after=0.01, **attrs):
        answer = next((p["content"] for m in reversed(self.history) if m["role"] == "assistant" for p in m["parts"] if p["type"] == "text"), None)
        if self.dialect == "openinference":
            own = {"openinference.span.kind": "AGENT", "agent.name": self.name, "input.value": self.asked}
            if answer and not error:
                own["output.value"] = answer
            name = self.name
        else:
            own = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": self.name, "gen_ai.provider.name": self.provider,
                   "gen_ai.request.model": self.model}
            name = f"invoke_agent {self.name}"
        self.now += after
        self.t.span(name, self.start, self.now, {**own, **self.extra, **attrs}, self.parent, error)
        self.t.story.spans[self.t.origin][-1]["spanId"] = self.id
        return self.now


# ---------------------------------------------------------------------------------------------------------------------
# The stories.


def support_desk():
    """A sub-agent: the support desk asks a researcher, then refunds."""
    story = Story("support-desk")
    t = Trace(story, "1", 50.0, "support", "pydantic-ai", "2.3.0")
    desk = Agent(t, "support-desk", "gpt-5-mini", "You are the support desk of Lumen Lamps. Solve the customer's problem. "
                 "Ask the researcher for facts about products; never guess.", 0.0, price=(0.25, 2.0),
                 extra={"session.id": "ticket-4417", "user.id": "maya.okafor", "tags": ["support", "tier-1"],
                        "gen_ai.prompt.name": "support-desk", "gen_ai.prompt.version": "12",
                        "eval.score.helpfulness": 0.92, "eval.score.resolved": "yes"})
    desk.user("My Aurora desk lamp flickers since the last firmware update (order LL-20931). I'd like it fixed, or my money back.")
    desk.say(1.4, calls=[("get_order", {"order_id": "LL-20931"}), ("ask_researcher", {"question": "Does firmware 2.8 make the Aurora lamp flicker, and is there a fix?"})],
             thought="I need the order, and facts about the firmware.")
    desk.tool(0.18, {"order_id": "LL-20931", "item": "Aurora desk lamp", "paid_usd": 89.0, "delivered": "12 days ago"}, parallel=True)

    def research(parent, start):
        r = Agent(t, "researcher", "gpt-5", "You look facts up in the knowledge base and the release notes. Answer briefly, with sources.",
                  start + 0.02, parent=parent, price=(1.25, 10.0))
        r.user("Does firmware 2.8 make the Aurora lamp flicker, and is there a fix?")
        r.say(1.1, calls=[("search_kb", {"query": "Aurora flicker firmware 2.8"}), ("read_release_notes", {"product": "aurora", "version": "2.8.1"})])
        r.tool(0.42, [{"id": "KB-311", "title": "Aurora flickers below 20 % brightness after 2.8", "status": "known issue"}], parallel=True)
        r.tool(0.31, "2.8.1: fixes PWM frequency at low brightness (KB-311). Roll-out: all regions.")
        r.say(1.9, "Yes: KB-311, flicker below 20 % brightness after 2.8. Version 2.8.1 fixes it and is available in all regions.")
        return r.end() + 0.01

    desk.tool(0, "Yes: KB-311, flicker below 20 % brightness after 2.8. Version 2.8.1 fixes it and is available in all regions.", child=research)
    desk.say(1.2, calls=[("push_firmware", {"order_id": "LL-20931", "version": "2.8.1"})])
    desk.tool(0.9, {"status": "queued", "device": "aurora-7f31", "eta_minutes": 5})
    desk.say(1.6, "Good news, Maya: the flicker is a known fault of firmware 2.8, and 2.8.1 fixes it. I have sent the update to your lamp; it installs within "
             "five minutes. Should it still flicker tomorrow, answer here and I refund the 89 dollars: you are within the 30 days.")
    desk.end()
    story.write()


def trip_planner():
    """A tool fails, and the agent finds another way."""
    story = Story("trip-planner")
    t = Trace(story, "1", 17 * MINUTE, "travel", "openinference.instrumentation.langchain", "0.1.50")
    a = Agent(t, "trip-planner", "claude-sonnet-4-5", "You plan short trips. Check the weather and trains before you promise anything.", 0.0,
              dialect="openinference", provider="anthropic", price=(3.0, 15.0),
              extra={"session.id": "trip-77", "user.id": "jonas", "tag.tags": ["travel"]})
    a.user("A weekend in the Dolomites next week from Munich, by train. Hiking, if the weather plays along.")
    a.say(2.1, "Let me check weather and trains.", calls=[("weather_forecast", {"place": "Bolzano", "days": 7}), ("find_trains", {"from": "Munich", "to": "Bolzano", "date": "Friday"})])
    a.tool(5.02, None, error=("ReadTimeout", "weather.example.com did not answer within 5 s"), parallel=True)
    a.tool(1.3, [{"train": "EC 85", "depart": "09:34", "arrive": "13:31", "price_eur": 39.9}, {"train": "EC 87", "depart": "11:34", "arrive": "15:31", "price_eur": 49.9}])
    a.say(1.7, "The forecast service does not answer; I try the regional one.", calls=[("regional_weather", {"region": "South Tyrol"})])
    a.tool(0.6, {"friday": "sunny, 14 °C", "saturday": "sunny, 16 °C", "sunday": "thunderstorms from noon"})
    a.say(3.4, "Take EC 85 on Friday (09:34, 39.90 €), hike the Seceda ridge on Saturday in sunshine, and the short Adolf Munkel trail on Sunday morning: "
          "thunderstorms are expected from noon. EC 84 brings you back at 14:29.")
    a.end()
    story.write()


def treasury():
    """Gates: an allowed, a denied and an approved call."""
    story = Story("treasury")
    t = Trace(story, "1", 26 * MINUTE, "treasury", "kitelogik", "0.9.2")
    root = digest("session", t.id)[:16]

    def gate(start, tool, action, verdict, reason, tier, parent, arguments):
        attrs = {"kitelogik.tool.name": tool, "kitelogik.tool.action": action, "kitelogik.policy.allow": verdict == "allow",
                 "kitelogik.policy.deny": verdict == "deny", "kitelogik.policy.requires_hitl": verdict == "hitl",
                 "kitelogik.policy.risk_tier": tier, "kitelogik.policy.reason": reason, "kitelogik.user_role": "accountant",
                 "kitelogik.session_id": "close-2026-10", "tool.arguments": compact(arguments)}
        return t.span("policy_gate.evaluate", start, start + 0.006, attrs, parent)

    model = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-opus-4-5",
             "gen_ai.response.model": "claude-opus-4-5"}
    history = [{"role": "user", "parts": [{"type": "text", "content": "Close October: check the ledger, pay the two open invoices, and move the rest to savings."}]}]
    at = 0.02

    def chat(seconds, parts, tokens):
        nonlocal at
        answer = {"role": "assistant", "parts": parts, "finish_reason": "stop"}
        t.span("chat claude-opus-4-5", at, at + seconds, {**model, "gen_ai.input.messages": compact(history), "gen_ai.output.messages": compact([answer]),
               "gen_ai.usage.input_tokens": tokens[0], "gen_ai.usage.output_tokens": tokens[1],
               "gen_ai.usage.cost": round(tokens[0] * 5e-6 + tokens[1] * 25e-6, 6)}, root)
        history.append({"role": "assistant", "parts": parts})
        at += seconds

    def call(n, tool, action, arguments, seconds, verdict, reason, tier, result, error=None, waits=0.0, decided=None):
        nonlocal at
        call_id = f"toolu_{digest(t.id, n)[:10]}"
        span = digest("tool", t.id, n)[:16]
        gate(at + 0.002, tool, action, verdict, reason, tier, span, arguments)
        attrs = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool, "gen_ai.tool.call.id": call_id,
                 "gen_ai.tool.call.arguments": compact(arguments)}
        if not error:
            attrs["gen_ai.tool.call.result"] = compact(result)
        if decided:
            t.span("human_approval", at + 0.01, at + 0.01 + waits, {"gen_ai.guardrail.name": "human_approval", "decision": decided, "source": "user"}, span)
        t.span(f"execute_tool {tool}", at, at + 0.01 + waits + seconds, attrs, root, error)
        story.spans[t.origin][-1]["spanId"] = span
        at += 0.01 + waits + seconds
        text = f"refused: {reason}" if error else compact(result)
        history.append({"role": "tool", "parts": [{"type": "tool_call_response", "id": call_id, "response": text}]})
        return call_id

    def wants(n, tool, arguments):
        return {"type": "tool_call", "id": f"toolu_{digest(t.id, n)[:10]}", "name": tool, "arguments": arguments}

    read = {"account": "operating", "month": "2026-10"}
    chat(2.2, [{"type": "text", "content": "I start with the ledger."}, wants(1, "read_ledger", read)], (910, 64))
    call(1, "read_ledger", "read", read, 0.3, "allow", "reading is free for accountants", "low",
         {"balance_eur": 48210.4, "open_invoices": [{"id": "R-118", "eur": 1240.0}, {"id": "R-121", "eur": 18900.0}]})
    pay = {"invoice": "R-121", "amount_eur": 18900.0, "iban": "DE02 1203 0000 0000 2020 51"}
    chat(2.6, [{"type": "text", "content": "R-121 is above the limit; a human has to approve it."}, wants(2, "pay_invoice", pay)], (1340, 88))
    call(2, "pay_invoice", "transfer", pay, 0.7, "hitl", "transfers above 10,000 EUR need a second pair of eyes", "high",
         {"status": "paid", "reference": "TX-55120"}, waits=41.0, decided="approved")
    move = {"from": "operating", "to": "personal-savings", "amount_eur": 28000.0}
    chat(2.4, [wants(3, "transfer_funds", move)], (1610, 71))
    call(3, "transfer_funds", "transfer", move, 0.0, "deny", "the target account is not on the company's list", "critical", None,
         error=("PolicyDenied", "the target account is not on the company's list"))
    chat(3.1, [{"type": "text", "content": "October is closed but for one thing: R-121 is paid (approved by the CFO), the ledger balances. The transfer to personal-savings was "
                "refused by policy, because the account is not on the company's list. Tell me which company account to use instead."}], (1830, 142))
    t.span("agent_session", 0.0, at + 0.02, {"kitelogik.session_id": "close-2026-10", "kitelogik.user_role": "accountant", "gen_ai.agent.name": "treasury",
           "user.id": "h.lindqvist", "tags": ["finance", "month-end"]}, None)
    story.spans[t.origin][-1]["spanId"] = root
    story.write()


def coding_agent():
    """Claude Code: log events only."""
    story = Story("coding-agent")
    t = Trace(story, "1", 48 * MINUTE, "claude-code", "com.anthropic.claude_code.events", "2.1.4")
    base = {"session.id": "5f0c1a7e-91d2-4c55-9a53-0b7d7a1f3c20", "user.id": "dev-014", "prompt.id": "9b2f7f7e-58a3-4f0e-b0be-2a4d65d1a001"}
    n = 0

    def event(name, at, **attrs):
        nonlocal n
        n += 1
        t.log(f"claude_code.{name}", at, {**base, "event.name": name, "event.sequence": n, **attrs}, bare=True, body=f"claude_code.{name}")

    def request(at, seconds, i, o, cached, cost):
        event("api_request", at + seconds, model="claude-sonnet-4-5", duration_ms=int(seconds * 1000), input_tokens=i, output_tokens=o,
              cache_read_tokens=cached, cache_creation_tokens=0, cost_usd=cost, request_id="req_" + digest("cc", n)[:10])

    def tool(at, seconds, name, arguments, ok=True, error=None):
        call = "toolu_" + digest("cct", n)[:12]
        event("tool_decision", at, tool_name=name, decision="accept", source="config", tool_use_id=call)
        extra = {"error": error} if error else {}
        event("tool_result", at + seconds, tool_name=name, success="true" if ok else "false", duration_ms=int(seconds * 1000),
              tool_parameters=compact(arguments), tool_use_id=call, **extra)

    event("user_prompt", 0.0, prompt="The test checkout::applies_coupon_once fails every tenth run. Find out why and fix it.", prompt_length=83)
    request(0.1, 3.2, 412, 96, 14208, 0.0089)
    tool(3.4, 0.2, "Grep", {"pattern": "applies_coupon_once", "path": "tests/"})
    tool(3.7, 0.1, "Read", {"file_path": "src/checkout/coupon.rs"})
    request(3.9, 6.8, 2310, 340, 14592, 0.0164)
    tool(10.8, 34.5, "Bash", {"command": "cargo test applies_coupon_once -- --test-threads 8"}, ok=False, error="exit code 101: assertion failed: coupon applied twice")
    request(45.4, 8.1, 1204, 512, 16896, 0.0164)
    tool(53.6, 0.2, "Edit", {"file_path": "src/checkout/coupon.rs", "old_string": "if !used.load(Relaxed)", "new_string": "if !used.swap(true, AcqRel)"})
    tool(53.9, 61.0, "Bash", {"command": "for i in $(seq 50); do cargo test applies_coupon_once || break; done"})
    request(115.0, 4.4, 980, 204, 18304, 0.0115)
    story.write()


def warehouse_sync():
    """A run that is still open: its root has begun, and the third turn is under way."""
    story = Story("warehouse-sync")
    t = Trace(story, "1", 3 * MINUTE, "warehouse", "turnscope", "0.1.0")
    a = Agent(t, "warehouse-sync", "gpt-5-mini", "You keep the stock of the warehouse and the shop equal. Work in batches of 500.", 0.0, price=(0.25, 2.0),
              extra={})
    common = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "warehouse-sync", "session.id": "nightly", "tags": ["nightly"]}
    t.log("turnscope.step.started", 0.0, {**common, "turnscope.step.name": "invoke_agent warehouse-sync"}, span=a.id)
    a.user("Bring the shop's stock in line with the warehouse: 1,842 articles.")
    a.say(1.3, calls=[("list_differences", {"batch": 1, "size": 500})])
    a.tool(2.8, {"checked": 500, "different": 37})
    a.say(1.6, "37 of the first 500 differ.", calls=[("update_shop", {"batch": 1, "articles": 37})])
    a.tool(11.2, {"updated": 37})
    a.say(1.2, calls=[("list_differences", {"batch": 2, "size": 500})])
    call_id, (tool, arguments) = a.pending[0]
    t.log("turnscope.step.started", a.now + 0.01, {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool, "gen_ai.tool.call.id": call_id,
          "gen_ai.tool.call.arguments": compact(arguments), "turnscope.step.name": f"execute_tool {tool}", "turnscope.step.parent_span_id": a.id},
          span=digest("open", call_id)[:16])
    story.write()


def incident_review():
    """A longer run whose context is compacted half-way."""
    story = Story("incident-review")
    t = Trace(story, "1", 2.2 * 60 * MINUTE, "sre-bot", "opentelemetry.instrumentation.openai_v2", "2.2b0")
    a = Agent(t, "incident-review", "gpt-5", "You write reviews of incidents: what happened, why, and what prevents it. Cite log lines. Blame nobody.", 0.0, price=(1.25, 10.0),
              extra={"session.id": "INC-2208", "user.id": "oncall", "tags": ["incident", "postmortem"]})
    a.user("Write the review of INC-2208: checkout was down for 23 minutes last night.")
    logs = "\n".join(f"02:{m:02d}:{s:02d} checkout-{m % 4} WARN pool: {90 + m % 9} of 100 connections in use, waited {m * 37 + s} ms" for m in range(11, 34) for s in (7, 28, 49))
    steps = [
        ("query_logs", {"service": "checkout", "from": "02:10", "to": "02:35"}, logs, 1.9),
        ("query_metrics", {"metric": "db.pool.in_use", "from": "02:00", "to": "02:40"}, [[f"02:{m:02d}", min(100, 22 + max(0, m - 8) * 9)] for m in range(0, 40, 2)], 0.8),
        ("list_deploys", {"from": "01:00", "to": "02:30"}, [{"service": "pricing", "version": "4.19.0", "at": "02:08", "by": "pipeline"}], 0.4),
        ("read_diff", {"service": "pricing", "from": "4.18.2", "to": "4.19.0"},
         "\n".join(["-    let quote = cache.get(key)?;", "+    let quote = db.begin().await?;", "+    let quote = load(&mut quote, key).await?;"] + [f"     // line {n}" for n in range(60)]), 0.5),
        ("query_logs", {"service": "pricing", "from": "02:08", "to": "02:35"}, logs.replace("checkout", "pricing"), 1.7),
    ]
    for n, (tool, arguments, result, seconds) in enumerate(steps):
        a.say(2.0 + n * 0.4, calls=[(tool, arguments)])
        a.tool(seconds, result)
    # The history is replaced by a summary of it.
    a.history = [a.history[0], {"role": "user", "parts": [{"type": "text", "content":
        "Summary of the conversation so far: pricing 4.19.0 (deployed 02:08) opens a transaction for each quote and does not end it. From 02:11 the pool of 100 "
        "connections filled up; at 02:33 the deploy was rolled back. Checkout waited up to 1.2 s for a connection, then failed. Sources: logs of checkout and pricing, "
        "metric db.pool.in_use, diff 4.18.2..4.19.0."}]}]
    a.cached = 0
    a.say(2.9, calls=[("find_tests", {"service": "pricing", "about": "connection pool"})])
    a.tool(0.7, {"found": 0, "nearest": "pricing/tests/cache.rs"})
    a.say(2.2, calls=[("create_ticket", {"title": "pricing: a test that quotes give their connection back", "priority": "high"})])
    a.tool(0.5, {"ticket": "SRE-981"})
    a.say(9.4, "# INC-2208: checkout down for 23 minutes\n\nWhat happened: from 02:11 the database's pool was exhausted; checkout failed until 02:34.\nWhy: pricing 4.19.0 opened a transaction for each "
          "quote and never ended it; nothing limits one service's share of the pool.\nWhat prevents it: a test that quotes give their connection back (SRE-981), a limit of 40 connections per service, "
          "and an alert at 80 % of the pool.")
    a.end()
    story.write()


def contract_review():
    """A costly turn: a whole contract is read at once."""
    story = Story("contract-review")
    t = Trace(story, "1", 3.1 * 60 * MINUTE, "legal", "langfuse-sdk", "3.8.1")
    a = Agent(t, "contract-review", "claude-opus-4-5", "You compare contracts with the company's standard terms and list what deviates.", 0.0, provider="anthropic",
              price=(5.0, 25.0), extra={"user.id": "r.castellano", "session.id": "deal-northwind", "tags": ["legal"], "eval.score.accuracy": 0.97})
    a.user("Which clauses of the Northwind master agreement deviate from our standard terms?")
    a.say(2.4, calls=[("load_document", {"name": "northwind-msa.pdf"})])
    a.tool(3.2, "MASTER SERVICES AGREEMENT between Northwind Freight AG and the Supplier. 1. Definitions. " + "The Supplier shall perform the Services with due care and skill. " * 60)
    a.say(58.7, "Three clauses deviate: 8.2 (liability is unlimited; ours is capped at twelve months' fees), 11.4 (the customer may audit without notice; ours says ten days), "
          "and 14.1 (the law of Delaware instead of Switzerland). 8.2 is the one to negotiate first.", tokens=(186_420, 3_918, 0),
          thought="Clause by clause against the standard terms.")
    a.end()
    story.write()


def invoice_reader():
    """A failed run: the provider refuses, twice."""
    story = Story("invoice-reader")
    t = Trace(story, "1", 38 * MINUTE, "bookkeeping", "openinference.instrumentation.openai", "0.1.40")
    a = Agent(t, "invoice-reader", "gpt-5-nano", "You read invoices and answer with JSON: number, date, total, currency.", 0.0, dialect="openinference",
              extra={"session.id": "inbox-import", "metadata": compact({"batch": "2026-11-21"})}, price=(0.05, 0.4))
    a.user("Read invoice scan-0093.png")
    a.say(1.1, calls=[("ocr", {"file": "scan-0093.png", "language": "en"})])
    a.tool(2.3, "INVOICE No. 2026-4471 ... Total EUR 1.184,20 ... due 14 days")
    a.say(0.4, error=("RateLimitError", "429: you exceeded your requests per minute, try again in 20 s"))
    a.now += 2.0
    a.say(0.4, error=("RateLimitError", "429: you exceeded your requests per minute, try again in 18 s"))
    a.end(error=("RateLimitError", "429: you exceeded your requests per minute, try again in 18 s"))
    story.write()


def shop_assistant():
    """One session, three runs, two versions of a prompt; the last with a bad mark."""
    story = Story("shop-assistant")
    talks = [
        (5.4 * 60, "3", "Do you have hiking boots for wide feet, size 43?", ("search_products", {"q": "hiking boots wide", "size": 43}),
         [{"sku": "HB-204", "name": "Trailmaster Wide", "eur": 149, "in_stock": 6}],
         "Yes: the Trailmaster Wide (149 €) is in stock in 43. It runs true to size and is made for wide feet.", 1.0),
        (5.3 * 60, "3", "Put them into my cart, please.", ("add_to_cart", {"sku": "HB-204", "size": 43, "quantity": 1}), {"cart": "8821", "items": 1, "total_eur": 149},
         "Done: one pair of Trailmaster Wide, size 43, is in your cart (149 €).", 1.0),
        (5.1 * 60, "4", "Can I still return them after a walk in the woods?", ("read_policy", {"topic": "returns"}),
         "Unused goods can be returned within 30 days. Refund within 5 days. Worn shoes: see the comfort guarantee (14 days).",
         "No, worn shoes cannot be returned.", 0.0),
    ]
    for n, (minutes, version, question, call, result, answer, mark) in enumerate(talks):
        t = Trace(story, f"{n}", minutes * MINUTE, "shop", "opentelemetry.instrumentation.vertexai", "1.2.0")
        extra = {"session.id": "cart-8821", "user.id": "u-20417", "gen_ai.prompt.name": "shop-assistant", "gen_ai.prompt.version": version,
                 "tags": ["shop"], "eval.score.helpful": mark}
        a = Agent(t, "shop-assistant", "gemini-2.5-flash", "You help in a shop for outdoor gear. Be brief and kind.", 0.0, provider="gcp.vertex_ai", extra=extra, price=(0.3, 2.5))
        a.user(question)
        a.say(0.7, calls=[call])
        a.tool(0.2, result)
        a.say(0.9, answer)
        a.end()
    story.write()


def handbook():
    """Retrieval: embed, find, rank, answer."""
    story = Story("handbook")
    t = Trace(story, "1", 1.3 * 60 * MINUTE, "intranet", "openinference.instrumentation.llama_index", "4.3.0")
    a = Agent(t, "handbook", "gpt-5-mini", "Answer from the passages of the employee handbook only, and name them.", 0.0, dialect="openinference", price=(0.25, 2.0),
              extra={"user.id": "p.nair", "tag.tags": ["rag"]})
    question = "How many days of parental leave do I get, and must I take them at once?"
    a.user(question)
    texts = ["4.3 Parental leave: 60 paid days for each parent within the child's first three years.", "4.4 The leave can be taken in up to four parts; tell your team eight weeks ahead.",
             "2.1 Holidays: 28 days a year.", "4.1 Sick leave: from the first day."]
    r = digest("retriever", t.id)[:16]
    t.span("embed", 0.02, 0.19, {"openinference.span.kind": "EMBEDDING", "embedding.model_name": "text-embedding-3-small", "embedding.embeddings.0.embedding.text": question,
           "llm.token_count.prompt": 19, "llm.token_count.total": 19}, r)
    found = {"openinference.span.kind": "RETRIEVER", "input.value": question}
    for i, text in enumerate(texts):
        found |= {f"retrieval.documents.{i}.document.content": text, f"retrieval.documents.{i}.document.score": round(0.91 - i * 0.13, 2)}
    t.span("handbook index", 0.01, 0.31, found, a.id)
    story.spans[t.origin][-1]["spanId"] = r
    ranked = {"openinference.span.kind": "RERANKER", "reranker.model_name": "rerank-3", "reranker.query": question, "reranker.top_k": 2}
    for i, text in enumerate(texts):
        ranked[f"reranker.input_documents.{i}.document.content"] = text
    for i, text in enumerate(texts[:2]):
        ranked[f"reranker.output_documents.{i}.document.content"] = text
    t.span("rerank", 0.32, 0.55, ranked, a.id)
    a.now = 0.56
    a.history[0]["parts"][0]["content"] = question + "\n\nPassages:\n" + "\n".join(texts[:2])
    a.say(1.4, "60 paid days for each parent, within the child's first three years (4.3). You can split them into up to four parts; tell your team eight weeks ahead (4.4).")
    a.end()
    story.write()


for write in (support_desk, trip_planner, treasury, coding_agent, warehouse_sync, incident_review, contract_review, invoice_reader, shop_assistant, handbook):
    write()
