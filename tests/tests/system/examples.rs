//! Runs the examples of the crate `turnscope` with a scripted model and a server, and checks that the
//! command line and REST show what they record.

use serde_json::{Value as Json, json};
use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
};
use turnscope_scripted_model::{Reply, Script, ScriptedModel, Usage};
use turnscope_tests::testkit::{Turnscope, program};

const KEY: (&str, &str) = ("TRACE_ENCRYPTION_KEY", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=");

/// The output of an example on stdout and stderr, run with these variables and no others.
fn run(example: &str, arguments: &[&str], variables: &[(&str, &str)]) -> (String, String) {
    let mut command = Command::new(program(&format!("examples/{example}")));
    command.args(arguments).env_clear().envs(variables.iter().copied()).stdin(Stdio::null());
    said(example, &command.output().expect("the example"))
}

fn said(program: &str, output: &Output) -> (String, String) {
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8(bytes.clone()).expect("text"));
    assert!(output.status.success(), "{program}: {out}{err}");
    (out, err)
}

/// A server for one example.
struct World(Turnscope);

impl World {
    fn start() -> Self {
        Self(Turnscope::start())
    }

    fn http(&self) -> String {
        format!("http://{}", self.0.0.otlp_http)
    }

    /// Runs an example that finds the server through the environment. Contents are recorded.
    fn run(&self, example: &str, further: &[(&str, &str)]) -> String {
        let http = self.http();
        let to_server = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", http.as_str()),
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
        ];
        run(example, &[], &[&to_server, further].concat()).0
    }

    /// `turnscope show` of the latest run, and that run in REST.
    fn shown(&self, flags: &[&str]) -> String {
        let server = format!("http://{}", self.0.0.listen);
        let shown =
            Turnscope::program().args(["show", "last", "--server", &server]).args(flags).output().unwrap();
        let run = &self.0.json("/v1/runs?roots_only=true&order=-started_at")["runs"][0];
        format!("{}\n{:#}", said("show", &shown).0, facts(run))
    }
}

/// `turnscope show` on a directory that nobody owns.
fn shown_in(directory: &Path, run: &str) -> String {
    let shown = Turnscope::program().args(["show", run, "--data"]).arg(directory).output().unwrap();
    said("show", &shown).0
}

/// A run's properties, without ids and times.
fn facts(run: &Json) -> Json {
    let keys = [
        "agent_name",
        "service_name",
        "status",
        "turn_count",
        "llm_call_count",
        "tool_call_count",
        "error_count",
        "input_tokens",
        "output_tokens",
        "models",
        "tools",
        "session_id",
        "user_id",
        "input_preview",
        "output_preview",
    ];
    keys.into_iter().filter(|key| !run[key].is_null()).map(|key| (key.to_owned(), run[key].clone())).collect()
}

/// Compares the output with the snapshot of this name, without ids, times, costs and the lengths of bars.
fn check(name: &str, shown: &str) {
    let filters = [
        ("[0-9a-f]{32}-[0-9a-f]{16}", "[run]"),
        (r"\b(now|\d+ \w+ ago)\b", "[age]"),
        (r"\b[0-9.]+ (µs|ms|s)\b", "[time]"),
        (r"\$[0-9.]+", "[cost]"),
        ("━+", "━"),
        ("─{3,}", "──"),
        (r"(?m)(\S) {2,}", "$1  "),
    ];
    insta::with_settings!({ filters => filters }, { insta::assert_snapshot!(name, shown) });
}

#[test]
fn quick_start() {
    let world = World::start();
    let (said, _) = run("quick_start", &[&world.http()], &[]);
    let shown = world.shown(&["--messages"]);
    assert!(shown.contains(said.trim().strip_prefix("run ").unwrap()), "{shown}");
    check("quick_start", &shown);
}

#[test]
fn from_environment() {
    let world = World::start();
    assert_eq!(world.run("from_environment", &[]), "recording: true\n");
    check("from_environment", &world.shown(&[]));
}

#[test]
fn role_file() {
    let world = World::start();
    let role = world.0.data().path().join("role.yaml");
    let grpc = world.0.0.otlp_grpc;
    let text = format!(
        "name: helpdesk\nobservability: {{backend: otlp, endpoint: \"http://{grpc}\", include_content: true}}"
    );
    std::fs::write(&role, text).unwrap();
    assert_eq!(run("role_file", &[role.to_str().unwrap()], &[]).0, "set up: true\n");
    check("role_file", &world.shown(&[]));
}

#[test]
fn profile_into_a_compressed_file_and_to_the_server_that_owns_the_directory() {
    let world = World::start();
    let data = world.0.data();
    let [file, database] = ["trace.gz", "data/turnscope.db"].map(|name| data.path().join(name));
    let (file, database) = (file.to_str().unwrap(), database.to_str().unwrap());
    let all = ("TRACE_SAMPLE_RATE", "1.0");
    run("profile", &[file], &[("TRACE_PROFILE", "development"), all, ("TRACE_DB_PATH", database)]);
    check("profile", &world.shown(&[]));

    // The file has the same as the server.
    assert_eq!(std::fs::read(file).unwrap()[..2], [0x1f, 0x8b]);
    let traces = |lines: &str| -> BTreeSet<String> {
        let spans = lines.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
        spans.map(|span| span["trace_id"].as_str().unwrap().to_owned()).collect()
    };
    let filed = traces(&run("read_trace_file", &[file], &[]).0);
    let runs = world.0.json("/v1/runs?limit=200")["runs"].as_array().unwrap().clone();
    let served: BTreeSet<String> =
        runs.iter().map(|run| run["trace_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((filed.len(), &filed), (100, &served));

    // An encrypted file can be read with the key, and not without it.
    let secret = data.path().join("trace.fernet");
    let secret = secret.to_str().unwrap();
    run("profile", &[secret], &[("TRACE_PROFILE", "production"), all, KEY]);
    assert!(!std::fs::read_to_string(secret).unwrap().contains("helpdesk"));
    let (spans, _) = run("read_trace_file", &[secret], &[KEY]);
    assert_eq!((spans.lines().count(), traces(&spans).len()), (300, 100));
    let refused = Command::new(program("examples/read_trace_file")).arg(secret).env_clear().output().unwrap();
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && error.contains("NeedsKey"), "{error}");
}

#[test]
fn without_a_server_and_then_beside_one() {
    let data = Arc::new(tempfile::tempdir().unwrap());
    let directory = data.path().join("data");
    let record = || {
        let (said, _) = run("without_a_server", &[directory.to_str().unwrap()], &[]);
        said.trim().strip_prefix("run ").unwrap().to_owned()
    };
    let first = record();
    check("without_a_server", &shown_in(&directory, &first));

    let server = Turnscope::start_on(Arc::clone(&data), &[]);
    let second = record();
    let runs = [first, second].map(|run| facts(&server.json(&format!("/v1/runs/{run}"))));
    assert_eq!(runs[0], runs[1]);
    assert_eq!((&runs[0]["status"], &runs[0]["tools"]), (&"completed".into(), &json!(["lookup"])));
}

#[test]
fn openai_against_the_scripted_model() {
    let usage = Usage { input: 120, output: 18, cached: 100, ..Usage::default() };
    let script = Script::new()
        .reply(Reply::tool("lookup", json!({"order": 17})).when("order 17").usage(usage))
        .reply(Reply::text("It is at sea.").when("at sea"));
    let model = ScriptedModel::start(script).unwrap();
    let world = World::start();
    let key = ("OPENAI_API_KEY", "none");
    let said = world.run("openai", &[("OPENAI_BASE_URL", &model.base_url()), key]);
    assert!(said.ends_with("It is at sea.\n"), "{said}");
    check("openai", &world.shown(&["--messages"]));
}

#[test]
fn a_custom_adapter_against_the_scripted_model_that_first_asks_to_come_back() {
    let usage = Usage { input: 150, output: 9, cached: 100, cache_written: 20, ..Usage::default() };
    let script = Script::new()
        .reply(Reply::rate_limited(0))
        .reply(Reply::tool("lookup", json!({"order": 17})).when("order 17"))
        .reply(Reply::text("It is at sea.").when("at sea").usage(usage));
    let model = ScriptedModel::start(script).unwrap();
    let world = World::start();
    let key = ("ANTHROPIC_API_KEY", "none");
    let said = world.run("custom_adapter", &[("ANTHROPIC_BASE_URL", &model.url()), key]);
    assert!(said.ends_with("It is at sea.\n"), "{said}");
    check("custom_adapter", &world.shown(&["--messages"]));
}

#[test]
fn a_custom_exporter_beside_the_server() {
    let world = World::start();
    assert_eq!(world.run("custom_exporter", &[]), "helpdesk used 276 tokens\n");
    check("custom_exporter", &world.shown(&[]));
}

/// MCP client and server report the same call, and each other service its own part. Nothing is counted twice.
#[test]
fn mcp() {
    let world = World::start();
    world.run("mcp", &[]);
    check("mcp", &world.shown(&[]));
}

#[test]
fn queue() {
    let world = World::start();
    world.run("queue", &[]);
    check("queue", &world.shown(&[]));
    let runs = world.0.json("/v1/runs")["runs"].as_array().unwrap().clone();
    let services: BTreeSet<_> = runs.iter().map(|run| run["service_name"].as_str().unwrap()).collect();
    assert_eq!(services, BTreeSet::from(["front-desk", "worker"]));
}

#[test]
fn services() {
    let world = World::start();
    world.run("services", &[]);
    check("services", &world.shown(&[]));
}

#[test]
fn tracing_with_its_events_as_logs_of_the_steps_in_which_they_happen() {
    let world = World::start();
    let said = world.run("tracing", &[]);
    check("tracing", &world.shown(&[]));
    let id = said.trim().strip_prefix("run ").unwrap();
    let steps = world.0.json(&format!("/v1/runs/{id}/steps"))["steps"].clone();
    let logs = |name: &str| {
        let step = steps.as_array().unwrap().iter().find(|step| step["name"] == name).unwrap();
        let path = format!("/v1/runs/{id}/steps/{}/data", step["step_id"].as_str().unwrap());
        world.0.json(&path)["logs"].clone()
    };
    let (turn, span) = (logs("agent_step"), logs("look_up"));
    assert!(turn.as_array().is_some_and(|logs| logs.len() == 1), "{turn:#}");
    assert!(turn.to_string().contains("looking it up"), "{turn:#}");
    assert!(span.as_array().is_some_and(|logs| logs.len() == 1), "{span:#}");
    assert!(span.to_string().contains("the index is a day old"), "{span:#}");
}
