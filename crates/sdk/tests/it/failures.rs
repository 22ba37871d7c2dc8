//! Failing exporters, endpoints and disks must not affect the caller.

use crate::{
    child::{is_child, process},
    installation::{alone, quick},
    sampling::Names,
};
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};
use turnscope::{
    DataDirectory, Exporter, Otlp, OtlpProtocol, RecordingConfig, finished_spans, flush, shutdown,
};

/// A server that sends these bytes on every connection, then closes it.
pub(crate) fn server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().take(20) {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
        }
    });
    format!("http://{address}")
}

#[test]
fn a_dead_refusing_truncating_or_garbled_endpoint_affects_nothing_else() {
    let _alone = alone();
    let endpoints = [
        "http://127.0.0.1:9".to_owned(),
        server(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"),
        server(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\ncut"),
        server(b"\x00\xff nonsense"),
        server(b""),
    ];
    for endpoint in endpoints {
        for protocol in [OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson, OtlpProtocol::Grpc] {
            let others = Names::default();
            let otlp = Otlp { protocol, timeout: Some(Duration::from_millis(200)), ..Otlp::http(&endpoint) };
            let exporters: Vec<Box<dyn Exporter>> = vec![Box::new(others.clone())];
            let export_timeout = Duration::from_millis(300);
            RecordingConfig {
                otlp: Some(otlp),
                exporters,
                export_timeout,
                metrics: false,
                logs: false,
                ..quick()
            }
            .install()
            .unwrap()
            .detach();
            turnscope::run("helpdesk").end();
            let lost = flush(Duration::from_secs(60)).expect_err(&endpoint);
            assert!(lost.spans == 1 && lost.to_string().contains(&endpoint), "{protocol:?}: {lost}");
            assert_eq!(others.get(), ["invoke_agent helpdesk"]);
            assert_eq!(finished_spans().len(), 1);
        }
    }
    let _ = shutdown();
}

#[test]
fn a_deleted_data_directory_affects_no_other_exporter() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let others = Names::default();
    let exporters: Vec<Box<dyn Exporter>> = vec![Box::new(others.clone())];
    let store = Some(DataDirectory::of(dir.path().join("data").join("turnscope.db")));
    RecordingConfig { store, exporters, ..quick() }.install().unwrap().detach();
    turnscope::run("first").end();
    flush(Duration::from_secs(60)).unwrap();
    std::fs::remove_dir_all(dir.path().join("data")).unwrap();
    turnscope::run("second").end();
    let _ = flush(Duration::from_secs(60));
    assert_eq!(others.get(), ["invoke_agent first", "invoke_agent second"]);
    let _ = shutdown();
}

/// Threads record while another one installs, reads, flushes and shuts down.
#[test]
fn recording_continues_while_set_ups_change() {
    let _alone = alone();
    let stop = Arc::new(AtomicBool::new(false));
    let recording: Vec<_> = (0..4)
        .map(|_| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                let mut runs = 0_u32;
                while !stop.load(Ordering::Relaxed) || runs == 0 {
                    let run = turnscope::run("helpdesk");
                    let turn = run.turn();
                    let _entered = turn.enter();
                    turnscope::current().tool("t").set("n", 1).fail("timeout", "too late");
                    runs += 1;
                }
                runs
            })
        })
        .collect();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        for round in 0..30 {
            let run_end = (round % 3 == 0).then_some(Duration::from_millis(1));
            RecordingConfig { block_on_run_end: run_end, queue_size: 64, ..quick() }
                .install()
                .unwrap()
                .detach();
            assert!(finished_spans().len() <= 500);
            let _ = flush(Duration::from_millis(1));
            if round % 2 == 0 {
                let _ = shutdown();
            }
        }
    }));
    stop.store(true, Ordering::Relaxed);
    for thread in recording {
        assert!(thread.join().unwrap() > 0);
    }
    outcome.unwrap();
    let _ = shutdown();
}

/// All spans except those in the queue are lost, which must be logged only once.
#[test]
fn a_process_whose_exporter_hangs() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let otlp = Otlp::http(format!("http://{}", silent.local_addr().unwrap()));
    RecordingConfig {
        otlp: Some(otlp),
        queue_size: 4,
        batch_size: 1,
        metrics: false,
        logs: false,
        ..quick()
    }
    .install()
    .unwrap()
    .detach();
    for _ in 0..200 {
        turnscope::run("helpdesk").end();
        finished_spans();
    }
    println!("dropped {}", turnscope::dropped());
}

#[test]
fn lost_spans_are_counted_and_logged_once_a_minute() {
    let output = process("failures::a_process_whose_exporter_hangs", &[]);
    let dropped = output.lines().find_map(|line| line.split_once("dropped ")?.1.parse::<u32>().ok()).unwrap();
    assert!((190..=196).contains(&dropped), "{output}");
    assert_eq!(output.matches("finished spans so far").count(), 1, "{output}");
}

#[test]
fn queues_are_bounded_in_bytes_too() {
    let _alone = alone();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hour = Duration::from_secs(3600);
    let otlp = Otlp::http(format!("http://{}", silent.local_addr().unwrap()));
    let otlp = Some(Otlp { timeout: Some(hour), ..otlp });
    let config =
        RecordingConfig { max_queue_bytes: 100_000, batch_size: 1, otlp, export_timeout: hour, ..quick() };
    RecordingConfig { metrics: false, logs: false, ..config }.install().unwrap().detach();
    for _ in 0..20 {
        turnscope::run("helpdesk").metadata("text", "x".repeat(20_000));
        finished_spans();
    }
    let dropped = turnscope::dropped();
    assert!((15..=16).contains(&dropped), "four are queued, and one may be in the exporter: {dropped}");
    let _ = shutdown();
}

#[test]
fn maximal_timeouts_do_not_overflow() {
    let _alone = alone();
    let others = Names::default();
    let exporters: Vec<Box<dyn Exporter>> = vec![Box::new(others.clone())];
    let max = Duration::MAX;
    let config =
        RecordingConfig { block_on_run_end: Some(max), batch_timeout: max, export_timeout: max, ..quick() };
    RecordingConfig { exporters, ..config }.install().unwrap().detach();
    turnscope::run("helpdesk").end();
    assert_eq!(others.get(), ["invoke_agent helpdesk"]);
    flush(max).unwrap();
    let _ = shutdown();
}
