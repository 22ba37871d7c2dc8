//! Every OpenTelemetry variable takes effect: in the configuration, and in what the SDK does.

use crate::{
    child::{is_child, process},
    collector::Collector,
};
use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
};
use turnscope::{RecordingConfig, Setup};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const DEAD: (&str, &str) = (ENDPOINT, "http://127.0.0.1:9");

#[test]
fn a_process_that_prints_its_configuration() {
    if is_child() {
        println!("made {:?}", RecordingConfig::from_env("helpdesk"));
        println!("set up {:?}", Setup::new("helpdesk"));
    }
}

fn config_from(variables: &[(&str, &str)]) -> String {
    let variables = [&[DEAD], variables].concat(); // the last value of a name wins
    process("variables::a_process_that_prints_its_configuration", &variables)
}

#[test]
fn each_variable_sets_its_field() {
    for (name, value, wanted) in [
        (ENDPOINT, "http://h:1", r#"endpoint: "http://h:1/v1/traces""#),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://h:1/x", r#"endpoint: "http://h:1/x""#),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://h:1/m", r#"metrics_endpoint: Some("http://h:1/m")"#),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://h:1/l", r#"logs_endpoint: Some("http://h:1/l")"#),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "protocol: Grpc"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "protocol: HttpJson"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf", "protocol: HttpProtobuf"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "700", "timeout: Some(700ms)"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem", r#" certificate: Some("/ca.pem")"#),
        ("OTEL_SERVICE_NAME", "front", r#"service_name: "front""#),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "17", "queue_size: 17,"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5", "batch_size: 5,"),
        ("OTEL_BSP_SCHEDULE_DELAY", "250", "batch_timeout: 250ms"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "70", "export_timeout: 70ms"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "40", "max_value_bytes: 40,"),
        ("OTEL_METRICS_EXPORTER", "none", "metrics: false"),
        ("OTEL_LOGS_EXPORTER", "none", "logs: false"),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true", " content: true"),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_AND_EVENT", " content: true"),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "EVENT_ONLY", " content: false"),
    ] {
        let output = config_from(&[(name, value)]);
        assert!(output.contains(wanted), "{name}={value} does not give {wanted}: {output}");
        assert!(
            !config_from(&[]).contains(wanted)
                || wanted.ends_with("content: false")
                || value == "http/protobuf"
        );
    }
    let output = config_from(&[("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")]);
    assert_eq!(
        output.matches(" content: true").count(),
        2,
        "both `RecordingConfig` and `Setup` read it: {output}"
    );
}

#[test]
fn the_variable_for_traces_takes_precedence() {
    let file = |name: &str| format!("/{name}.pem");
    for (name, wanted, [general, own]) in [
        ("PROTOCOL", "protocol: HttpJson", ["grpc".to_owned(), "http/json".to_owned()]),
        ("TIMEOUT", "timeout: Some(70ms)", ["700".to_owned(), "70".to_owned()]),
        ("CERTIFICATE", r#" certificate: Some("/own.pem")"#, [file("general"), file("own")]),
    ] {
        let output = config_from(&[
            (&format!("OTEL_EXPORTER_OTLP_{name}"), &general),
            (&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"), &own),
        ]);
        assert!(output.contains(wanted), "{name}: {output}");
    }
    let output = config_from(&[
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "40"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "41"),
    ]);
    assert!(output.contains("max_value_bytes: 41,"), "{output}");
}

#[test]
fn a_process_that_records_much() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    if let Ok(Some(config)) = RecordingConfig::from_env("helpdesk") {
        RecordingConfig { live: true, ..config }.install().unwrap().detach();
    }
    let run = turnscope::run("helpdesk");
    for n in 0..5 {
        run.event("noted", [("a", n), ("b", n), ("c", n)]);
        run.regenerates(&run.span_context());
        run.set(format!("many.{n}"), n);
    }
    println!("recording: {}", run.is_recording());
    run.turn().llm("openai", "gpt-5-mini").end();
    run.end();
    let _ = turnscope::shutdown();
}

fn recorded(variables: &[(&str, &str)]) -> String {
    process("variables::a_process_that_records_much", variables)
}

/// Counts of the run span's attributes, events and links, and of each event's and link's attributes.
fn counts(collector: &Collector, variables: &[(&str, &str)]) -> [usize; 5] {
    recorded(&[&[(ENDPOINT, &*collector.url())], variables].concat());
    let received = collector.next();
    let run = *received.spans().last().unwrap();
    let in_event = run.events.first().map_or(0, |event| event.attributes.len());
    let in_link = run.links.first().map_or(0, |link| link.attributes.len());
    [run.attributes.len(), run.events.len(), run.links.len(), in_event, in_link]
}

#[test]
fn each_limit_is_applied() {
    let collector = Collector::start();
    assert_eq!(counts(&collector, &[]), [7, 5, 5, 3, 1]);
    for (name, value, wanted) in [
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "2", [2, 5, 5, 2, 1]),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "4", [4, 5, 5, 3, 1]),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "3", [7, 3, 5, 3, 1]),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "1", [7, 5, 1, 3, 1]),
        ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "1", [7, 5, 5, 1, 1]),
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "0", [7, 5, 5, 3, 0]),
    ] {
        assert_eq!(counts(&collector, &[(name, value)]), wanted, "{name}");
    }
    let both = [("OTEL_ATTRIBUTE_COUNT_LIMIT", "2"), ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "4")];
    assert_eq!(counts(&collector, &both), [4, 5, 5, 2, 1]);
}

#[test]
fn each_sampler_is_supported() {
    for (sampler, argument, wanted) in [
        ("always_on", "", true),
        ("always_off", "", false),
        ("traceidratio", "1", true),
        ("traceidratio", "0", false),
        ("parentbased_always_on", "", true),
        ("parentbased_always_off", "", false),
        ("parentbased_traceidratio", "1.0", true),
        ("parentbased_traceidratio", "0.0", false),
    ] {
        let output = recorded(&[
            DEAD,
            ("OTEL_TRACES_SAMPLER", sampler),
            ("OTEL_TRACES_SAMPLER_ARG", argument),
            ("OTEL_BSP_EXPORT_TIMEOUT", "100"),
        ]);
        assert!(output.contains(&format!("recording: {wanted}")), "{sampler} {argument}: {output}");
    }
}

#[test]
fn metrics_and_logs_go_to_endpoints_of_their_own() {
    let [metrics, logs] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let url =
        |listener: &TcpListener, path: &str| format!("http://{}/{path}", listener.local_addr().unwrap());
    recorded(&[
        DEAD,
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &url(&metrics, "figures")),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", &url(&logs, "lines")),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "500"), // these endpoints never answer
        ("OTEL_BSP_EXPORT_TIMEOUT", "500"),
    ]);
    for (listener, path) in [(metrics, "/figures"), (logs, "/lines")] {
        listener.set_nonblocking(true).unwrap(); // both requests have been made by now
        let (stream, _) = listener.accept().unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), format!("POST {path} HTTP/1.1"));
    }
}

#[test]
fn a_grpc_endpoint_without_a_scheme_can_be_marked_insecure() {
    let collector = Collector::start();
    recorded(&[
        (ENDPOINT, &collector.address.to_string()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_INSECURE", "true"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "5000"),
    ]);
    assert_eq!(collector.next().header("content-type"), "application/grpc");
}
