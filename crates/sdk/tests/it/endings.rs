//! The end of a run is exported soon, and everything is said when recording ends.

use crate::{
    child::{command, is_child, process},
    installation::{Bad, alone, quick},
};
use std::{
    env, fs,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};
use turnscope::{
    Exporter, Otlp, RecordingConfig, Setup, TraceFile, dropped, finished_spans, flush, shutdown,
};

const FILE: &str = "TURNSCOPE_TEST_FILE";

#[test]
fn a_process_that_hangs_after_a_run() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let trace_file = Some(env::var(FILE).unwrap().into());
    RecordingConfig {
        trace_file,
        batch_timeout: Duration::from_secs(3600),
        ..RecordingConfig::new("helpdesk")
    }
    .install()
    .unwrap()
    .detach();
    turnscope::run("helpdesk").tool("lookup").end();
    thread::sleep(Duration::from_secs(3600));
}

#[test]
fn the_end_of_a_run_is_in_the_file_before_the_process_dies() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.jsonl");
    let variables = [(FILE, path.to_str().unwrap())];
    let mut child = command(&[], "endings::a_process_that_hangs_after_a_run", &variables)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while fs::read_to_string(&path).map_or(0, |text| text.lines().count()) < 2 && Instant::now() < until {
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let names: Vec<_> = TraceFile::open(&path, None).unwrap().map(|span| span.unwrap().name).collect();
    assert_eq!(names, ["execute_tool lookup", "invoke_agent helpdesk"]);
}

#[test]
fn a_run_is_sent_within_the_delay_though_the_batch_is_not_full() {
    let _alone = alone();
    let collector = crate::collector::Collector::start();
    let otlp = Some(Otlp::http(collector.url()));
    let slow = RecordingConfig {
        batch_timeout: Duration::from_secs(3600),
        batch_size: 512,
        ..RecordingConfig::new("x")
    };
    let run_end_delay = Duration::from_millis(20);
    RecordingConfig { otlp, run_end_delay, metrics: false, logs: false, ..slow }.install().unwrap().detach();
    let run = turnscope::run("helpdesk");
    run.tool("lookup").end();
    assert_eq!(finished_spans().len(), 1);
    run.end();
    assert_eq!(collector.next().spans().len(), 2, "well before an hour");
    shutdown().unwrap();
}

#[test]
fn a_guard_exports_when_it_is_dropped_and_recording_goes_on() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.jsonl");
    let slow = RecordingConfig { batch_timeout: Duration::from_secs(3600), ..RecordingConfig::new("x") };
    let lines = || fs::read_to_string(&path).unwrap().lines().count();
    {
        let _recording = RecordingConfig { trace_file: Some(path.clone()), ..slow }.install().unwrap();
        turnscope::current().custom("no run").end();
    }
    assert_eq!(lines(), 1);
    turnscope::current().custom("later").end();
    assert!(finished_spans().len() == 2 && shutdown().is_ok());
    assert_eq!(lines(), 2);

    let first = turnscope::setup(Setup { testing: true, ..Setup::new("first") }).unwrap();
    let second = turnscope::setup(Setup { testing: true, ..Setup::new("second") }).unwrap();
    first.shutdown().unwrap(); // not its own any more
    assert!(turnscope::run("x").is_recording());
    second.shutdown().unwrap();
    assert!(!turnscope::run("x").is_recording());
}

#[test]
fn a_process_that_loses_spans() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let otlp = Some(Otlp::http("http://127.0.0.1:9"));
    let recording = RecordingConfig { otlp, metrics: false, logs: false, ..quick() }.install().unwrap();
    for _ in 0..3 {
        turnscope::run("helpdesk").end();
        println!("flush: {}", recording.flush(Duration::from_secs(60)).unwrap_err());
    }
    assert!(flush(Duration::from_secs(60)).is_ok(), "nothing was lost since");
    println!("shutdown: {}", recording.shutdown().unwrap_err());
    println!("dropped: {}", dropped());
}

#[test]
fn a_refused_endpoint_is_named_once_with_cause_and_remedy_and_then_counted() {
    let output = process("endings::a_process_that_loses_spans", &[]);
    let failed = "OTLP http://127.0.0.1:9/v1/traces: Connection refused (os error 111); is a server running there, and is the endpoint correct?";
    assert_eq!(output.matches(&format!("cannot export 1 finished spans to {failed}")).count(), 1, "{output}");
    let of = |count: u32| format!("{count} finished spans lost: {count} because {failed}");
    assert_eq!(output.matches(&format!("flush: {}", of(1))).count(), 3, "{output}");
    assert!(output.contains(&format!("shutdown: {}", of(3))) && output.contains("dropped: 3"), "{output}");
    let said: Vec<_> = output.lines().filter(|line| line.starts_with("turnscope:")).collect();
    assert_eq!(said.last(), Some(&format!("turnscope: recording has ended: {}", of(3)).as_str()), "{output}");
}

#[test]
fn what_cannot_work_is_an_error_at_set_up() {
    let _alone = alone();
    for (endpoint, wanted) in [
        ("localhost", "otlp.endpoint is localhost"),
        ("http://localhost:port", "otlp.endpoint is http://localhost:port"),
        ("htp://localhost:4318", "an address such as http://localhost:4318"),
    ] {
        let error = RecordingConfig { otlp: Some(Otlp::http(endpoint)), ..quick() }
            .install()
            .unwrap_err()
            .to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn flushes_at_once_tell_of_each_loss_once() {
    let _alone = alone();
    let exporters: Vec<Box<dyn Exporter>> = vec![Box::new(Bad::Fails)];
    let _recording = RecordingConfig { exporters, metrics: false, logs: false, ..quick() }.install().unwrap();
    let flushes = |_| {
        thread::spawn(|| {
            let mut told = 0;
            for _ in 0..200 {
                turnscope::run("helpdesk").end();
                told += flush(Duration::from_secs(60)).err().map_or(0, |lost| lost.spans);
            }
            told
        })
    };
    let threads: Vec<_> = (0..4).map(flushes).collect();
    let told: u64 = threads.into_iter().map(|thread| thread.join().expect("no flush panics")).sum();
    let late = flush(Duration::from_secs(60)).err().map_or(0, |lost| lost.spans);
    assert_eq!((told + late, dropped()), (800, 800));
}
