//! Runs the examples and checks what they record.

use crate::{
    collector::{Collector, Received},
    file::key,
    valid::check_trace,
};
use std::{
    env,
    path::PathBuf,
    process::{Command, Output},
    sync::Once,
};
use turnscope::TraceFile;
use turnscope_scripted_model::{Reply, Script, ScriptedModel};

/// The example's binary. Cargo builds examples along with the tests, unless a single test target was
/// selected.
fn binary(name: &str) -> PathBuf {
    static BUILT: Once = Once::new();
    let path = env::current_exe().unwrap().parent().unwrap().with_file_name("examples").join(name);
    BUILT.call_once(|| {
        if !path.exists() {
            let built = Command::new(env!("CARGO"))
                .args(["build", "-p", "turnscope", "--examples"])
                .status()
                .unwrap();
            assert!(built.success());
        }
    });
    path
}

/// An example's stdout and stderr, with these variables and without any other settings.
fn run(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> (String, String) {
    let mut command = Command::new(binary(name));
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("OTEL_") || name.starts_with("TRACE_")) {
        command.env_remove(name);
    }
    let Output { status, stdout, stderr } =
        command.args(arguments).envs(variables.iter().copied()).output().unwrap();
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(status.success(), "{name}: {stdout}{stderr}");
    (stdout, stderr)
}

#[test]
fn quick_start_and_from_environment_send_over_otlp() {
    let collector = Collector::start();
    let (output, _) = run("quick_start", &[&collector.url()], &[]);
    assert!(output.starts_with("run "), "{output}");
    let received = collector.next();
    assert_eq!(received.resource("service.name").unwrap(), "quick-start");
    check_trace(received.spans());

    let collector = Collector::start();
    let (output, _) = run("from_environment", &[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())]);
    assert_eq!(output, "recording: true\n");
    let received = collector.next();
    let names = names(&received);
    assert!(names.contains(&"handle a request".to_owned()) && names.len() == 4, "{names:?}");
    check_trace(received.spans());
    assert_eq!(run("from_environment", &[], &[]).0, "recording: false\n");
}

fn names(received: &Received) -> Vec<String> {
    received.spans().iter().map(|span| span.name.clone()).collect()
}

#[test]
fn queue_goes_on_in_another_process() {
    let collector = Collector::start();
    run("queue", &[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())]);
    let (asked, done) = (collector.next(), collector.next());
    assert_eq!(names(&asked), ["agent_step", "invoke_agent helpdesk"]);
    assert_eq!(names(&done), ["execute_tool send_mail", "execute_tool file_away", "invoke_agent archivist"]);
    check_trace(asked.spans().into_iter().chain(done.spans()));
}

#[test]
fn mcp_records_both_sides_of_a_request() {
    let collector = Collector::start();
    run("mcp", &[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())]);
    let received = collector.next();
    let names = names(&received);
    assert_eq!(names.iter().filter(|name| *name == "tools/call lookup").count(), 2, "{names:?}");
}

#[test]
fn openai_loops_until_the_model_answers() {
    let script = Script::new()
        .reply(Reply::tool("lookup", serde_json::json!({"order": 17})).when("order 17"))
        .reply(Reply::text("It is at sea.").when("at sea"));
    let model = ScriptedModel::start(script).unwrap();
    let collector = Collector::start();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.url()),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OPENAI_BASE_URL", &model.base_url()),
        ("OPENAI_API_KEY", "none"),
    ];
    let (output, _) = run("openai", &[], &variables);
    assert!(output.ends_with("It is at sea.\n"), "{output}");
    let received = collector.next();
    check_trace(received.spans());
    let turn = |last: &'static str| ["chat gpt-5-mini", last];
    let wanted =
        [&turn("execute_tool lookup")[..], &["agent_step"], &turn("agent_step"), &["invoke_agent helpdesk"]];
    assert_eq!(names(&received), wanted.concat());
}

#[test]
fn role_file_prints_its_spans() {
    let (output, spans) = run("role_file", &[], &[]);
    assert_eq!(output, "set up: true\n");
    assert_eq!(spans.lines().filter(|line| line.starts_with(r#"{"name":"#)).count(), 3, "{spans}");
    assert!(spans.contains("gen_ai.input.messages"));
}

#[test]
fn profile_writes_what_read_trace_file_reads() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("trace");
    let file = file.to_str().unwrap();
    let key_text = ("TRACE_ENCRYPTION_KEY", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=");
    let rate = ("TRACE_SAMPLE_RATE", "1.0");
    run("profile", &[file], &[("TRACE_PROFILE", "production"), key_text, rate]);
    let (output, _) = run("read_trace_file", &[file], &[key_text]);
    assert_eq!(output.lines().count(), 300);
    assert_eq!(TraceFile::open(file, Some(key())).unwrap().count(), 300);
}

#[test]
fn custom_exporter_sums_tokens() {
    let (output, spans) = run("custom_exporter", &[], &[]);
    assert_eq!(output, "helpdesk used 276 tokens\n");
    assert_eq!(spans.lines().count(), 5, "{spans}");
}

#[test]
fn without_a_server_fills_a_data_directory() {
    let dir = tempfile::tempdir().unwrap();
    let (output, _) = run("without_a_server", &[dir.path().to_str().unwrap()], &[]);
    let run = &crate::store::runs(dir.path())[0];
    assert_eq!(output.trim(), format!("run {}", run.run_id));
}
