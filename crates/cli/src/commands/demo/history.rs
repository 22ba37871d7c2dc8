//! Two weeks of made-up runs before the stories, so that charts, filters, sessions and comparisons have something to show.
//!
//! The runs are the same at every start, but for their times: which agent ran, what was asked, and how it went come from
//! the number of the run.

use serde_json::{Value as Json, json};

/// Days before now.
const DAYS: u64 = 14;
const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;

/// What an agent is asked again and again.
struct Errand {
    question: &'static str,
    tool: &'static str,
    arguments: &'static str,
    result: &'static str,
    answer: &'static str,
}

/// An agent, with what changed about it within the two weeks.
struct Agent {
    name: &'static str,
    service: &'static str,
    provider: &'static str,
    /// The model before and after the change.
    models: [&'static str; 2],
    /// The version of its prompt before and after.
    prompts: [&'static str; 2],
    /// The day of the change, counted from the first.
    changed_on: u64,
    users: &'static [&'static str],
    tag: &'static str,
    /// A call of this tool is gated: some are denied, some wait for a person.
    gated: Option<&'static str>,
    /// Runs in a hundred that fail.
    failures: u64,
    errands: &'static [Errand],
}

const AGENTS: &[Agent] = &[
    Agent {
        name: "support-desk",
        service: "support",
        provider: "openai",
        models: ["gpt-4.1-mini", "gpt-5-mini"],
        prompts: ["11", "12"],
        changed_on: 8,
        users: &["maya.okafor", "t.lindqvist", "priya.n", "sam.b", "u-20417"],
        tag: "support",
        gated: Some("refund"),
        failures: 4,
        errands: &[
            Errand {
                question: "Where is my order LL-20817? It was due yesterday.",
                tool: "get_order",
                arguments: r#"{"order_id":"LL-20817"}"#,
                result: r#"{"status":"in transit","carrier":"DPD","eta":"tomorrow"}"#,
                answer: "It is with DPD and arrives tomorrow. Sorry for the delay.",
            },
            Errand {
                question: "The lamp arrived broken. I want my money back.",
                tool: "refund",
                arguments: r#"{"order_id":"LL-20655","usd":89.0}"#,
                result: r#"{"refunded_usd":89.0}"#,
                answer: "I have refunded the 89 dollars. You see them within three days.",
            },
            Errand {
                question: "Can I still change the colour of order LL-20990?",
                tool: "update_order",
                arguments: r#"{"order_id":"LL-20990","colour":"sand"}"#,
                result: r#"{"updated":true}"#,
                answer: "Done: it ships in sand.",
            },
        ],
    },
    Agent {
        name: "trip-planner",
        service: "travel",
        provider: "anthropic",
        models: ["claude-sonnet-4-5", "claude-sonnet-4-5"],
        prompts: ["4", "5"],
        changed_on: 5,
        users: &["jonas", "aiko", "ferran"],
        tag: "travel",
        gated: None,
        failures: 9,
        errands: &[
            Errand {
                question: "Two days in Ghent in May, not too expensive.",
                tool: "find_hotels",
                arguments: r#"{"city":"Ghent","max_eur":120}"#,
                result: r#"[{"name":"Harbour House","eur":104},{"name":"De Waterzooi","eur":118}]"#,
                answer: "Stay at Harbour House (104 € a night), five minutes from the Graslei.",
            },
            Errand {
                question: "How do I get from Vienna to Trieste by train on Sunday?",
                tool: "find_trains",
                arguments: r#"{"from":"Vienna","to":"Trieste","day":"Sunday"}"#,
                result: r#"[{"train":"EC 151","depart":"07:58","arrive":"17:10"}]"#,
                answer: "EC 151 leaves at 07:58 and arrives at 17:10, without a change.",
            },
        ],
    },
    Agent {
        name: "invoice-clerk",
        service: "back-office",
        provider: "openai",
        models: ["gpt-4.1", "gpt-5"],
        prompts: ["2", "3"],
        changed_on: 10,
        users: &["accounting"],
        tag: "finance",
        gated: Some("pay_invoice"),
        failures: 6,
        errands: &[
            Errand {
                question: "Book invoice 7781 from Northwind.",
                tool: "book_invoice",
                arguments: r#"{"invoice":"7781","account":"6300"}"#,
                result: r#"{"booked":true}"#,
                answer: "Booked on account 6300.",
            },
            Errand {
                question: "Pay invoice 7790 if the goods have arrived.",
                tool: "pay_invoice",
                arguments: r#"{"invoice":"7790","usd":4210.5}"#,
                result: r#"{"paid":true}"#,
                answer: "The goods arrived on Monday, and the invoice is paid.",
            },
        ],
    },
    Agent {
        name: "nightly-report",
        service: "reports",
        provider: "anthropic",
        models: ["claude-haiku-4-5", "claude-haiku-4-5"],
        prompts: ["7", "7"],
        changed_on: 0,
        users: &[],
        tag: "cron",
        gated: None,
        failures: 12,
        errands: &[Errand {
            question: "Write the report of yesterday's sales.",
            tool: "query_sales",
            arguments: r#"{"day":"yesterday"}"#,
            result: r#"{"orders":412,"revenue_usd":30118.4}"#,
            answer: "412 orders, 30,118 dollars: 6 % above the week before.",
        }],
    },
];

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    /// A number below `n` (`SplitMix64`, Steele et al. 2014).
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }

    fn one_of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let place = self.below(items.len() as u64);
        items.get(usize::try_from(place).unwrap_or(0))
    }

    fn in_a_hundred(&mut self, n: u64) -> bool {
        self.below(100) < n
    }
}

/// OTLP/JSON objects, one for each day. `now` is in nanoseconds since the epoch.
pub(super) fn days(now: u64) -> impl Iterator<Item = Json> {
    (0..DAYS).map(move |day| {
        let mut spans = Vec::new();
        for run in 0..runs_on(day) {
            spans.extend(Run::new(day, run, now).spans());
        }
        let by_service = AGENTS.iter().map(|agent| {
            let own: Vec<&Json> =
                spans.iter().filter(|(service, _)| *service == agent.service).map(|(_, span)| span).collect();
            json!({
                "resource": { "attributes": attributes(&[("service.name", json!(agent.service))]) },
                "scopeSpans": [{ "scope": { "name": "turnscope.demo" }, "spans": own }],
            })
        });
        json!({ "resourceSpans": by_service.collect::<Vec<_>>() })
    })
}

/// Weekends are quiet, and each week is busier than the one before.
const fn runs_on(day: u64) -> u64 {
    if day % 7 >= 5 { 7 } else { 16 + day }
}

fn trace_id(day: u64, run: u64) -> String {
    let mut dice = Dice(u64::MAX - day * 1000 - run);
    format!("{:016x}{:016x}", dice.below(u64::MAX), dice.below(u64::MAX))
}

/// One run, and the state of writing it.
struct Run {
    agent: &'static Agent,
    errand: &'static Errand,
    is_changed: bool,
    trace: String,
    session: Option<String>,
    user: Option<&'static str>,
    start: u64,
    dice: Dice,
    spans: u64,
}

impl Run {
    fn new(day: u64, run: u64, now: u64) -> Self {
        let mut dice = Dice(day * 1000 + run);
        // The report runs once in each night, the others by day.
        let is_nightly = run == 0;
        let agent = if is_nightly { &AGENTS[3] } else { &AGENTS[[0, 0, 0, 1, 1, 2][dice.below(6) as usize]] };
        let errand = dice.one_of(agent.errands).unwrap_or(&agent.errands[0]);
        let user = dice.one_of(agent.users).copied();
        let first = now.saturating_sub((DAYS - day) * DAY + 3600 * SECOND);
        let at = if is_nightly { 0 } else { dice.below(DAY / SECOND - 3600) * SECOND };
        Self {
            agent,
            errand,
            is_changed: day >= agent.changed_on,
            trace: trace_id(day, run),
            // A user's runs of one day are a session.
            session: user.map(|user| format!("{}-{user}-{day}", agent.service)),
            user,
            start: first + at,
            dice,
            spans: 0,
        }
    }

    fn one_of_both<T: Copy>(&self, both: [T; 2]) -> T {
        both[usize::from(self.is_changed)]
    }

    /// The run's spans, each with the service that sends it.
    fn spans(mut self) -> Vec<(&'static str, Json)> {
        let fails = self.dice.in_a_hundred(self.agent.failures);
        let is_gated = self.agent.gated == Some(self.errand.tool);
        // Of gated calls, some are denied, some wait for a person who may refuse; the rest is allowed.
        let verdict = match self.dice.below(10) {
            _ if !is_gated => None,
            0..2 => Some("deny"),
            2..5 => Some("hitl"),
            _ => Some("allow"),
        };
        let is_refused = verdict == Some("deny") || verdict == Some("hitl") && self.dice.in_a_hundred(25);
        let mut at = 20_000_000;
        let mut spans = Vec::new();
        let history = vec![message("user", self.errand.question)];
        let call = json!({"role": "assistant", "finish_reason": "tool_calls", "parts": [{
            "type": "tool_call", "id": "call_1", "name": self.errand.tool,
            "arguments": serde_json::from_str::<Json>(self.errand.arguments).unwrap_or_default() }]});
        spans.push(self.chat(&mut at, &history, &call, 1200));
        let tool = self.tool(&mut at, fails, verdict, is_refused, &mut spans);
        spans.push(tool);
        let answer = match (fails, is_refused) {
            (true, _) => None,
            (_, true) => Some("I am not allowed to do that. A colleague will take care of it."),
            _ => Some(self.errand.answer),
        };
        if let Some(answer) = answer {
            let result = json!({"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_1",
                "response": if is_refused { "refused by the policy" } else { self.errand.result }}]});
            let history = [history, vec![call, result]].concat();
            let mut said = message("assistant", answer);
            said["finish_reason"] = "stop".into();
            spans.push(self.chat(&mut at, &history, &said, 1500));
        }
        spans.push(self.root(at + 10_000_000, fails, is_refused));
        let service = self.agent.service;
        spans.into_iter().map(|span| (service, span)).collect()
    }

    fn root(&mut self, length: u64, fails: bool, is_refused: bool) -> Json {
        let mut known = vec![
            ("gen_ai.operation.name", json!("invoke_agent")),
            ("gen_ai.agent.name", json!(self.agent.name)),
            ("gen_ai.prompt.name", json!(self.agent.name)),
            ("gen_ai.prompt.version", json!(self.one_of_both(self.agent.prompts))),
            ("tags", json!([self.agent.tag])),
        ];
        known.extend(self.session.clone().map(|session| ("session.id", json!(session))));
        known.extend(self.user.map(|user| ("user.id", json!(user))));
        if self.dice.in_a_hundred(40) && !fails {
            let helpful = if is_refused { 20 } else { 70 } + self.dice.below(30);
            known.push(("eval.score.helpful", json!(helpful as f64 / 100.0)));
        }
        let error = fails.then_some(("ToolError", "the tool did not answer"));
        self.span(ROOT, None, &format!("invoke_agent {}", self.agent.name), (0, length), &known, error)
    }

    fn chat(&mut self, at: &mut u64, history: &[Json], answer: &Json, tokens: u64) -> Json {
        let model = self.one_of_both(self.agent.models);
        let length = (600 + self.dice.below(2400)) * 1_000_000;
        let known = [
            ("gen_ai.operation.name", json!("chat")),
            ("gen_ai.provider.name", json!(self.agent.provider)),
            ("gen_ai.request.model", json!(model)),
            ("gen_ai.response.model", json!(model)),
            ("gen_ai.input.messages", json!(Json::from(history).to_string())),
            ("gen_ai.output.messages", json!(json!([answer]).to_string())),
            ("gen_ai.usage.input_tokens", json!(tokens + self.dice.below(900))),
            ("gen_ai.usage.output_tokens", json!(40 + self.dice.below(260))),
        ];
        let span = self.child(&format!("chat {model}"), (*at, *at + length), &known, None);
        *at += length + 3_000_000;
        span
    }

    /// The tool's span, and before it those of its gate and of the person who was asked.
    fn tool(
        &mut self,
        at: &mut u64,
        fails: bool,
        verdict: Option<&str>,
        is_refused: bool,
        spans: &mut Vec<Json>,
    ) -> Json {
        let start = *at;
        let id = self.next_id();
        if let Some(verdict) = verdict {
            let gate = [
                ("kitelogik.tool.name", json!(self.errand.tool)),
                ("kitelogik.policy.allow", json!(verdict == "allow")),
                ("kitelogik.policy.deny", json!(verdict == "deny")),
                ("kitelogik.policy.requires_hitl", json!(verdict == "hitl")),
                ("kitelogik.policy.reason", json!("money leaves the house")),
                ("kitelogik.policy.risk_tier", json!("high")),
            ];
            let gate_id = self.next_id();
            let times = (*at, *at + 4_000_000);
            spans.push(self.span(gate_id, Some(id), "policy_gate.evaluate", times, &gate, None));
            *at += 5_000_000;
            if verdict == "hitl" {
                let asked = (20 + self.dice.below(600)) * SECOND;
                let decision = if is_refused { "rejected" } else { "approved" };
                let person = [
                    ("gen_ai.guardrail.name", json!("human_approval")),
                    ("decision", json!(decision)),
                    ("source", json!("user")),
                ];
                let person_id = self.next_id();
                let times = (*at, *at + asked);
                spans.push(self.span(person_id, Some(id), "human_approval", times, &person, None));
                *at += asked;
            }
        }
        *at += (60 + self.dice.below(900)) * 1_000_000;
        let mut known = vec![
            ("gen_ai.operation.name", json!("execute_tool")),
            ("gen_ai.tool.name", json!(self.errand.tool)),
            ("gen_ai.tool.call.id", json!("call_1")),
            ("gen_ai.tool.call.arguments", json!(self.errand.arguments)),
        ];
        if !fails && !is_refused {
            known.push(("gen_ai.tool.call.result", json!(self.errand.result)));
        }
        let error = fails.then_some(("TimeoutError", "no answer within 5 s"));
        let name = format!("execute_tool {}", self.errand.tool);
        self.span(id, Some(ROOT), &name, (start, *at), &known, error)
    }

    fn child(
        &mut self,
        name: &str,
        times: (u64, u64),
        known: &[(&str, Json)],
        error: Option<(&str, &str)>,
    ) -> Json {
        let id = self.next_id();
        self.span(id, Some(ROOT), name, times, known, error)
    }

    fn next_id(&mut self) -> u64 {
        self.spans += 1;
        ROOT + self.spans
    }

    /// A span; its times count from the run's start.
    fn span(
        &self,
        id: u64,
        parent: Option<u64>,
        name: &str,
        (from, to): (u64, u64),
        known: &[(&str, Json)],
        error: Option<(&str, &str)>,
    ) -> Json {
        let mut span = json!({
            "traceId": self.trace, "spanId": format!("{id:016x}"), "name": name, "kind": 1,
            "startTimeUnixNano": (self.start + from).to_string(), "endTimeUnixNano": (self.start + to).to_string(),
            "attributes": attributes(known),
        });
        if let Some(parent) = parent {
            span["parentSpanId"] = format!("{parent:016x}").into();
        }
        if let Some((kind, message)) = error {
            span["status"] = json!({ "code": 2, "message": message });
            span["events"] = json!([{ "name": "exception", "timeUnixNano": (self.start + to).to_string(),
                "attributes": attributes(&[("exception.type", json!(kind)), ("exception.message", json!(message))]) }]);
        }
        span
    }
}

/// The id of each run's first span.
const ROOT: u64 = 0xd3a0_0000_0000_0001;

fn message(role: &str, text: &str) -> Json {
    json!({ "role": role, "parts": [{ "type": "text", "content": text }] })
}

/// Attributes as OTLP/JSON writes them.
fn attributes(known: &[(&str, Json)]) -> Json {
    let value = |json: &Json| match json {
        Json::Bool(_) => json!({ "boolValue": json }),
        Json::Number(number) if number.is_f64() => json!({ "doubleValue": json }),
        Json::Number(number) => json!({ "intValue": number.to_string() }),
        Json::Array(items) => json!({ "arrayValue": { "values":
            items.iter().map(|item| json!({ "stringValue": item })).collect::<Vec<_>>() } }),
        _ => json!({ "stringValue": json }),
    };
    known.iter().map(|(key, json)| json!({ "key": key, "value": value(json) })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_history_is_the_same_at_every_start_but_for_its_times() {
        let now = 1_790_000_000 * SECOND;
        let all = |now| days(now).map(|day| day.to_string()).collect::<String>();
        assert_eq!(all(now), all(now));
        let ids = |text: &str| {
            let ids = text.split("\"traceId\":\"").skip(1).map(|rest| rest[..32].to_owned());
            ids.collect::<BTreeSet<_>>()
        };
        assert_eq!(ids(&all(now)), ids(&all(now + DAY)));
        assert_eq!(ids(&all(now)).len() as u64, (0..DAYS).map(runs_on).sum::<u64>());
    }

    #[test]
    fn all_of_it_lies_in_the_two_weeks_before_the_stories() {
        let now = 1_790_000_000 * SECOND;
        for day in days(now) {
            for times in day.to_string().split("TimeUnixNano\":\"").skip(1) {
                let time: u64 = times.split('"').next().unwrap().parse().unwrap();
                assert!(time < now && time > now - (DAYS + 1) * DAY, "{time}");
            }
        }
    }
}
