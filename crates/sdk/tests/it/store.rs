//! Writing to a data directory, with and without a server.

use crate::{
    child::{is_child, process},
    collector::Collector,
    failures::server,
    file::key,
    installation::{alone, quick},
};
use serde_json::json;
use std::{env, fs, path::Path, thread, time::Duration};
use turnscope::{DataDirectory, RecordingConfig, Redaction, TraceConfig, Usage, shutdown};
use turnscope_query::{Moment, Run, RunFilter, RunPageQuery};
use turnscope_store::{ReadLimit, Store as _};
use turnscope_store_sqlite::{Options, SqliteStore};

fn into(directory: &Path) -> RecordingConfig {
    RecordingConfig { store: Some(DataDirectory::of(directory.join("turnscope.db"))), ..quick() }
}

fn record(agent: &str) {
    let run = turnscope::run(agent.to_owned());
    let call = run.turn().llm("openai", "gpt-5-mini");
    call.usage(Usage { input: Some(1000), output: Some(100), ..Usage::default() });
    call.end();
    run.end();
}

/// The runs in a directory without an owner, oldest first.
pub(crate) fn runs(directory: &Path) -> Vec<Run> {
    let store = SqliteStore::open_read_only(directory, None).unwrap();
    let page = RunPageQuery { limit: 1000, ..RunPageQuery::default() };
    let moment = Moment { now_ms: 0, inactivity_ms: i64::MAX / 2 };
    let mut reader = store.reader(&ReadLimit::none()).unwrap();
    let found = reader.runs(&RunFilter::default(), &page, moment).unwrap().runs;
    found.into_iter().map(|listed| listed.run).collect()
}

fn names(directory: &Path) -> Vec<String> {
    runs(directory).into_iter().map(|run| run.agent_name.unwrap()).collect()
}

#[test]
fn runs_are_written_without_a_server_with_what_they_cost() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    into(dir.path()).install().unwrap().detach();
    record("first");
    // Installing again closes the previous exporter first.
    into(dir.path()).install().unwrap().detach();
    record("second");
    turnscope::flush(Duration::from_secs(60)).unwrap();
    let _ = shutdown();
    assert_eq!(names(dir.path()), ["first", "second"]);
    let run = &runs(dir.path())[1];
    assert_eq!((run.llm_call_count, run.turn_count), (1, 1));
    assert!(run.costs.cost.is_some(), "{run:?}");
}

#[test]
fn spans_go_to_the_owning_server_and_into_the_directory_once_it_has_stopped() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let owner = SqliteStore::open(dir.path(), Options::default()).unwrap();
    let address = collector.address.to_string();
    owner.announce(&json!({"pid": 1, "otlp_http": address}).to_string()).unwrap();
    let log = dir.path().join("log");
    RecordingConfig { log_path: Some(log.clone()), ..into(dir.path()) }.install().unwrap().detach();
    for _ in 0..2 {
        record("helpdesk");
        turnscope::flush(Duration::from_secs(60)).unwrap();
        assert_eq!(collector.next().path, "/v1/traces");
    }
    let output = fs::read_to_string(&log).unwrap();
    assert_eq!(output.matches("sending spans to its OTLP port").count(), 1, "{output}");

    drop((owner, collector));
    record("afterwards");
    turnscope::flush(Duration::from_secs(90)).unwrap();
    let _ = shutdown();
    assert_eq!(names(dir.path()), ["afterwards"]);
}

#[test]
fn an_owner_without_an_otlp_port_causes_a_reported_loss() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let owner = SqliteStore::open(dir.path(), Options::default()).unwrap();
    owner.announce(r#"{"pid":1}"#).unwrap();
    let log = dir.path().join("log");
    RecordingConfig { log_path: Some(log.clone()), ..into(dir.path()) }.install().unwrap().detach();
    record("helpdesk");
    turnscope::flush(Duration::from_secs(60)).unwrap_err();
    let _ = shutdown();
    let output = fs::read_to_string(&log).unwrap();
    assert!(output.contains("belongs to another turnscope"), "{output}");
}

#[test]
fn a_directory_locked_by_another_writer_is_waited_for() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let owner = SqliteStore::open(dir.path(), Options::default()).unwrap();
    into(dir.path()).install().unwrap().detach();
    record("helpdesk");
    turnscope::flush(Duration::from_millis(300)).expect_err("the directory is locked");
    drop(owner);
    turnscope::flush(Duration::from_secs(60)).unwrap();
    let _ = shutdown();
    assert_eq!(names(dir.path()), ["helpdesk"]);
}

const DIRECTORY: &str = "TURNSCOPE_TEST_DIRECTORY";
/// Enough to exceed one lease.
const RUNS: usize = 100;

#[test]
fn a_process_that_writes_batch_by_batch() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    into(Path::new(&env::var(DIRECTORY).unwrap())).install().unwrap().detach();
    for _ in 0..RUNS {
        record("helpdesk");
        turnscope::flush(Duration::from_secs(60)).unwrap();
    }
    let _ = shutdown();
}

#[test]
fn concurrent_writers_of_one_directory_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let output: Vec<String> = thread::scope(|scope| {
        let write = || {
            let directory = (DIRECTORY, dir.path().to_str().unwrap());
            process("store::a_process_that_writes_batch_by_batch", &[directory])
        };
        let both = [scope.spawn(write), scope.spawn(write)];
        both.map(|one| one.join().unwrap()).into()
    });
    let runs = runs(dir.path());
    assert_eq!(runs.len(), 2 * RUNS, "{output:?}");
    assert!(runs.iter().all(|run| (run.llm_call_count, run.turn_count) == (1, 1)), "{runs:?}");
}

#[test]
fn the_owning_server_gets_the_api_key_from_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let owner = SqliteStore::open(dir.path(), Options::default()).unwrap();
    owner.announce(&json!({"pid": 1, "otlp_http": collector.address.to_string()}).to_string()).unwrap();
    for (variables, wanted) in [
        (&[("TRACE_API_KEY", "abc")][..], "abc"),
        (&[("TRACE_API_KEY", "abc"), ("TURNSCOPE_API_KEY", "xyz")], "xyz"),
    ] {
        let directory = (DIRECTORY, dir.path().to_str().unwrap());
        process("store::a_process_that_writes_batch_by_batch", &[&[directory], variables].concat());
        for _ in 0..RUNS {
            assert_eq!(collector.next().header("x-api-key"), wanted);
        }
    }
}

#[test]
fn a_refusing_owner_is_logged_once() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let url = server(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
    let owner = SqliteStore::open(dir.path(), Options::default()).unwrap();
    let address = url.strip_prefix("http://").unwrap();
    owner.announce(&json!({"pid": 1, "otlp_http": address}).to_string()).unwrap();
    let log = dir.path().join("log");
    RecordingConfig { log_path: Some(log.clone()), ..into(dir.path()) }.install().unwrap().detach();
    for _ in 0..3 {
        record("helpdesk");
        turnscope::flush(Duration::from_secs(60)).unwrap_err();
    }
    let _ = shutdown();
    let output = fs::read_to_string(&log).unwrap();
    assert_eq!(output.matches("process 1 owns").count(), 1, "{output}");
    assert_eq!(output.matches("cannot export").count(), 1, "{output}");
}

#[test]
fn retention_is_applied() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    into(dir.path()).install().unwrap().detach();
    record("old");
    turnscope::flush(Duration::from_secs(60)).unwrap();
    thread::sleep(Duration::from_secs(3)); // longer than the retention below, however busy the machine is
    let moments = DataDirectory {
        retention_days: 2.0 / 86_400.0,
        ..DataDirectory::of(dir.path().join("turnscope.db"))
    };
    RecordingConfig { store: Some(moments), ..quick() }.install().unwrap().detach();
    record("new");
    turnscope::flush(Duration::from_secs(60)).unwrap();
    shutdown().unwrap();
    assert_eq!(names(dir.path()), ["new"], "new spans are not yet too old");
    let wrong = DataDirectory { retention_days: -1.0, ..DataDirectory::of("x/y") };
    let error = RecordingConfig { store: Some(wrong), ..quick() }.install().unwrap_err();
    assert!(
        error.to_string().starts_with("TRACE_RETENTION_DAYS is -1; allowed: a number of days"),
        "{error}"
    );
}

#[test]
fn encryption_with_a_store_and_an_impossible_directory_are_errors() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let error = RecordingConfig { encryption_key: Some(key()), ..into(dir.path()) }.install().unwrap_err();
    assert!(error.to_string().contains("cannot be encrypted yet"), "{error}");
    let file = dir.path().join("a-file");
    fs::write(&file, "").unwrap();
    let error = into(&file.join("below")).install().unwrap_err();
    assert!(error.to_string().contains("a-file"), "{error}");

    let db_path = Some(dir.path().join("data").join("turnscope.db"));
    let trace = TraceConfig { db_path, retention_days: Some(7.0), ..TraceConfig::debug() };
    let config = trace.config("helpdesk").unwrap();
    let directory = config.store.as_ref().unwrap();
    assert_eq!((directory.path.ends_with("data"), directory.retention_days), (true, 7.0));
    RecordingConfig { redaction: Redaction::off(), ..config }.install().unwrap().detach();
    record("helpdesk");
    let _ = shutdown();
    assert_eq!(names(&dir.path().join("data")), ["helpdesk"]);
}
