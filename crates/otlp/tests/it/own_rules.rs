//! A made-up dialect, from nothing to full understanding by a file of rules.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use std::sync::Arc;
use turnscope_model::{Kind, Purpose, Record};
use turnscope_otlp::{
    explain, messages,
    normalise::{self, again},
    own_rules::{self, FACTS, RuleFile},
    redact::Redactor,
};

/// The rules that the workspace's documents show, too.
const ZORK: &str = include_str!("zork.toml");

fn text(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) });
    KeyValue { key: key.to_owned(), value, key_strindex: 0 }
}

fn span(name: &str, id: u8, attributes: Vec<KeyValue>) -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: vec![id; 8],
        parent_span_id: if id == 1 { Vec::new() } else { vec![1; 8] },
        name: name.to_owned(),
        start_time_unix_nano: 1_000_000_000,
        end_time_unix_nano: 2_000_000_000,
        attributes,
        ..Span::default()
    }
}

fn capture() -> Vec<Span> {
    vec![
        span("zork", 1, vec![text("zork.who", "grue"), text("zork.chat", "c-1")]),
        span(
            "zork.think",
            2,
            vec![
                text("zork.engine", "deep-thought-2"),
                text("zork.stats", "{\"in\":{\"all\":120,\"old\":100},\"out\":7,\"first\":250}"),
                text("zork.chat", "c-1"),
                text("zork.heard", "[{\"role\":\"user\",\"content\":\"where is the lamp?\"}]"),
                text("zork.said", "[{\"role\":\"assistant\",\"content\":\"in the attic\"}]"),
            ],
        ),
        span(
            "zork.do",
            3,
            vec![
                text("zork.label", "take"),
                text("zork.call", "t-1"),
                text("zork.with", "{\"what\":\"lamp\"}"),
                text("zork.got", "taken"),
            ],
        ),
    ]
}

fn records() -> Vec<Record> {
    let scope = Some(InstrumentationScope { name: "zork-sdk".into(), ..InstrumentationScope::default() });
    let scope_spans = vec![ScopeSpans { scope, spans: capture(), ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    normalise::traces(ExportTraceServiceRequest { resource_spans }, &Redactor::off()).records
}

fn purposes(record: &Record) -> Vec<Purpose> {
    record.body.values.iter().map(|value| value.purpose).collect()
}

fn check(records: &[Record]) {
    let [run, call, tool] = records else { panic!("{} records", records.len()) };
    assert_eq!((run.facts.kind, run.facts.agent_name.as_deref()), (Kind::Run, Some("grue")));
    let facts = &call.facts;
    assert_eq!((facts.kind, facts.dialect.as_str()), (Kind::Llm, "zork"));
    assert_eq!(facts.request_model.as_deref(), Some("deep-thought-2"));
    assert_eq!(facts.session_id.as_deref(), Some("c-1"));
    let usage = &facts.usage;
    assert_eq!(
        (usage.input_tokens, usage.cache_read_tokens, usage.output_tokens),
        (Some(120), Some(100), Some(7))
    );
    assert_eq!(facts.time_to_first_chunk_ns, Some(250_000_000));
    assert_eq!(facts.input_text.as_deref(), Some("where is the lamp?"));
    assert_eq!(facts.output_text.as_deref(), Some("in the attic"));
    assert_eq!(purposes(call), [Purpose::Input, Purpose::Output]);
    let facts = &tool.facts;
    assert_eq!((facts.kind, facts.tool_name.as_deref()), (Kind::Tool, Some("take")));
    assert_eq!(facts.tool_call_id.as_deref(), Some("t-1"));
    assert_eq!(purposes(tool), [Purpose::Arguments, Purpose::Result]);
}

/// Who asks is told of the attributes that the file names, not of those that the tables know.
fn explain_names_the_rules() {
    let scope = Some(InstrumentationScope { name: "zork-sdk".into(), ..InstrumentationScope::default() });
    let scope_spans = vec![ScopeSpans { scope, ..ScopeSpans::default() }];
    let origin = ResourceSpans { scope_spans, ..ResourceSpans::default() };
    let explained = explain::span(&capture()[1], &origin).unwrap().explained;
    let given_by = |fact: &str| {
        let explained = explained.iter().find(|one| one.fact == fact).unwrap();
        (explained.given_by[0].place.to_string(), explained.how.clone())
    };
    let own = vec!["a rule of your own"];
    assert_eq!(given_by("request_model"), ("zork.engine".to_owned(), own.clone()));
    assert_eq!(given_by("input_tokens"), ("zork.stats › in › all".to_owned(), own));
    assert_eq!(given_by("kind").1, ["a rule of your own says what kind of step it is"]);
    assert_eq!(given_by("dialect").1, ["a rule of your own recognises it"]);
}

// One test: the rules in force are one value for the process.
#[test]
fn a_made_up_dialect_is_understood_by_a_file_of_rules_also_where_it_was_stored_before() {
    let before = records();
    assert!(before.iter().all(|record| record.facts.kind == Kind::Other), "nothing is known of it");
    assert!(before[1].facts.request_model.is_none());

    own_rules::set(Some(Arc::new(RuleFile::parse(ZORK).unwrap())));
    check(&records());
    let stored: Vec<Record> = before.iter().map(|record| again(record).unwrap()).collect();
    check(&stored);
    let heard =
        messages::item_text(stored[1].body.values[0].form, Purpose::Input, stored[1].body.values[0].item(0));
    assert!(heard.contains("where is the lamp?"), "it can be searched for: {heard}");

    explain_names_the_rules();

    // Each fact that a rule can give is found by the tables.
    for fact in FACTS {
        let rules = format!(
            "[[dialect]]\nname = \"zork\"\nscope = \"zork-sdk\"\n[[dialect.kind]]\nis = \"llm\"\nspan = \"*\"\n\
             [dialect.facts]\n{} = \"zork.label\"",
            fact.name
        );
        let debug = |rules: &str, value: &str| {
            own_rules::set(Some(Arc::new(RuleFile::parse(rules).unwrap())));
            let mut span = span("zork.do", 3, vec![text("zork.label", value)]);
            if fact.name == "error_type" || fact.name == "error_message" {
                span.status =
                    Some(opentelemetry_proto::tonic::trace::v1::Status { code: 2, ..Default::default() });
            }
            let scope =
                Some(InstrumentationScope { name: "zork-sdk".into(), ..InstrumentationScope::default() });
            let scope_spans = vec![ScopeSpans { scope, spans: vec![span], ..ScopeSpans::default() }];
            let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
            let request = ExportTraceServiceRequest { resource_spans };
            format!("{:?}", normalise::traces(request, &Redactor::off()).records[0].facts)
        };
        let value = match fact.name {
            "verdict" => "deny",
            _ if fact.is_number => "3",
            _ => "openai",
        };
        let without = rules.replace(&format!("{} =", fact.name), "input_messages =");
        if fact.name == "decided_by" || fact.name == "reason" || fact.name == "risk_tier" {
            continue; // of a verdict, which is not there alone
        }
        assert_ne!(debug(&rules, value), debug(&without, value), "{} is found", fact.name);
    }
    own_rules::set(None);
    assert_eq!(format!("{:?}", records()), format!("{before:?}"));
}
