//! Set-up from the environment. Each case runs in a child process and checks what a collector receives.

use crate::{
    child::is_child,
    collector::{Collector, text},
};
use opentelemetry::trace::{Span, Tracer};
use std::fs;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// The output of a process with these variables that records one run.
fn process(variables: &[(&str, &str)]) -> String {
    crate::child::process("environment::a_process_that_records_a_run", variables)
}

/// Whether such a process records anything.
fn records(variables: &[(&str, &str)]) -> bool {
    process(variables).contains("recording: true")
}

#[test]
fn a_process_that_records_a_run() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let _recording = turnscope::init_tracing("helpdesk");
    let mut span = turnscope::get_tracer().start("any");
    let run = turnscope::run("helpdesk");
    assert_eq!(span.is_recording(), run.is_recording());
    println!("recording: {}, content: {}", run.is_recording(), run.captures_content());
    run.input("hello").metadata("long", "x".repeat(100));
    for n in 0..20 {
        run.set(format!("many.{n}"), n);
    }
    span.end();
    drop(run);
    let _ = turnscope::shutdown();
}

#[test]
fn without_an_endpoint_or_when_switched_off_nothing_is_recorded() {
    let endpoint = (ENDPOINT, "http://127.0.0.1:9");
    assert!(records(&[endpoint]));
    assert!(!records(&[]), "no endpoint");
    assert!(!records(&[(ENDPOINT, "")]), "an empty endpoint");
    assert!(!records(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]));
    assert!(records(&[endpoint, ("OTEL_TRACES_EXPORTER", "otlp")]));
    let output = process(&[("OTEL_TRACES_EXPORTER", "console")]);
    assert!(output.contains(r#"{"name":"invoke_agent helpdesk""#), "{output}");
    assert!(!records(&[endpoint, ("OTEL_SDK_DISABLED", "True")]));
    assert!(!records(&[endpoint, ("OTEL_TRACES_SAMPLER", "always_off")]));
    assert!(!records(&[endpoint, ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0")]));
}

#[test]
fn an_invalid_variable_is_named_with_the_allowed_values() {
    let endpoint = (ENDPOINT, "http://127.0.0.1:9");
    for (name, value, allowed) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "thrift", "grpc, http/protobuf, http/json"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd", "gzip, none"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon", "milliseconds"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "-1", "not a number above 0"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "otlp, console, both, or none"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "parentbased_traceidratio"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318", "an address such as"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://h:metrics", "an address such as"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "(set)", "NAME=VALUE"),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "a b=c", "a header's name"),
    ] {
        let output = process(&[endpoint, (name, value)]);
        let shown = value.split('=').next().unwrap();
        assert!(output.contains(name) && output.contains(shown) && output.contains(allowed), "{output}");
    }
    let ratio = ("OTEL_TRACES_SAMPLER", "traceidratio");
    let output = process(&[endpoint, ratio, ("OTEL_TRACES_SAMPLER_ARG", "1.5")]);
    assert!(output.contains("OTEL_TRACES_SAMPLER_ARG is 1.5; allowed: 0.0 to 1.0"), "{output}");
    let output =
        process(&[(ENDPOINT, "https://127.0.0.1:9"), ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such.pem")]);
    assert!(output.contains("tracing is off") && output.contains("/no/such.pem"), "{output}");
}

#[test]
fn the_general_endpoint_gets_a_path_and_that_for_traces_does_not() {
    let collector = Collector::start();
    process(&[
        (ENDPOINT, &format!("{}/otel/", collector.url())),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b,x-other=c"),
        ("OTEL_SERVICE_NAME", "from-the-environment"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
    ]);
    let received = collector.next();
    assert_eq!(received.path, "/otel/v1/traces");
    assert_eq!((received.header("x-key"), received.header("x-other")), ("a b", "c"));
    assert_eq!(received.header("content-type"), "application/x-protobuf");
    assert_eq!(received.resource("service.name").unwrap(), "from-the-environment");
    assert_eq!(received.resource("deployment.environment.name").unwrap(), "test");
    let mut names: Vec<_> = received.spans().iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["any", "invoke_agent helpdesk"]);

    process(&[
        (ENDPOINT, "http://127.0.0.1:9"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &format!("{}/here", collector.url())),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=general"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-key=traces"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
    ]);
    let received = collector.next();
    assert_eq!((received.path.as_str(), received.header("x-key")), ("/here", "traces"));
    assert_eq!(
        (received.header("content-type"), received.header("content-encoding")),
        ("application/json", "gzip")
    );
    assert_eq!(received.resource("service.name").unwrap(), "helpdesk");
    assert_eq!(received.spans().len(), 2);
}

#[test]
fn grpc_if_the_protocol_variable_says_so() {
    let collector = Collector::start();
    process(&[
        (ENDPOINT, &collector.url()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=abc"),
    ]);
    let received = collector.next();
    assert_eq!(received.path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    assert_eq!((received.header("x-key"), received.header("grpc-encoding")), ("abc", "gzip"));
    assert_eq!(received.spans().len(), 2);
}

#[test]
#[cfg(feature = "tls")]
fn https_over_http_and_grpc_with_a_custom_root_certificate() {
    let (collector, certificate) = Collector::start_with_tls();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    fs::write(&path, certificate).unwrap();
    let endpoint = format!("https://localhost:{}", collector.address.port());
    for protocol in ["http/protobuf", "grpc"] {
        process(&[
            (ENDPOINT, &endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", path.to_str().unwrap()),
        ]);
        assert_eq!(collector.next().spans().len(), 2, "{protocol}");
    }
    // Without that setting, the system does not trust this certificate.
    process(&[(ENDPOINT, &endpoint), ("OTEL_BSP_EXPORT_TIMEOUT", "500")]);
    assert!(collector.is_quiet());
}

/// The base variables, with some added or replaced.
fn with<'a>(base: &[(&'a str, &'a str)], further: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [base, further].concat() // the last value of a name wins
}

#[test]
#[cfg(feature = "tls")]
fn a_client_certificate_is_presented_over_http_and_grpc() {
    let (collector, trusted, (shown, key)) = Collector::start_with_mutual_tls();
    let (stranger, _, (strange, strange_key)) = Collector::start_with_mutual_tls();
    drop(stranger);
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (trusted, shown, key) = (file("ca.pem", &trusted), file("own.pem", &shown), file("own.key", &key));
    let (strange, strange_key) = (file("other.pem", &strange), file("other.key", &strange_key));
    let endpoint = format!("https://localhost:{}", collector.address.port());
    for protocol in ["http/protobuf", "http/json", "grpc"] {
        let base = [
            (ENDPOINT, &*endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", &trusted),
            ("OTEL_BSP_EXPORT_TIMEOUT", "2000"),
            ("OTEL_METRICS_EXPORTER", "none"),
        ];
        let general =
            [("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &*shown), ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &*key)];
        let of_a_stranger = [
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &*strange),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &*strange_key),
        ];
        let for_traces = [
            ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", &*shown),
            ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", &*key),
        ];
        process(&with(&base, &general));
        assert_eq!(collector.next().spans().len(), 2, "{protocol}");
        process(&with(&with(&base, &of_a_stranger), &for_traces));
        assert_eq!(collector.next().spans().len(), 2, "{protocol}: the variable for traces takes precedence");
        for refused in [&of_a_stranger[..], &[]] {
            let output = process(&with(&base, refused));
            assert!(output.contains("cannot export"), "{protocol}: {output}");
            assert!(collector.is_quiet(), "{protocol}: {refused:?}");
        }
        let output = process(&with(&base, &[general[0], ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/no/such.key")]));
        assert!(output.contains("tracing is off") && output.contains("/no/such.key"), "{protocol}: {output}");
    }
}

#[test]
fn batches_limits_and_content_follow_the_environment() {
    let collector = Collector::start();
    let output = process(&[
        (ENDPOINT, &collector.url()),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"),
        ("OTEL_BSP_SCHEDULE_DELAY", "10"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "40"),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "8"),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY"),
    ]);
    assert!(output.contains("content: true"));
    let (first, second) = (collector.next(), collector.next());
    assert_eq!((first.spans().len(), second.spans().len()), (1, 1));
    let run = second.spans()[0];
    assert_eq!(run.attributes.len(), 8);
    assert!(run.dropped_attributes_count > 0);
    let long = text(&run.attributes, "turnscope.metadata.long").unwrap();
    assert_eq!(long, format!("{}…[truncated from 100 bytes]", "x".repeat(40)));
    let messages = text(&run.attributes, "gen_ai.input.messages").unwrap();
    assert!(messages.contains("[truncated from"), "{messages}");
}
