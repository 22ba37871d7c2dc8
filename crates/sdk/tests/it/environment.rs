//! The door that the environment opens: each case is this test's own binary again, with variables of its own.

use opentelemetry::trace::{Span, Tracer};
use std::{env, process::Command};

const CHILD: &str = "TURNSCOPE_TEST_CHILD";

/// What a process with these variables, and nothing else of OpenTelemetry's, records.
fn records(variables: &[(&str, &str)]) -> bool {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "environment::as_the_environment_says", "--nocapture"]).env(CHILD, "1");
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("OTEL_")) {
        child.env_remove(name);
    }
    let output = child.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    text.contains("recording: true")
}

#[test]
fn as_the_environment_says() {
    if env::var_os(CHILD).is_some() {
        let mut span = turnscope::init_tracing("helpdesk").start("any");
        let run = turnscope::run("helpdesk");
        assert_eq!(span.is_recording(), run.is_recording());
        println!("recording: {}, content: {}", run.is_recording(), run.captures_content());
        span.end();
        drop(run);
        turnscope::shutdown();
        return;
    }
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    assert!(records(&[endpoint]));
    assert!(records(&[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]));
    assert!(records(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9/v1/traces")]));
    assert!(!records(&[]), "no endpoint");
    assert!(!records(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]), "an empty endpoint");
    assert!(!records(&[endpoint, ("OTEL_SDK_DISABLED", "True")]));
    assert!(!records(&[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]));
    assert!(!records(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://127.0.0.1:9")]), "no TLS yet");
    assert!(!records(&[endpoint, ("OTEL_TRACES_SAMPLER", "always_off")]));
}
