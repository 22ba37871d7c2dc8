//! The crate as a guest in another program: it reveals no secret, keeps to its memory, and leaves alone what is
//! its host's.

use crate::{
    child::{is_child, process},
    collector::Collector,
    installation::{alone, quick},
};
use opentelemetry_sdk::trace::SpanData;
use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs, panic,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};
use turnscope::{
    ContentStore, Exporter, LogLevel, LossReason, Otlp, OtlpProtocol, RecordingConfig, Secret, TraceConfig,
    finished_spans, flush, shutdown,
};

const SECRET: &str = "sesame-17";

#[test]
fn no_secret_is_in_a_log_or_in_debug_output() {
    let _alone = alone();
    let collector = Collector::start();
    let dir = tempfile::tempdir().unwrap();
    let mut shown = String::new();
    for (number, protocol) in [OtlpProtocol::HttpProtobuf, OtlpProtocol::Grpc].into_iter().enumerate() {
        let url = format!("http://ada:{SECRET}@{}/v1/traces?key={SECRET}", collector.address);
        let endpoint = if protocol == OtlpProtocol::Grpc { collector.url() } else { url };
        let otlp = Otlp { endpoint, protocol, ..Otlp::http("") };
        let otlp = otlp.with_header("authorization", format!("Bearer {SECRET}"));
        let log = dir.path().join(number.to_string());
        let (log_level, log_path) = (LogLevel::Debug, Some(log.clone()));
        let config = RecordingConfig {
            otlp: Some(otlp.clone()),
            log_level,
            log_path,
            metrics: false,
            logs: false,
            ..quick()
        };
        write!(shown, "{config:?} {otlp:?}").unwrap();
        config.install().unwrap().detach();
        turnscope::run("helpdesk").end();
        shutdown().unwrap();
        assert_eq!(collector.next().header("authorization"), format!("Bearer {SECRET}"));
        shown += &fs::read_to_string(&log).unwrap();
    }
    let address = collector.address;
    assert!(shown.contains(&format!("to OTLP http://{address}/v1/traces")), "{shown}");
    assert!(shown.contains(&format!("to OTLP/gRPC http://{address}")), "{shown}");
    let config = TraceConfig { encryption_key: Some(SECRET.into()), ..TraceConfig::production() };
    write!(shown, "{config:?} {:?} {:?}", config.clone().config("x").unwrap_err(), Secret::from(SECRET))
        .unwrap();
    let store = ContentStore::open(&format!("http://ada:{SECRET}@localhost/x")).unwrap_err();
    write!(shown, "{store} {store:?}").unwrap();
    for bad in [format!("http://ada:{SECRET}@"), format!("{SECRET} http://h?{SECRET}")] {
        let error = RecordingConfig { otlp: Some(Otlp::http(&bad)), ..quick() }.install().unwrap_err();
        shown += &error.to_string().replace("sesame-17 http://h", ""); // what stands before the address is no secret
    }
    let header = Otlp::http("http://h").with_header("x-key", format!("{SECRET}\n"));
    shown += &RecordingConfig { otlp: Some(header), ..quick() }.install().unwrap_err().to_string();
    assert!(shown.contains("otlp.headers is x-key"), "{shown}");
    assert!(!shown.contains(SECRET), "{shown}");
}

/// Holds each batch until the channel yields, and passes the names on.
struct Gate(Receiver<()>, Sender<Vec<SpanData>>);

impl Exporter for Gate {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        let _ = self.0.recv();
        Ok(self.1.send(spans.to_vec())?)
    }
}

fn gate() -> (Box<dyn Exporter>, Sender<()>, Receiver<Vec<SpanData>>) {
    let ((go, gate), (to, exported)) = (channel(), channel());
    (Box::new(Gate(gate, to)), go, exported)
}

#[test]
fn leaves_are_dropped_first_and_the_end_of_a_run_has_room() {
    let _alone = alone();
    let (exporter, go, exported) = gate();
    let config = RecordingConfig { exporters: vec![exporter], queue_size: 64, batch_size: 1, ..quick() };
    config.install().unwrap().detach();
    for _ in 0..4 {
        let run = turnscope::run("helpdesk");
        let turn = run.turn();
        for _ in 0..50 {
            turn.tool("lookup").end();
            finished_spans();
        }
        turn.end();
        run.end();
        finished_spans();
    }
    drop(go);
    let lost = shutdown().unwrap_err();
    assert!(matches!(lost.reasons[..], [(LossReason::QueueFull, _)]), "{lost}");
    let spans: Vec<SpanData> = exported.iter().flatten().collect();
    assert_eq!(spans.len() as u64 + lost.spans, 4 * 52);
    let count = |name: &str| spans.iter().filter(|span| span.name.starts_with(name)).count();
    assert_eq!((count("agent_step"), count("invoke_agent")), (4, 4));
    // So no step becomes a run of its own.
    for span in spans.iter().filter(|span| !span.name.starts_with("invoke_agent")) {
        assert!(spans.iter().any(|parent| parent.span_context.span_id() == span.parent_span_id), "{span:?}");
    }
}

#[test]
fn a_tight_loop_makes_hardly_any_orphans() {
    let _alone = alone();
    let (exporter, go, exported) = gate();
    drop(go);
    RecordingConfig { exporters: vec![exporter], queue_size: 256, ..quick() }.install().unwrap().detach();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..3_000 {
                    turnscope::run("helpdesk").turn().tool("lookup").end();
                }
            });
        }
    });
    let lost = shutdown();
    let spans: Vec<SpanData> = exported.iter().flatten().collect();
    let kept: std::collections::HashSet<_> = spans.iter().map(|span| span.span_context.span_id()).collect();
    let orphans = spans
        .iter()
        .filter(|span| span.name.starts_with("execute_tool") && !kept.contains(&span.parent_span_id));
    let (orphans, lost) = (orphans.count(), lost.map_or_else(|lost| lost.spans, |()| 0));
    assert_eq!(spans.len() as u64 + lost, 4 * 3_000 * 3);
    // A thread may be held up between a step and its parent, while the others fill the queue. Without room for
    // parents, most steps would have none.
    assert!(orphans * 20 <= spans.len(), "{orphans} of {} spans", spans.len());
}

/// Kilobytes in a field of `/proc/self/status`.
fn memory(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_matches([':', '\t', ' ']).trim_end_matches(" kB").trim().parse().unwrap()
}

/// Prints how much more memory it took at most, in MB.
#[test]
fn a_process_with_large_results() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let (exporter, go, _exported) = gate();
    RecordingConfig { exporters: vec![exporter], content: true, ..RecordingConfig::new("x") }
        .install()
        .unwrap()
        .detach();
    let (large, results) = match env::var("TURNSCOPE_TEST_KIND").unwrap().as_str() {
        "results" => ("x y ".repeat(5 << 18), 200),
        _ => ("x y ".repeat(1 << 18), 150), // messages, which may be longest
    };
    let before = memory("VmRSS");
    for _ in 0..results {
        let run = turnscope::run("helpdesk");
        if results == 200 {
            run.tool("fetch").result(&large);
        } else {
            run.input(&large).final_answer(&large);
        }
    }
    println!("took {} MB", (memory("VmHWM") - before) / 1024);
    drop(go);
    std::process::exit(0);
}

#[test]
fn the_memory_for_large_values_is_bounded() {
    for kind in ["results", "messages"] {
        let output = process("guest::a_process_with_large_results", &[("TURNSCOPE_TEST_KIND", kind)]);
        let took: u64 = output
            .lines()
            .find_map(|line| line.strip_prefix("took ")?.strip_suffix(" MB")?.parse().ok())
            .unwrap();
        // Two queues, the ring, a batch that is being exported, and what the allocator keeps.
        assert!(took < 160, "{kind}: {took} MB");
    }
}

#[test]
fn a_large_value_is_cut_and_marked_wherever_it_is_recorded() {
    let _alone = alone();
    RecordingConfig { content: true, ..quick() }.install().unwrap().detach();
    let large = "x y ".repeat(1 << 20);
    let run = turnscope::run("helpdesk");
    run.tool("text").result(&large);
    run.tool("list").result(&vec!["some words"; 100_000]);
    run.set("any", &large).event("noted", [("any", &large)]);
    run.input(&large).fail("large", large.clone());
    run.end();
    let spans = finished_spans();
    let text = |index: usize, key: &str| spans[index].attributes[key].as_str().unwrap().to_owned();
    let mark = "…[truncated from 4194304 bytes]";
    let result: String = serde_json::from_str(&text(0, "gen_ai.tool.call.result")).unwrap();
    assert!(result.ends_with(mark) && result.len() < 257 << 10, "{}", result.len());
    let list = text(1, "gen_ai.tool.call.result");
    assert!(
        serde_json::from_str::<serde_json::Value>(&list).is_ok() && list.len() < 257 << 10,
        "{}",
        list.len()
    );
    assert!(text(2, "any").ends_with(mark) && text(2, "any").len() < 65 << 10);
    assert!(spans[2].events[0].attributes["any"].as_str().unwrap().ends_with(mark));
    assert!(spans[2].status_message.as_ref().unwrap().ends_with(mark));
    let messages: serde_json::Value = serde_json::from_str(&text(2, "gen_ai.input.messages")).unwrap();
    assert_eq!(messages[0]["role"], "user");
    assert!(messages[0]["parts"][0]["content"].as_str().unwrap().ends_with(mark));
    shutdown().unwrap();
}

#[test]
fn a_secret_at_the_place_where_a_text_is_cut_is_redacted() {
    let _alone = alone();
    RecordingConfig { content: true, ..quick() }.install().unwrap().detach();
    let key = "sk-abcdefghijklmnopqrstuvwxyz";
    for before in (260_000..270_000).step_by(199) {
        turnscope::run("x").tool("t").result(&format!(
            "{} {key} {}",
            "w ".repeat(before / 2),
            "x ".repeat(9000)
        ));
    }
    for span in finished_spans() {
        if let Some(result) = span.attributes.get("gen_ai.tool.call.result") {
            assert!(!result.as_str().unwrap().contains("sk-abc"), "{}", result.as_str().unwrap().len());
        }
    }
    shutdown().unwrap();
}

#[test]
fn a_process_that_forks() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let collector = Collector::start();
    let otlp = Some(Otlp::http(collector.url()));
    let config = || RecordingConfig { otlp: otlp.clone(), metrics: false, logs: false, ..quick() };
    config().install().unwrap().detach();
    turnscope::run("before").end();
    flush(Duration::from_secs(60)).unwrap();
    assert_eq!(collector.next().spans()[0].name, "invoke_agent before");
    let open = turnscope::run("open");
    match fork::fork().unwrap() {
        fork::Fork::Child => {
            let begun = Instant::now();
            open.tool("in the child").end();
            assert!(!turnscope::run("in the child").is_recording());
            assert!(!turnscope::run("again").is_recording());
            let lost = flush(Duration::from_secs(60)).unwrap_err();
            assert!(lost.reasons.iter().any(|(reason, _)| *reason == LossReason::Fork), "{lost}");
            config().install().unwrap().detach();
            turnscope::run("set up again").end();
            shutdown().unwrap();
            assert!(begun.elapsed() < Duration::from_secs(30));
            println!("the child is done");
            std::process::exit(0);
        }
        fork::Fork::Parent(child) => {
            fork::waitpid(child).unwrap();
            assert_eq!(collector.next().spans()[0].name, "invoke_agent set up again");
            open.end();
            shutdown().unwrap();
            assert_eq!(collector.next().spans()[0].name, "invoke_agent open");
            println!("the parent is done");
        }
    }
}

#[test]
fn a_fork_stops_recording_with_a_word_and_may_set_it_up_again() {
    let output = process("guest::a_process_that_forks", &[]);
    assert!(output.contains("the child is done") && output.contains("the parent is done"), "{output}");
    assert_eq!(output.matches("a fork of").count(), 1, "{output}");
}

/// Handled and ignored signals, from `/proc/self/status`.
fn signals() -> Vec<String> {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    // Not how many are queued.
    status
        .lines()
        .filter(|line| line.starts_with("Sig") && !line.starts_with("SigQ"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_process_that_looks_after_itself() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let own = Arc::clone(&seen);
    panic::set_hook(Box::new(move |panic| own.lock().unwrap().push(panic.to_string())));
    let (before, variables) = (signals(), env::vars().collect::<Vec<_>>());
    let collector = Collector::start();
    let otlp = Some(Otlp::http(collector.url()));
    RecordingConfig { otlp, metrics: false, logs: false, ..RecordingConfig::new("helpdesk") }
        .install()
        .unwrap()
        .detach();
    turnscope::run("helpdesk").turn().tool("lookup").end();
    flush(Duration::from_secs(60)).unwrap();
    assert!(panic::catch_unwind(|| panic!("the host's own")).is_err());
    assert_eq!(signals(), before);
    assert_eq!(env::vars().collect::<Vec<_>>(), variables);
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    shutdown().unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.len() == 1 && seen[0].contains("the host's own"), "{seen:?}");
    println!("untouched");
}

#[test]
fn signal_handlers_panic_hook_environment_and_tls_provider_are_the_hosts() {
    let output = process("guest::a_process_that_looks_after_itself", &[]);
    assert!(output.contains("untouched"), "{output}");
}
