//! Export, import, backup, tail, completions and manual pages.

use crate::environment::{TestEnvironment, corpus};
use std::{fs, io::Write as _, process::Stdio};

fn with_runs() -> TestEnvironment {
    let env = TestEnvironment::new();
    for file in ["pydantic-ai-v5/0001.traces.pb", "kitelogik/0001.traces.pb"] {
        let taken = env.run(&["import", corpus(file).to_str().unwrap(), "--data", "data"]);
        assert_eq!(taken.code, 0, "{}", taken.err);
    }
    env
}

#[test]
fn exported_runs_can_be_imported_again() {
    let env = with_runs();
    let wrote = env.run(&["export", "--all", "--output", "runs.jsonl", "--data", "data"]);
    assert_eq!(wrote.code, 0, "{}", wrote.err);
    let packed = gzip(&fs::read(env.path("runs.jsonl")).unwrap());
    fs::write(env.path("runs.jsonl.gz"), packed).unwrap();
    for _twice in 0..2 {
        let taken = env.run(&["import", "runs.jsonl.gz", "--data", "copy"]);
        assert_eq!(taken.code, 0, "{}", taken.err);
    }
    let of =
        |data: &str| env.json(&["runs", "--all", "-n", "1000", "--data", data, "--json"])["runs"].clone();
    assert_eq!(of("data"), of("copy"));
    assert!(!of("data").as_array().unwrap().is_empty());
    let id = of("data")[0]["run_id"].as_str().unwrap().to_owned();
    let one = env.json(&["export", &id, "--data", "data"]);
    assert_eq!(one["format"], "turnscope/1");
    assert!(env.json(&["export", &id, "--otlp", "--data", "data"])["resourceSpans"].is_array());
}

#[test]
fn a_mistake_in_a_query_is_marked_at_its_place() {
    let env = with_runs();
    let ran = env.run(&["runs", "--data", "data", "-q", "agent:x (status:done OR error:*)"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    let said = "turnscope: there is no status \"done\"\n    agent:x (status:done OR error:*)\n                    ^^^^\n  \
                use running, waiting, completed, failed or incomplete\n";
    assert_eq!(ran.err, said);
    // A query that begins with a minus is no flag.
    for query in ["-agent:nobody", "-(agent:a OR agent:b)", "NOT agent:nobody"] {
        for command in [&["runs"][..], &["stats"], &["export", "--all"]] {
            let ran = env.run(&[command, &["--data", "data", "-q", query]].concat());
            assert_eq!(ran.code, 0, "{command:?} {query}: {}", ran.err);
        }
    }
    let zone = env.run(&["runs", "--data", "data", "-q", "started>2020-01-01", "--tz", "-05:00"]);
    assert_eq!(zone.code, 0, "{}", zone.err);
}

#[test]
fn import_errors_name_the_file_and_the_reason() {
    let env = TestEnvironment::new();
    fs::write(env.path("other.json"), "{\"hello\":1}").unwrap();
    fs::write(env.path("cut.json"), "{\"resourceSpans\":[").unwrap();
    fs::write(env.path("newer.json"), "{\"format\":\"turnscope/9\"}").unwrap();
    for (file, said) in [
        ("other.json", "neither"),
        ("cut.json", "not valid JSON"),
        ("newer.json", "newer"),
        ("gone.json", "cannot read"),
    ] {
        let ran = env.run(&["import", file, "--data", "data"]);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains(said) && ran.err.contains(file), "{}", ran.err);
    }
}

#[test]
fn a_step_is_explained_by_its_id_its_name_or_its_span() {
    let env = with_runs();
    let run = env.json(&["runs", "--data", "data", "-q", "dialect:kitelogik", "-n", "1", "--json"]);
    let run = run["runs"][0]["run_id"].as_str().unwrap().to_owned();
    let shown = env.json(&["show", &run, "--data", "data", "--json"]);
    let gate =
        shown["timeline"]["steps"].as_array().unwrap().iter().find(|step| step["kind"] == "policy").unwrap();
    let id = gate["step_id"].as_str().unwrap();
    let explained = env.json(&["explain", &run, id, "--data", "data", "--json"]);
    assert_eq!(explained["step_id"], id);
    let facts = explained["facts"].as_array().unwrap();
    let verdict = facts.iter().find(|fact| fact["fact"] == "verdict").unwrap();
    assert_eq!(verdict["value"], gate["verdict"]["verdict"]);
    assert!(verdict["given_by"][0]["key"].as_str().unwrap().starts_with("kitelogik."), "{verdict}");
    assert!(!explained["not_understood"].as_array().unwrap().is_empty());
    let of_span = format!("{}-{}", gate["trace_id"].as_str().unwrap(), gate["span_id"].as_str().unwrap());
    assert_eq!(env.json(&["explain", &of_span, "--data", "data", "--json"]), explained);
    assert!(env.ok(&["explain", &run, id, "--data", "data"]).contains("FACT"));
    let missing = env.run(&["explain", &run, "nothing", "--data", "data"]);
    assert_eq!(missing.code, 3, "{}", missing.err);
    assert!(missing.err.contains("has no step nothing"), "{}", missing.err);
}

#[test]
fn what_no_rule_understands_is_listed_with_what_looks_like_a_fact_first() {
    let env = with_runs();
    let attribute = |key: &str, value: serde_json::Value| serde_json::json!({ "key": key, "value": value });
    let span = |n: u32| {
        serde_json::json!({
            "traceId": format!("{n:032x}"), "spanId": format!("{n:016x}"), "name": "acme.work",
            "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000",
            "attributes": [
                attribute("acme.tokensUsed", serde_json::json!({ "intValue": n })),
                attribute("acme.colour", serde_json::json!({ "stringValue": "red" })),
                attribute("thread.id", serde_json::json!({ "intValue": 7 })),
            ],
            "events": [{ "name": "acme.thought", "attributes": [attribute("depth", serde_json::json!({ "intValue": 2 }))] }],
        })
    };
    let sent = serde_json::json!({ "resourceSpans": [{
        "resource": { "attributes": [attribute("service.name", serde_json::json!({ "stringValue": "acme" }))] },
        "scopeSpans": [{ "scope": { "name": "acme.tracer" }, "spans": [span(1), span(2)] }],
    }] });
    fs::write(env.path("acme.json"), sent.to_string()).unwrap();
    assert_eq!(env.run(&["import", "acme.json", "--data", "data"]).code, 0);

    let found = env.json(&["unmapped", "--data", "data", "--json"]);
    assert_eq!((&found["complete"], &found["traces"]), (&true.into(), &2.into()), "{found}");
    let of_acme: Vec<String> = found["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["service_name"] == "acme")
        .map(|entry| {
            format!(
                "{} {} x{} {} looks like {} ({}) in {}",
                entry["what"],
                entry["key"],
                entry["count"],
                entry["shapes"],
                entry["looks_like"],
                entry["of_no_interest"],
                entry["scope_name"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        of_acme,
        [
            "attribute acme.tokensUsed x2 [integer] looks like tokens (null) in acme.tracer",
            "span_event acme.thought x2 [JSON object with key depth] looks like null (null) in acme.tracer",
            "attribute acme.colour x2 [text of 3 characters] looks like null (null) in acme.tracer",
            "attribute thread.id x2 [integer] looks like null (a thread of the operating system) in acme.tracer",
        ]
    );
    // A query leaves what makes no run out.
    let of_runs = env.json(&["unmapped", "--data", "data", "-q", "dialect:kitelogik", "--json"]);
    let services: Vec<&str> = of_runs["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["service_name"].as_str().unwrap())
        .collect();
    assert!(!services.is_empty() && services.iter().all(|service| *service != "acme"), "{of_runs}");
    let bounded = env.json(&["unmapped", "--data", "data", "--records", "3", "-n", "1", "--json"]);
    assert_eq!((&bounded["complete"], &bounded["records"]), (&false.into(), &3.into()), "{bounded}");
    assert_eq!(bounded["entries"].as_array().unwrap().len(), 1);
    assert!(env.ok(&["unmapped", "--data", "data"]).contains("acme.tokensUsed"));
    let wrong = env.run(&["unmapped", "--data", "data", "-q", "status:done"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
}

#[test]
fn a_backup_is_a_store() {
    let env = with_runs();
    fs::create_dir(env.path("safe")).unwrap();
    let copied = env.run(&["backup", "safe", "--data", "data"]);
    assert_eq!(copied.code, 0, "{}", copied.err);
    let of = |data: &str| env.json(&["runs", "--data", data, "--json"])["runs"].clone();
    assert_eq!(of("data"), of("safe"));
    assert_eq!(env.run(&["backup", "safe", "--data", "data"]).code, 2, "nothing is overwritten");
}

#[test]
fn tail_prints_changed_runs() {
    let env = TestEnvironment::new();
    let server = env.serve(&[]);
    let child = env
        .command(&["tail", "--data", "data", "--json", "--stop-after", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The stream has no history. A run sent before it opens is in the first list instead.
    std::thread::sleep(std::time::Duration::from_millis(500));
    server.send(&corpus("pydantic-ai-v5/0001.traces.pb"));
    let ended = child.wait_with_output().unwrap();
    let run: serde_json::Value =
        serde_json::from_slice(ended.stdout.split(|b| *b == b'\n').next().unwrap()).unwrap();
    assert!(run["run_id"].is_string());
}

#[test]
fn completions_and_manual_pages_are_written() {
    let env = TestEnvironment::new();
    assert!(env.ok(&["completions", "bash"]).contains("turnscope"));
    assert_eq!(env.run(&["man", "pages"]).code, 0);
    assert!(env.path("pages/turnscope-show.1").exists());
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}
