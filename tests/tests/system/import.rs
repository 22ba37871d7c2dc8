//! Out and in again: what a server exports, another one takes, whatever its size, and shows the same.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::{
    path::Path,
    process::{Command, Output},
};
use turnscope_tests::{
    load,
    testkit::{At, InProcess, Turnscope},
};

const JSON: (&str, &str) = ("content-type", "application/json");

fn cli(server: &At, args: &[&str]) -> Output {
    command(server, args).output().expect("it runs")
}

fn command(server: &At, args: &[&str]) -> Command {
    let mut command = Turnscope::program();
    command.args(args).arg("--server").arg(format!("http://{}", server.0.listen));
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn exported(server: &At, file: &Path) {
    let output = cli(server, &["export", "--all", "-o", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
}

fn import(server: &At, file: &Path) -> String {
    let output = cli(server, &["import", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

/// All that a server shows of its runs.
fn shown(server: &At) -> Json {
    let list = server.json("/v1/runs?limit=200&order=started_at");
    let mut ids: Vec<String> =
        list["runs"].as_array().unwrap().iter().map(|run| run["run_id"].as_str().unwrap().into()).collect();
    ids.sort();
    let of = |id: &String| {
        json!([
            server.json(&format!("/v1/runs/{id}")),
            server.json(&format!("/v1/runs/{id}/timeline?include_data=true")),
            server.json(&format!("/v1/runs/{id}/scores")),
        ])
    };
    let mut shown: Json = ids.iter().map(of).collect();
    order_tags(&mut shown);
    let mut traces = server.json("/v1/traces?limit=1000")["traces"].as_array().unwrap().clone();
    traces.sort_by_key(ToString::to_string);
    json!({ "runs": shown, "sessions": server.json("/v1/sessions")["sessions"], "traces": traces, "loose": loose(server) })
}

/// The telemetry that belongs to no run, one text for each record or metric, sorted: it has no order.
fn loose(server: &At) -> Vec<String> {
    let mut found = Vec::new();
    let mut path = "/v1/loose-telemetry".to_owned();
    loop {
        let page = server.json(&path);
        assert_eq!(page["unreadable"], json!([]));
        for (signal, scopes, records) in [
            ("resourceSpans", "scopeSpans", "spans"),
            ("resourceLogs", "scopeLogs", "logRecords"),
            ("resourceMetrics", "scopeMetrics", "metrics"),
        ] {
            for of_resource in page["otlp"][signal].as_array().into_iter().flatten() {
                let of_scope = &of_resource[scopes][0];
                let origin = [&of_resource["resource"], &of_scope["scope"], &of_scope["schemaUrl"]];
                let records = of_scope[records].as_array().unwrap();
                found.extend(records.iter().map(|record| json!([signal, origin, record]).to_string()));
            }
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/loose-telemetry?cursor={cursor}");
    }
    found.sort();
    found
}

/// Tags have no order.
fn order_tags(shown: &mut Json) {
    match shown {
        Json::Object(map) => {
            if let Some(Json::Array(tags)) = map.get_mut("tags") {
                tags.sort_by_key(ToString::to_string);
            }
            map.values_mut().for_each(order_tags);
        }
        Json::Array(list) => list.iter_mut().for_each(order_tags),
        _ => {}
    }
}

/// A span of a run: what it is, which earlier one it lies in, and what is odd about it.
type Planned = (u8, usize, u8);

fn attributes(kind: u8, odd: u8, n: usize) -> Json {
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let mut attributes = match kind {
        0 => vec![text("gen_ai.operation.name", "invoke_agent"), text("gen_ai.agent.name", &format!("agent {n}"))],
        1 => vec![
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.request.model", "m"),
            json!({ "key": "gen_ai.usage.input_tokens", "value": { "intValue": "7" } }),
            text("gen_ai.input.messages", &json!([{ "role": "user", "parts": [{ "type": "text", "content": format!("question {n}") }] }]).to_string()),
        ],
        2 => vec![text("gen_ai.operation.name", "execute_tool"), text("gen_ai.tool.name", "t")],
        _ => vec![text("session.id", "s")],
    };
    attributes.push(match odd {
        0 => json!({ "key": "odd", "value": { "doubleValue": "NaN" } }),
        1 => json!({ "key": "odd", "value": { "doubleValue": "-Infinity" } }),
        2 => json!({ "key": "odd", "value": { "bytesValue": "AAEC/w" } }),
        3 => json!({ "key": "odd", "value": { "arrayValue": { "values": [{ "intValue": "-9223372036854775808" }, {}, { "kvlistValue": { "values": [] } }] } } }),
        4 => text("gen_ai.tool.call.result", r#"{"wei": 25000000000000000001, "z": 0.10}"#),
        _ => json!({ "key": "odd", "value": { "stringValue": "a\u{0}\u{1b}[2J\u{202e}b" } }),
    });
    attributes.into()
}

fn telemetry(runs: &[Vec<Planned>]) -> Json {
    let resource_spans = runs.iter().enumerate().map(|(run, spans)| {
        let span = |(n, (kind, parent, odd)): (usize, &Planned)| {
            let id = |n: usize| format!("{:016x}", n + 1);
            let start = load::ZERO + run as u64 * 1_000_000_000 + n as u64 * 1_000_000;
            let parent = if n == 0 { String::new() } else { id(parent % n) };
            json!({ "traceId": format!("{:032x}", run + 1), "spanId": id(n), "parentSpanId": parent, "name": format!("span {n}"),
                "startTimeUnixNano": if n > 0 && *odd == 5 { 0 } else { start }.to_string(),
                "endTimeUnixNano": (start + 500_000_000 - n as u64).to_string(),
                "attributes": attributes(if n == 0 { 0 } else { *kind }, *odd, n), "status": { "code": odd % 3 },
                "events": [{ "name": "e", "timeUnixNano": (start + 5).to_string(), "attributes": attributes(9, *odd, n) }] })
        };
        let spans: Json = spans.iter().enumerate().map(span).collect();
        json!({ "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": format!("svc {}", run % 2) } }] },
            "scopeSpans": [{ "scope": { "name": "scope", "version": "1" }, "schemaUrl": "https://example.org/1", "spans": spans }] })
    });
    json!({ "resourceSpans": resource_spans.collect::<Vec<_>>() })
}

/// A log record of each run's first span, and as many that name no trace or one without spans.
fn logs(runs: usize, loose: &[u8]) -> Json {
    let of_no_run = loose.iter().enumerate().map(|(n, odd)| {
        let mut record = json!({ "timeUnixNano": (load::ZERO + n as u64).to_string(), "body": { "stringValue": "loose" },
            "attributes": attributes(9, *odd, n) });
        if odd % 2 == 0 {
            record["traceId"] = format!("{:032x}", 1000 + n).into();
        }
        record
    });
    let records: Json = (0..runs)
        .map(|run| {
            json!({ "timeUnixNano": (load::ZERO + 7).to_string(), "severityText": "WARN", "body": { "doubleValue": "Infinity" },
                "traceId": format!("{:032x}", run + 1), "spanId": format!("{:016x}", 1) })
        })
        .chain(of_no_run)
        .collect();
    json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": records }] }] })
}

/// Traces that make no run.
fn plain_traces(loose: &[u8]) -> Json {
    let spans = loose.iter().enumerate().flat_map(|(n, odd)| {
        (0..=*odd).map(move |child| {
            let start = load::ZERO + n as u64 * 1_000 + u64::from(child);
            let parent = if child == 0 { String::new() } else { format!("{child:016x}") };
            json!({ "traceId": format!("{:032x}", 500 + n), "spanId": format!("{:016x}", child + 1), "parentSpanId": parent,
                "name": "GET /", "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 9).to_string(),
                "attributes": [{ "key": "http.request.method", "value": { "stringValue": "GET" } }] })
        })
    });
    json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans.collect::<Vec<_>>() }] }] })
}

fn metrics(loose: &[u8]) -> Json {
    let metric = |(n, odd): (usize, &u8)| {
        let point = json!({ "attributes": attributes(9, *odd, n), "timeUnixNano": (load::ZERO + n as u64).to_string(),
            "asDouble": "Infinity", "count": "2", "sum": "NaN", "bucketCounts": ["1", "1"], "explicitBounds": [0.5] });
        let kind =
            ["gauge", "sum", "histogram", "exponentialHistogram", "summary", "gauge"][usize::from(*odd)];
        json!({ "name": format!("metric {}", n % 2), "unit": "s", kind: { "dataPoints": [point] } })
    };
    let metrics: Json = loose.iter().enumerate().map(metric).collect();
    json!({ "resourceMetrics": [{ "resource": { "attributes": [] }, "scopeMetrics": [{ "metrics": metrics, "scope": { "name": "m" } }] }] })
}

/// Tags and scores, on the run of any number.
fn mark(server: &At, marks: &[(usize, u8)]) {
    let list = server.json("/v1/runs?limit=200&order=started_at");
    let ids: Vec<&str> =
        list["runs"].as_array().unwrap().iter().map(|run| run["run_id"].as_str().unwrap()).collect();
    for (n, (run, what)) in marks.iter().enumerate() {
        let path = format!("/v1/runs/{}", ids[run % ids.len()]);
        let reply = match what {
            0 => server.ask("PATCH", &path, &json!({ "add_tags": [format!("tag {}", n % 3)] })),
            1 => server.ask(
                "POST",
                &format!("{path}/scores"),
                &json!({ "name": "same", "value": 0.5, "source": "person", "comment": "so \u{202e} so" }),
            ),
            _ => server.ask(
                "POST",
                &format!("{path}/scores"),
                &json!({ "name": format!("s{n}"), "label": "bad", "turn": 1 }),
            ),
        };
        assert!(reply.status < 300, "{}", reply.text());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_server_shows_the_same_after_export_and_import(
        runs in proptest::collection::vec(proptest::collection::vec((0..4_u8, any::<usize>(), 0..6_u8), 1..9), 1..6),
        marks in proptest::collection::vec((any::<usize>(), 0..3_u8), 0..8),
        of_no_run in proptest::collection::vec(0..6_u8, 0..9),
    ) {
        let (one, other) = (InProcess::start(|_| ()), InProcess::start(|_| ()));
        for (path, body) in [
            ("/v1/traces", telemetry(&runs)),
            ("/v1/logs", logs(runs.len(), &of_no_run)),
            ("/v1/traces", plain_traces(&of_no_run)),
            ("/v1/metrics", metrics(&of_no_run)),
        ] {
            prop_assert_eq!(one.post(path, &[JSON], body.to_string().as_bytes()).text(), "{}");
        }
        mark(&one, &marks);
        let file = tempfile::NamedTempFile::new().unwrap();
        exported(&one, file.path());
        let before = shown(&one);
        prop_assert!(!before["runs"].as_array().unwrap().is_empty());
        prop_assert!(before["loose"].as_array().unwrap().len() >= of_no_run.len() * 3);
        for _ in 0..2 {
            // Times and ids of marks come along too, so that a second import adds nothing.
            import(&other, file.path());
            let after = shown(&other);
            prop_assert_eq!(&after, &before);
        }
    }
}

#[test]
fn a_run_that_is_larger_than_a_request_may_be_is_imported_in_pieces() {
    let limited = || InProcess::start(|config| config.max_body_bytes = 200_000);
    let (one, other) = (limited(), limited());
    for n in 0..12 {
        let parent = (n > 0).then_some(0);
        // Written as JSON, this text takes six times as much: its record is sent as protobuf.
        let text = if n == 5 { "\u{1}".repeat(150_000) } else { format!("{n}").repeat(90_000) };
        let attributes = vec![
            load::text("gen_ai.operation.name", if n == 0 { "invoke_agent" } else { "execute_tool" }),
            load::text("gen_ai.agent.name", "long"),
            load::text("gen_ai.tool.call.result", text),
        ];
        let body = load::encode(vec![load::span(0, n, parent, "step", attributes)]);
        let reply = one.post("/v1/traces", &[("content-type", "application/x-protobuf")], &body);
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    exported(&one, file.path());
    assert!(file.path().metadata().unwrap().len() > 1_000_000);
    let taken = import(&other, file.path());
    assert!(taken.contains("Imported 12 records, 1 exported run"), "{taken}");
    assert_eq!(shown(&other), shown(&one));
}

#[test]
fn an_import_that_stops_says_what_was_taken_and_goes_on_from_there() {
    let server = InProcess::start(|_| ());
    let line = |run: u64| {
        let span = json!({ "traceId": format!("{run:032x}"), "spanId": "b7ad6b7169203331", "name": "old", "startTimeUnixNano": "1750000000000000000",
            "endTimeUnixNano": "1750000000000000009", "attributes": [{ "key": "gen_ai.operation.name", "value": { "stringValue": "invoke_agent" } }] });
        json!({ "resource_spans": [{ "scope_spans": [{ "spans": [span] }] }] }).to_string()
    };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("collector.jsonl");
    std::fs::write(&file, format!("{}\n{}\n{{\"resource_spans\": [", line(1), line(2))).unwrap();
    let stopped = cli(&server, &["import", file.to_str().unwrap()]);
    assert_eq!(stopped.status.code(), Some(1));
    let text = said(&stopped);
    assert!(
        text.contains("Imported 2 records") && text.contains("object 3") && text.contains("--skip 2"),
        "{text}"
    );
    assert_eq!(server.json("/v1/runs")["total"], 2);
    std::fs::write(&file, format!("{}\n{}\n{}\n", line(1), line(2), line(3))).unwrap();
    let went_on = cli(&server, &["import", "--skip", "2", file.to_str().unwrap()]);
    assert!(said(&went_on).contains("Imported 1 record."), "{}", said(&went_on));
    assert_eq!(server.json("/v1/runs")["total"], 3);
}

#[test]
fn an_import_hears_why_it_was_refused() {
    let server = InProcess::start(|config| config.api_key = Some(turnscope_server::ApiKey::new("s3cret")));
    let file = tempfile::NamedTempFile::new().unwrap();
    let span = json!({ "name": "x".repeat(3_000_000) });
    let body = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span] }] }] });
    std::fs::write(file.path(), body.to_string()).unwrap();
    let refused = cli(&server, &["import", file.path().to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
}

/// A request of one resource as the collector writes it: what belongs to the whole stands behind the records.
fn collector_file(spans: usize) -> String {
    let spans: Vec<String> = (1..=spans)
        .map(|n| {
            json!({ "traceId": format!("{:032x}", 7), "spanId": format!("{n:016x}"), "name": "x".repeat(1000),
                "startTimeUnixNano": "1750000000000000000", "endTimeUnixNano": "1750000000000000009" })
            .to_string()
        })
        .collect();
    format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}],"scope":{{"name":"late"}},"schemaUrl":"https://example.org/2"}}],
            "schemaUrl":"https://example.org/1","resource":{{"attributes":[]}}}}]}}"#,
        spans.join(",")
    )
}

#[test]
fn one_object_larger_than_a_request_may_be_is_imported_in_pieces() {
    let server = InProcess::start(|config| config.max_body_bytes = 100_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), collector_file(900)).unwrap();
    for _ in 0..2 {
        let taken = import(&server, file.path());
        assert!(taken.contains("Imported 900 records"), "{taken}");
        assert_eq!(server.json("/v1/traces")["traces"][0]["span_count"], 900);
    }
    let page = server.json("/v1/loose-telemetry");
    let resource = &page["otlp"]["resourceSpans"][0];
    assert_eq!(resource["schemaUrl"], "https://example.org/1");
    assert_eq!(resource["scopeSpans"][0]["schemaUrl"], "https://example.org/2");
    assert_eq!(resource["scopeSpans"][0]["scope"]["name"], "late");
}

#[test]
fn protobuf_files_larger_than_a_request_may_be_are_imported_in_pieces() {
    let server = InProcess::start(|config| config.max_body_bytes = 100_000);
    let spans = |trace, count| -> Vec<u8> {
        let text = vec![load::text("http.route", "x".repeat(1000))];
        load::encode((0..count).map(|n| load::span(trace, n, None, "step", text.clone())).collect())
    };
    let directory = tempfile::tempdir().unwrap();
    let whole = directory.path().join("old.traces.pb");
    std::fs::write(&whole, spans(0, 400)).unwrap();
    let taken = import(&server, &whole);
    assert!(taken.contains("Imported 400 records"), "{taken}");

    // As the collector's file exporter writes it: each request behind its length.
    let framed = directory.path().join("collector.traces.pb");
    let frame =
        |request: Vec<u8>| [&u32::try_from(request.len()).unwrap().to_be_bytes()[..], &request].concat();
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
    let file = [frame(spans(1, 100)), frame(spans(2, 200)), cut(frame(spans(3, 1)))].concat();
    std::fs::write(&framed, &file).unwrap();
    let stopped = cli(&server, &["import", framed.to_str().unwrap()]);
    assert_eq!(stopped.status.code(), Some(1));
    let text = said(&stopped);
    assert!(text.contains("Imported 300 records") && text.contains("--skip 2"), "{text}");
    let spans: u64 = server.json("/v1/traces")["traces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trace| trace["span_count"].as_u64().unwrap())
        .sum();
    assert_eq!(spans, 700);
}

#[test]
fn an_import_that_has_no_room_for_a_large_resource_says_so() {
    let server = InProcess::start(|_| ());
    let directory = tempfile::tempdir().unwrap();
    let text = "x".repeat(1 << 20);
    let spans = (0..10).map(|n| load::span(0, n, None, "step", vec![load::text("http.route", text.clone())]));
    let protobuf = directory.path().join("old.traces.pb");
    std::fs::write(&protobuf, load::encode(spans.collect())).unwrap();
    let json = directory.path().join("old.json");
    let span = json!({ "traceId": format!("{:032x}", 1), "spanId": "b7ad6b7169203331", "name": text });
    let object = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": vec![span; 10] }] }] });
    std::fs::write(&json, object.to_string()).unwrap();
    for file in [&protobuf, &json] {
        let mut import = command(&server, &["import", file.to_str().unwrap()]);
        let stopped = import.env("TMPDIR", directory.path().join("missing")).output().unwrap();
        let text = said(&stopped);
        assert!(text.contains("cannot use a temporary file") && text.contains("set TMPDIR"), "{text}");
    }
}
