//! The trace file: every format can be read back.

use crate::{
    child::{command, is_child, process_through},
    installation::{alone, quick},
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::{
    env, fs,
    io::Read,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};
use turnscope::{EncryptionKey, FinishedSpan, ReadError, RecordingConfig, TraceFile, shutdown};

const FILE: &str = "TURNSCOPE_TEST_FILE";

pub(crate) fn key() -> EncryptionKey {
    "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=".parse().unwrap()
}

/// Records `count` runs into the file, in this format.
fn record(path: &Path, compression: Option<u32>, encryption_key: Option<EncryptionKey>, count: usize) {
    let trace_file = Some(path.to_owned());
    RecordingConfig { trace_file, compression, encryption_key, ..quick() }.install().unwrap().detach();
    for n in 0..count {
        turnscope::run("helpdesk")
            .metadata("n", n.to_string())
            .metadata("text", "again and again ".repeat(20));
    }
    let _ = shutdown();
}

fn read(path: &Path, key: Option<EncryptionKey>) -> Result<Vec<FinishedSpan>, ReadError> {
    TraceFile::open(path, key)?.collect()
}

#[test]
fn each_format_is_read_back_and_one_file_may_mix_them() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace");
    for (compression, key) in [(None, None), (Some(6), None), (None, Some(key())), (Some(1), Some(key()))] {
        record(&path, compression, key, 3);
    }
    let spans = read(&path, Some(key())).unwrap();
    assert_eq!(spans.len(), 12);
    assert_eq!(spans[11].attributes["turnscope.metadata.n"], "2");
    assert!(matches!(read(&path, None), Err(ReadError::NeedsKey)));
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".parse().unwrap();
    assert!(matches!(read(&path, Some(other)), Err(ReadError::WrongKey)));
}

#[test]
fn a_compressed_file_is_smaller_and_an_encrypted_one_reveals_nothing() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let [plain, small, secret] = ["plain", "small", "secret"].map(|name| dir.path().join(name));
    record(&plain, None, None, 50);
    record(&small, Some(6), None, 50);
    record(&secret, None, Some(key()), 50);
    let length = |path: &Path| fs::metadata(path).unwrap().len();
    assert!(length(&small) < length(&plain) / 4, "{} of {}", length(&small), length(&plain));
    assert!(!fs::read_to_string(&secret).unwrap().contains("again"));
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(fs::File::open(&small).unwrap()).read_to_string(&mut text).unwrap();
    assert_eq!(text.lines().count(), 50, "any gzip tool can read it");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&secret).unwrap()) & 0o777, 0o600);
}

/// All combinations of compression and encryption.
fn forms() -> [(Option<u32>, Option<EncryptionKey>); 4] {
    [(None, None), (Some(6), None), (None, Some(key())), (Some(1), Some(key()))]
}

/// The numbers of the runs that can be read, and the number of errors.
fn numbers(path: &Path) -> (Vec<String>, usize) {
    let (spans, errors): (Vec<_>, Vec<_>) =
        TraceFile::open(path, Some(key())).unwrap().partition(Result::is_ok);
    let number = |span: FinishedSpan| span.attributes["turnscope.metadata.n"].as_str().unwrap().to_owned();
    (spans.into_iter().map(|span| number(span.unwrap())).collect(), errors.len())
}

/// A process may be killed at any point of a write.
#[test]
fn a_truncated_part_is_reported_and_all_else_is_read_whatever_format_follows() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace");
    for (compression, own_key) in forms() {
        fs::write(&path, "").unwrap();
        record(&path, compression, own_key.clone(), 2);
        let whole = fs::read(&path).unwrap();
        record(&path, compression, own_key, 1);
        let more = fs::read(&path).unwrap();
        for (next_compression, next_key) in forms() {
            let form = format!("{compression:?}, then {next_compression:?} {}", next_key.is_some());
            for cut in [1, 2, 11, 25, more.len() - whole.len() - 1] {
                fs::write(&path, &more[..more.len() - cut]).unwrap();
                let (before, errors) = numbers(&path);
                let readable = &before[..2];
                assert_eq!(readable, ["0", "1"], "{form}, without {cut} bytes");
                // Only the newline is missing, so the span is complete.
                assert!(errors == 1 || cut <= 2, "{form}, without {cut} bytes: {errors} errors");

                record(&path, next_compression, next_key.clone(), 3);
                let (after, still) = numbers(&path);
                assert_eq!(
                    after,
                    [&before[..], &["0", "1", "2"].map(str::to_owned)].concat(),
                    "{form}, {cut}"
                );
                assert_eq!(still, errors, "{form}, without {cut} bytes");
            }
        }
    }
}

#[test]
fn a_process_that_writes_until_it_is_killed() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let (path, form) = (env::var(FILE).unwrap(), env::var("TURNSCOPE_TEST_FORM").unwrap());
    let (compression, encryption_key) = forms().into_iter().nth(form.parse().unwrap()).unwrap();
    RecordingConfig { trace_file: Some(path.into()), compression, encryption_key, batch_size: 7, ..quick() }
        .install()
        .unwrap()
        .detach();
    for n in 0..1_000_000 {
        turnscope::run("helpdesk").metadata("n", n.to_string());
        if n % 100 == 0 {
            turnscope::flush(Duration::from_secs(60)).unwrap(); // so that the queue never overflows
        }
    }
}

#[test]
fn a_process_killed_while_writing_leaves_readable_batches() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    for form in 0..forms().len() {
        let path = dir.path().join(form.to_string());
        let variables = [(FILE, path.to_str().unwrap()), ("TURNSCOPE_TEST_FORM", &form.to_string())];
        let mut child = command(&[], "file::a_process_that_writes_until_it_is_killed", &variables)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        while fs::metadata(&path).map_or(0, |file| file.len()) < 30_000 {
            assert!(Instant::now() < until && child.try_wait().unwrap().is_none(), "{form}");
            thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let (before, errors) = numbers(&path);
        let all: Vec<_> = (0..before.len()).map(|n| n.to_string()).collect();
        assert!(before.len() > 20 && errors <= 1, "{form}: {} runs, {errors} errors", before.len());
        assert_eq!(before, all, "{form}");
        record(&path, None, None, 1);
        assert_eq!(numbers(&path), ([&all[..], &["0".to_owned()]].concat(), errors), "{form}");
    }
}

#[test]
fn an_invalid_line_is_reported_and_all_else_is_read() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace");
    record(&path, None, None, 1);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend(b"{\"name\": 3}\nnot a token\n\xff\xfe\n\n");
    fs::write(&path, bytes).unwrap();
    record(&path, None, None, 1);
    assert_eq!(numbers(&path), (vec!["0".into(), "0".into()], 3));
    let errors = TraceFile::open(&path, None).unwrap().filter_map(Result::err);
    let kinds: Vec<_> =
        errors.map(|error| format!("{error:?}").split(['(', ' ']).next().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["NotASpan", "NeedsKey", "NeedsKey"]);
    let error = RecordingConfig { compression: Some(12), ..quick() }.install().unwrap_err();
    assert_eq!(error.to_string(), "compression is 12; allowed: 1 to 9");
}

#[test]
fn a_process_whose_file_may_not_grow() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let path = PathBuf::from(env::var(FILE).unwrap());
    RecordingConfig { trace_file: Some(path), batch_size: 1, ..quick() }.install().unwrap().detach();
    for n in 0..40 {
        turnscope::run("helpdesk").metadata("n", n.to_string()).metadata("text", "x".repeat(300));
    }
    turnscope::flush(Duration::from_secs(60)).unwrap_err();
    assert_eq!(turnscope::finished_spans().len(), 40);
    let _ = shutdown();
}

/// Simulates a disk that fills up within a line, with a limit on file sizes.
#[test]
#[cfg(target_os = "linux")]
fn a_partial_line_on_a_full_disk_is_removed() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace");
    let limited = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let output = process_through(
        &["sh", "-c", limited],
        "file::a_process_whose_file_may_not_grow",
        &[(FILE, path.to_str().unwrap())],
    );
    assert!(output.contains("cannot export"), "{output}");
    let size = fs::metadata(&path).unwrap().len();
    assert!((2000..=8192).contains(&size), "{size} bytes");
    let (read, errors) = numbers(&path);
    assert!(read.len() < 40 && errors == 0, "{read:?}");
    record(&path, None, None, 1);
    assert_eq!(numbers(&path), ([&read[..], &["0".to_owned()]].concat(), 0));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_affects_neither_the_caller_nor_the_ring_buffer() {
    let _alone = alone();
    RecordingConfig { trace_file: Some("/dev/full".into()), ..quick() }.install().unwrap().detach();
    for _ in 0..3 {
        turnscope::run("helpdesk").end();
        turnscope::flush(Duration::from_secs(60)).unwrap_err();
    }
    assert_eq!(turnscope::finished_spans().len(), 3);
    let _ = shutdown();
}

/// Each line is what a Collector reads: with all that a span has, and with its resource.
#[test]
fn a_line_is_a_complete_otlp_request_and_is_read_back_whole() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.jsonl");
    let earlier =
        turnscope::Recorder::new(&SdkTracerProvider::builder().build()).run("earlier").span_context();
    RecordingConfig { trace_file: Some(path.clone()), ..RecordingConfig::new("front-desk") }
        .install()
        .unwrap()
        .detach();
    let run = turnscope::run("helpdesk");
    run.set("list", ["a", "b"]).set("rate", 0.5).set("n", 3).set("on", true).set("odd", f64::NAN);
    run.regenerates(&earlier).event("noted", [("rows", 2)]);
    run.llm("openai", "m").fail("timeout", "too late");
    run.end();
    let kept = turnscope::finished_spans();
    shutdown().unwrap();

    let text = fs::read_to_string(&path).unwrap();
    let requests: Vec<ExportTraceServiceRequest> =
        text.lines().map(|line| serde_json::from_str(&line.replace("\"NaN\"", "0.5")).unwrap()).collect();
    assert!(text.contains(r#"{"doubleValue":"NaN"}"#), "as protobuf's JSON writes it: {text}");
    let span = |index: usize| &requests[index].resource_spans[0].scope_spans[0].spans[0];
    let (call, run) = (span(0), span(1));
    requests.iter().for_each(crate::valid::check);
    assert_eq!((call.kind, call.status.clone().unwrap().message.as_str()), (3, "too late"));
    assert_eq!((call.events[0].name.as_str(), call.parent_span_id.len()), ("exception", 8));
    assert_eq!((run.links[0].span_id.clone(), run.events.len()), (earlier.span_id().to_bytes().to_vec(), 1));
    assert!(
        run.end_time_unix_nano >= run.start_time_unix_nano
            && run.start_time_unix_nano > 1_700_000_000_000_000_000
    );
    let resource = requests[0].resource_spans[0].resource.clone().unwrap();
    assert_eq!(crate::collector::text(&resource.attributes, "service.name").unwrap(), "front-desk");

    let read = read(&path, None).unwrap();
    assert_eq!(read.len(), 2);
    for (read, kept) in read.into_iter().zip(kept) {
        // A file has whole nanoseconds, and JSON has no NaN.
        let plain = |mut span: FinishedSpan| {
            span.attributes.remove("odd");
            span.duration_ms = 0.0;
            serde_json::to_value(span).unwrap()
        };
        assert_eq!(plain(read), plain(kept));
    }
}

/// A line of the form that versions before this one wrote.
#[test]
fn a_file_of_an_earlier_version_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.jsonl");
    let line = r#"{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","parent_span_id":null,"name":"invoke_agent helpdesk","start_ms":1.0,"end_ms":3.0,"duration_ms":2.0,"status":"ok","session_id":"s-17","user_role":null,"tool_name":null,"policy_allow":null,"policy_deny":null,"policy_hitl":null,"risk_tier":null,"reason":null,"attributes":{"n":1}}"#;
    fs::write(&path, format!("{line}\n")).unwrap();
    let spans = read(&path, None).unwrap();
    assert_eq!(
        (spans[0].name.as_str(), spans[0].session_id.as_deref()),
        ("invoke_agent helpdesk", Some("s-17"))
    );
}
