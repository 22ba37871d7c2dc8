//! Secrets are taken out, everything else stays.

use crate::any_otlp;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{
        AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
        any_value::Value as Any,
    },
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{Exemplar, Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};
use proptest::prelude::*;
use prost::Message as _;
use serde_json::Value as Json;
use turnscope_model::{ContentHash, Record};
use turnscope_otlp::{cut, cut::Header, normalise, redact::Redactor};

fn any(text: impl Into<String>) -> AnyValue {
    AnyValue { value: Some(Any::StringValue(text.into())) }
}

fn attribute(key: &str, text: impl Into<String>) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(any(text)), key_strindex: 0 }
}

fn normalised(span: Span, redactor: &Redactor) -> Record {
    let span = Span { trace_id: vec![1; 16], span_id: vec![2; 8], ..span };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    let resource = Some(Resource {
        attributes: vec![attribute("process.command_line", SECRETS[0])],
        ..Resource::default()
    });
    let resource_spans = vec![ResourceSpans { scope_spans, resource, ..ResourceSpans::default() }];
    let found = normalise::traces(ExportTraceServiceRequest { resource_spans }, redactor);
    assert_eq!(found.rejected, 0, "{:?}", found.rejection);
    found.records.into_iter().next().expect("one record")
}

fn restored(record: &Record) -> Span {
    for value in &record.body.values {
        for (n, item) in value.items.iter().enumerate() {
            assert_eq!(
                item.hash,
                ContentHash::of(value.form, value.item(n)),
                "items are hashed as they are stored"
            );
        }
    }
    cut::restore_span(&record.body, &Header::from(record)).expect("it is restored")
}

fn text(span: &Span, key: &str) -> String {
    match span
        .attributes
        .iter()
        .find(|kv| kv.key == key)
        .and_then(|kv| kv.value.clone())
        .and_then(|any| any.value)
    {
        Some(Any::StringValue(text)) => text,
        other => format!("{other:?}"),
    }
}

const SECRETS: [&str; 10] = [
    "sk-ant-api03-abcdefghijklmnopqrstuv",
    "sk-proj-abc123def456ghi789jkl012",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_0123456789abcdefghij0123456789abcdef",
    "xoxb-123456789012-abcdefghij",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc",
    "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
];

#[test]
fn shapes_are_redacted_wherever_they_stand() {
    let redactor = Redactor::default();
    for secret in SECRETS {
        let message = |text: &str| serde_json::json!({"role": "user", "content": text});
        let json = serde_json::json!([
            message("hello"),
            message(&format!("my key is {secret}, thanks")),
            message("bye")
        ]);
        let long = format!("{} {secret} {}", "word ".repeat(60), "word ".repeat(60));
        let span = Span {
            name: format!("call {secret}"),
            attributes: vec![
                attribute("gen_ai.input.messages", json.to_string()),
                attribute("small", secret),
                attribute("long", &long),
                attribute("llm.input_messages.0.message.content", format!("say {secret}")),
                KeyValue {
                    key: "gen_ai.output.messages".into(),
                    value: Some(AnyValue {
                        value: Some(Any::ArrayValue(ArrayValue { values: vec![any(long)] })),
                    }),
                    key_strindex: 0,
                },
            ],
            events: vec![Event { attributes: vec![attribute("body", secret)], ..Event::default() }],
            status: Some(Status { message: format!("failed with {secret}"), code: 2 }),
            ..Span::default()
        };
        let record = normalised(span, &redactor);
        let back = restored(&record);
        let everything =
            format!("{:?} {:?} {back:?}", record.facts, String::from_utf8_lossy(&record.origin.bytes));
        let core = secret.lines().nth(1).unwrap_or(secret);
        assert!(!everything.contains(core), "{core} is left in {everything}");
        assert_eq!(record.facts.redacted, 8, "{secret}");
        let json: Json =
            serde_json::from_str(&text(&back, "gen_ai.input.messages")).expect("still valid JSON");
        let said = json[1]["content"].as_str().unwrap_or_default();
        assert!(said.starts_with("my key is [redacted:") && said.ends_with("], thanks"), "{said}");
    }
}

#[test]
fn secret_keys_are_redacted_in_attributes_json_and_maps() {
    let map = KeyValueList { values: vec![attribute("Cookie", "a=b"), attribute("path", "/")] };
    let inner = serde_json::json!({"Api-Key": "in\"ner\\", "n": 1}).to_string();
    let json = serde_json::json!({"headers": {"Authorization": "Basic dTpw", "x-api-key": ["abc"]}, "password": "p\"w\\", "ok": "password",
        "nested": inner, "schema": {"password": {"type": "string"}}, "secret": null});
    let span = Span {
        attributes: vec![
            attribute("http.request.header.authorization", "Basic abc"),
            KeyValue {
                key: "body".into(),
                value: Some(AnyValue { value: Some(Any::KvlistValue(map)) }),
                key_strindex: 0,
            },
            attribute("gen_ai.tool.call.arguments", json.to_string()),
            attribute(
                "gen_ai.input.messages",
                format!("[{{\"role\":\"tool\",\"content\":{}}}]", serde_json::json!(json.to_string())),
            ),
            attribute("python", "{'api_key': 'abc', 'other': 'x'}"),
            attribute("notes", "the secret of a good password is its length"),
        ],
        ..Span::default()
    };
    let record = normalised(span.clone(), &Redactor::default());
    let back = restored(&record);
    assert_eq!(text(&back, "http.request.header.authorization"), "[redacted:authorization]");
    assert!(text(&back, "body").contains("[redacted:cookie]") && text(&back, "body").contains("\"/\""));
    let expected = serde_json::json!({"headers": {"Authorization": "[redacted:authorization]", "x-api-key": ["[redacted:x_api_key]"]},
        "password": "[redacted:password]", "ok": "password", "schema": {"password": {"type": "string"}}, "secret": null,
        "nested": serde_json::json!({"Api-Key": "[redacted:api_key]", "n": 1}).to_string()});
    let found: Json =
        serde_json::from_str(&text(&back, "gen_ai.tool.call.arguments")).expect("still valid JSON");
    assert_eq!(found, expected);
    let found: Json = serde_json::from_str(&text(&back, "gen_ai.input.messages")).expect("still valid JSON");
    let content: Json =
        serde_json::from_str(found[0]["content"].as_str().unwrap_or_default()).expect("valid JSON in JSON");
    assert_eq!(content, expected);
    assert_eq!(text(&back, "python"), "{'api_key': '[redacted:api_key]', 'other': 'x'}");
    assert_eq!(text(&back, "notes"), "the secret of a good password is its length");
    assert_eq!(record.facts.redacted, 11);

    let record = normalised(span.clone(), &Redactor::off());
    assert_eq!((restored(&record).attributes, record.facts.redacted), (span.attributes, 0));
}

/// Texts that hold the secret `S3CR3T-v4lue`, and what is left of them.
const PAIRS: [(&str, &str); 30] = [
    (r#"{"OPENAI_API_KEY": "S3CR3T-v4lue"}"#, r#"{"OPENAI_API_KEY": "[redacted:api_key]"}"#),
    (r#"{"clientSecret":"S3CR3T-v4lue"}"#, r#"{"clientSecret":"[redacted:client_secret]"}"#),
    (r#"{"password": 8151923, "n": 1}"#, r#"{"password": "[redacted:password]", "n": 1}"#),
    (
        r#"{"password": {"old": "S3CR3T-v4lue", "n": 12}, "x": "y"}"#,
        r#"{"password": {"old": "[redacted:password]", "n": "[redacted:password]"}, "x": "y"}"#,
    ),
    (
        r#"{"cookie": ["S3CR3T-v4lue", "b"], "x": "y"}"#,
        r#"{"cookie": ["[redacted:cookie]", "[redacted:cookie]"], "x": "y"}"#,
    ),
    (
        r#"[{"name": "Authorization", "value": "S3CR3T-v4lue"}]"#,
        r#"[{"name": "Authorization", "value": "[redacted:authorization]"}]"#,
    ),
    (
        r#"{"value":"S3CR3T-v4lue","name":"x-api-key"}"#,
        r#"{"value":"[redacted:x_api_key]","name":"x-api-key"}"#,
    ),
    (
        r#"{"key":"password","value":{"stringValue":"S3CR3T-v4lue"}}"#,
        r#"{"key":"password","value":{"stringValue":"[redacted:password]"}}"#,
    ),
    (
        r#"[["Authorization", "S3CR3T-v4lue"], ["Accept", "x"]]"#,
        r#"[["Authorization", "[redacted:authorization]"], ["Accept", "x"]]"#,
    ),
    ("{'db_password': 'S3CR3T-v4lue'}", "{'db_password': '[redacted:password]'}"),
    (r#""{\"apiKey\":\"S3CR3T-v4lue\"}""#, r#""{\"apiKey\":\"[redacted:api_key]\"}""#),
    (
        "GET / HTTP/1.1\nAuthorization: Basic S3CR3T-v4lue\nAccept: */*",
        "GET / HTTP/1.1\nAuthorization: [redacted:authorization]\nAccept: */*",
    ),
    ("Cookie: a=1; b=S3CR3T-v4lue\r\nHost: x", "Cookie: [redacted:cookie]\r\nHost: x"),
    (
        r#"{"text":"X-Api-Key: S3CR3T-v4lue\nHost: x"}"#,
        r#"{"text":"X-Api-Key: [redacted:x_api_key]\nHost: x"}"#,
    ),
    (
        r#"curl -H "X-Api-Key: S3CR3T-v4lue" https://x"#,
        r#"curl -H "X-Api-Key: [redacted:x_api_key]" https://x"#,
    ),
    (
        "curl -H 'Authorization: token S3CR3T-v4lue' https://x",
        "curl -H 'Authorization: [redacted:authorization]' https://x",
    ),
    ("curl -s -u bob:S3CR3T-v4lue https://x", "curl -s -u bob:[redacted:curl-password] https://x"),
    ("psql postgres://bob:S3CR3T-v4lue@db/x", "psql postgres://bob:[redacted:url-password]@db/x"),
    ("export OPENAI_API_KEY=S3CR3T-v4lue\nx", "export OPENAI_API_KEY=[redacted:api_key]\nx"),
    ("DB_PASSWORD=correcthorse", "DB_PASSWORD=[redacted:password]"),
    (r#"{"out":"keys\nDB_PASSWORD=correcthorse\n"}"#, r#"{"out":"keys\nDB_PASSWORD=[redacted:password]\n"}"#),
    ("https://x/?api_key=S3CR3T-v4lue&y=1", "https://x/?api_key=[redacted:api_key]&y=1"),
    ("login --password S3CR3T-v4lue --quiet", "login --password [redacted:password] --quiet"),
    ("login --password='S3CR3T-v4lue' --quiet", "login --password='[redacted:password]' --quiet"),
    ("Client(api_key=\"S3CR3T-v4lue\")", "Client(api_key=\"[redacted:api_key]\")"),
    ("password: S3CR3T-v4lue\nuser: bob", "password: [redacted:password]\nuser: bob"),
    ("密码 password：x, api_key=S3CR3T-v4lue。", "密码 password：x, api_key=[redacted:api_key]"),
    ("AccountName=x;AccountKey=S3CR3T-v4lue==;End", "AccountName=x;AccountKey=[redacted:account_key];End"),
    (r#"{"text":"\u5bc6sk-proj-T001abcdefghij0123456789"}"#, r#"{"text":"\u5bc6[redacted:openai-key]"}"#),
    ("密钥sk-proj-T001abcdefghij0123456789", "密钥[redacted:openai-key]"),
];

/// Texts that only look as if they held one.
const INNOCENT: [&str; 12] = [
    r#"{"properties": {"password": {"type": "string", "description": "at least 12 letters"}}, "required": ["password"]}"#,
    "the secret: always be kind",
    "Cookies are fine, and so is a cookie",
    "api_key=os.environ[\"OPENAI_API_KEY\"]",
    "password=$PASSWORD",
    "def login(user, password: str) -> None:",
    r#"{"secret": null, "password": true, "cookie": "", "api_key": "[redacted:api_key]"}"#,
    r#"{"name": "get_password_rules", "arguments": {"n": 1}}"#,
    "https://example.com:8080/a@b",
    "tasksk-aaaaaaaaaaaaaaaaaaaaaaaaa1 is no key",
    "the authorization code flow",
    r#"{"messages":[{"role":"user","content":"What is a good password?"}]}"#,
];

#[test]
fn values_of_secret_keys_are_redacted_in_every_notation() {
    let redactor = Redactor::default();
    let attribute_of = |given: &str| {
        let span = Span { attributes: vec![attribute("said", given)], ..Span::default() };
        text(&restored(&normalised(span, &redactor)), "said")
    };
    for (given, left) in PAIRS {
        assert_eq!(attribute_of(given), left);
        assert_eq!(redactor.redacted(left), (left.to_owned(), 0), "what was redacted is no secret");
        // The same as the text of a message, whose JSON escapes it.
        let json = serde_json::json!([{"role": "user", "parts": [{"type": "text", "content": given}]}]);
        let span = Span {
            attributes: vec![attribute("gen_ai.input.messages", json.to_string())],
            ..Span::default()
        };
        let back = text(&restored(&normalised(span, &redactor)), "gen_ai.input.messages");
        let back: Json = serde_json::from_str(&back).expect("still valid JSON");
        let said = back[0]["parts"][0]["content"].as_str().unwrap_or_default();
        assert!(!said.contains("S3CR3T") && said.contains("[redacted:"), "{given}: {said}");
    }
    for given in INNOCENT {
        assert_eq!(attribute_of(given), given);
    }
}

/// Attributes with the secret in each kind of value, in their keys, and in the keys of maps.
fn attributes_with(secret: &str) -> Vec<KeyValue> {
    let named =
        |key: &str, value: AnyValue| KeyValue { key: key.into(), value: Some(value), key_strindex: 0 };
    let list = |values| AnyValue { value: Some(Any::KvlistValue(KeyValueList { values })) };
    let bytes = || AnyValue { value: Some(Any::BytesValue(format!("in bytes: {secret}").into_bytes())) };
    vec![
        named("headers", list(vec![named("name", any("Cookie")), named("value", any(secret))])),
        named("dbPassword", list(vec![named("n", AnyValue { value: Some(Any::IntValue(815_1923)) })])),
        named(secret, any("a key")),
        named("map", list(vec![named(secret, any("a key within"))])),
        named("bytes", bytes()),
        named("list", AnyValue { value: Some(Any::ArrayValue(ArrayValue { values: vec![bytes()] })) }),
        named("long", any(format!("{secret} {}", "and so on ".repeat(500)))),
    ]
}

#[test]
fn secrets_are_redacted_in_every_field_of_a_record() {
    let secret = SECRETS[1];
    let attributes = || attributes_with(secret);
    let scope = || {
        Some(InstrumentationScope {
            name: secret.into(),
            version: secret.into(),
            attributes: attributes(),
            ..InstrumentationScope::default()
        })
    };
    let resource = || {
        let entity = EntityRef {
            schema_url: secret.into(),
            r#type: secret.into(),
            id_keys: vec![secret.into()],
            description_keys: vec![secret.into()],
        };
        Some(Resource { attributes: attributes(), entity_refs: vec![entity], ..Resource::default() })
    };
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: secret.into(),
        trace_state: format!("a={secret}"),
        attributes: attributes(),
        events: vec![Event { name: secret.into(), attributes: attributes(), ..Event::default() }],
        links: vec![Link {
            trace_id: vec![1; 16],
            span_id: vec![3; 8],
            trace_state: secret.into(),
            attributes: attributes(),
            ..Link::default()
        }],
        status: Some(Status { message: secret.into(), code: 2 }),
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans { scope: scope(), spans: vec![span], schema_url: secret.into() }];
    let traces = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource: resource(), scope_spans, schema_url: secret.into() }],
    };
    let body = AnyValue { value: Some(Any::KvlistValue(KeyValueList { values: attributes() })) };
    let log = LogRecord {
        severity_text: secret.into(),
        event_name: secret.into(),
        attributes: attributes(),
        body: Some(body),
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records: vec![log], schema_url: secret.into() }];
    let logs = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource: resource(), scope_logs, schema_url: secret.into() }],
    };
    let redactor = Redactor::default();
    let (traces, logs) = (normalise::traces(traces, &redactor), normalise::logs(logs, &redactor));
    let without = |shown: &str| {
        let bytes = format!("{:?}", b"abc123def456");
        let bytes = bytes.trim_matches(['[', ']']);
        assert!(!shown.contains("abc123def456") && !shown.contains("8151923"), "{shown}");
        assert!(!shown.contains(bytes), "in bytes: {shown}");
    };
    for record in [&traces.records[0], &logs.records[0]] {
        without(&format!("{:?} {}", record.facts, String::from_utf8_lossy(&record.origin.bytes)));
    }
    without(&format!("{:?}", restored(&traces.records[0])));
    let log =
        cut::restore_log(&logs.records[0].body, &Header::from(&logs.records[0])).expect("it is restored");
    without(&format!("{log:?}"));

    let exemplar = Exemplar { filtered_attributes: attributes(), ..Exemplar::default() };
    let point =
        NumberDataPoint { attributes: attributes(), exemplars: vec![exemplar], ..NumberDataPoint::default() };
    let metric = Metric {
        name: secret.into(),
        description: secret.into(),
        unit: secret.into(),
        metadata: attributes(),
        data: Some(Data::Gauge(Gauge { data_points: vec![point] })),
    };
    let scope_metrics =
        vec![ScopeMetrics { scope: scope(), metrics: vec![metric], ..ScopeMetrics::default() }];
    let metrics = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics { scope_metrics, ..ResourceMetrics::default() }],
    };
    let metrics = normalise::metrics(metrics, &redactor);
    without(&String::from_utf8_lossy(&metrics.records[0].bytes));
}

#[test]
fn bytes_that_are_no_text_stay_as_they_are() {
    let image = [&b"\x89PNG "[..], SECRETS[1].as_bytes()].concat();
    let value = Some(AnyValue { value: Some(Any::BytesValue(image.clone())) });
    let span = Span {
        attributes: vec![KeyValue { key: "picture".into(), value, key_strindex: 0 }],
        ..Span::default()
    };
    let back = restored(&normalised(span, &Redactor::default()));
    let value = back.attributes[0].value.as_ref().and_then(|any| any.value.clone());
    assert_eq!(value, Some(Any::BytesValue(image)));
}

#[test]
fn a_history_that_is_sent_again_is_redacted_again() {
    let redactor = Redactor::default();
    let text =
        format!(r#"[{{"role":"user","content":"{}"}},{{"role":"user","content":"clean"}}]"#, SECRETS[0]);
    let span = Span { attributes: vec![attribute("gen_ai.input.messages", text)], ..Span::default() };
    let first = normalised(span.clone(), &redactor);
    let second = normalised(span, &redactor);
    assert_eq!((first.facts.redacted, second.facts.redacted), (1, 1));
    assert_eq!(first.body.values, second.body.values);
    assert_eq!(first.facts.context, second.facts.context);
}

#[test]
fn a_short_text_can_hold_a_secret_under_a_key_of_the_users_own() {
    let (left, count) = Redactor::with(&["id"], &[]).expect("valid rules").redacted(r#"{"id":7}"#);
    assert_eq!((left.as_str(), count), (r#"{"id":"[redacted:id]"}"#, 1));
}

#[test]
fn extra_rules_are_checked_and_applied() {
    let redactor = Redactor::with(&["Account-Number"], &[r"\b\d{4}-\d{4}\b"]).expect("valid rules");
    let span = Span {
        attributes: vec![
            attribute("account_number", "17"),
            attribute("x", "call 1234-5678"),
            attribute("y", "1234"),
        ],
        ..Span::default()
    };
    let record = normalised(span, &redactor);
    let back = restored(&record);
    assert_eq!(text(&back, "account_number"), "[redacted:account_number]");
    assert_eq!(
        (text(&back, "x"), text(&back, "y")),
        ("call [redacted:pattern-1]".to_owned(), "1234".to_owned())
    );
    for (keys, patterns, expected) in [
        (&["--"][..], &[][..], "has no letters"),
        (&[], &["a("], "is not a valid regular expression"),
        (&[], &["x*"], "matches the empty text"),
    ] {
        let error = Redactor::with(keys, patterns).expect_err("it is refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_default_rules_compile() {
    assert!(!format!("{:?}", Redactor::default()).contains("None"));
}

#[test]
fn a_log_record_is_redacted() {
    let body = KeyValueList { values: vec![attribute("password", "x"), attribute("content", SECRETS[3])] };
    let log = LogRecord {
        body: Some(AnyValue { value: Some(Any::KvlistValue(body)) }),
        attributes: vec![attribute("cookie", "c")],
        event_name: "gen_ai.user.message".into(),
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs { log_records: vec![log], ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    let found = normalise::logs(ExportLogsServiceRequest { resource_logs }, &Redactor::default());
    let back =
        cut::restore_log(&found.records[0].body, &Header::from(&found.records[0])).expect("it is restored");
    let shown = format!("{back:?}");
    assert!(
        !shown.contains("ghp_")
            && shown.contains("[redacted:password]")
            && shown.contains("[redacted:cookie]"),
        "{shown}"
    );
    assert_eq!(found.records[0].facts.redacted, 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_holds_no_secret_stays_as_it_is(span in any_otlp::span()) {
        let span = Span { trace_id: vec![1; 16], span_id: vec![2; 8], ..span };
        let record = normalised(span.clone(), &Redactor::default());
        let back = restored(&record);
        if record.facts.redacted == 0 {
            prop_assert_eq!(back.encode_to_vec(), span.encode_to_vec());
        }
        let off = normalised(span.clone(), &Redactor::off());
        prop_assert_eq!(restored(&off).encode_to_vec(), span.encode_to_vec());
    }
}
