//! Profiles and their environment variables.

use crate::{
    child::{is_child, process},
    installation::alone,
};
use std::{env, fs, time::Duration};
use turnscope::{LogLevel, RecordingConfig, Redaction, SetupError, TraceConfig};

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

/// The configuration that a process with these variables prints.
fn config_from(variables: &[(&str, &str)]) -> String {
    process("trace_config::a_process_that_prints_its_configuration", variables)
}

#[test]
fn a_process_that_prints_its_configuration() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let own = match env::var("TURNSCOPE_TEST_OWN") {
        Ok(_) => TraceConfig { sample_rate: Some(0.75), queue_size: Some(9), ..TraceConfig::debug() },
        Err(_) => TraceConfig::default(),
    };
    match own.config("helpdesk") {
        Err(error) => println!("error: {error}"),
        Ok(config) => {
            let RecordingConfig {
                sample_rate,
                compression,
                queue_size,
                batch_size,
                batch_timeout,
                log_level,
                log_path,
                ..
            } = &config;
            println!(
                "rate {sample_rate:?}, compression {compression:?}, key {}",
                config.encryption_key.is_some()
            );
            println!("queue {queue_size}, batch {batch_size} in {batch_timeout:?}");
            println!("run end {:?}, errors {:?}", config.block_on_run_end, config.sampler);
            println!("live {}, run end after {:?}", config.live, config.run_end_delay);
            println!("log {log_level:?} {log_path:?}");
            println!("store {:?}", config.store);
            println!("redacts {}", config.redaction.text(r#"{"iban":"DE1","text":"ORD-17, ab"}"#));
        }
    }
}

#[test]
fn a_profile_sets_rate_compression_encryption_and_level() {
    let key = ("TRACE_ENCRYPTION_KEY", KEY);
    let output = config_from(&[("TRACE_PROFILE", "production"), key]);
    assert!(
        output.contains("rate Some(0.01), compression Some(6), key true") && output.contains("log Warning"),
        "{output}"
    );
    let output = config_from(&[]);
    assert!(
        output.contains("rate Some(0.5), compression Some(6), key false") && output.contains("log Info"),
        "{output}"
    );
    let output = config_from(&[("TRACE_PROFILE", "Debug")]);
    assert!(
        output.contains("rate Some(1.0), compression None, key false") && output.contains("log Debug"),
        "{output}"
    );
}

#[test]
fn every_variable_is_applied_and_code_takes_precedence() {
    let variables = [
        ("TRACE_PROFILE", "debug"),
        ("TRACE_SAMPLE_RATE", "0.25"),
        ("TRACE_LIVE", "true"),
        ("TRACE_RUN_END_DELAY", "40"),
        ("TRACE_QUEUE_SIZE", "17"),
        ("TRACE_BATCH_SIZE", "5"),
        ("TRACE_BATCH_TIMEOUT", "250"),
        ("TRACE_BLOCK_ON_RUN_END", "on"),
        ("TRACE_RUN_END_BLOCK_TIMEOUT_MS", "70"),
        ("TRACE_REDACT_KEYS", "iban, tax-id"),
        ("TRACE_REDACT_PATTERNS", r"ORD-\d{1,4},[a]b"),
        ("TRACE_ENCRYPTION_ENABLED", "1"),
        ("TRACE_ENCRYPTION_KEY", KEY),
        ("TRACE_COMPRESSION_ENABLED", "yes"),
        ("TRACE_COMPRESSION_LEVEL", "9"),
        ("TRACE_LOG_LEVEL", "ERROR"),
        ("TRACE_LOG_PATH", "trace.log"),
        ("TRACE_DB_PATH", "/data/turnscope.db"),
        ("TRACE_RETENTION_DAYS", "7.5"),
        ("TRACE_RETENTION_MAX_BYTES", "64MiB"),
    ];
    let output = config_from(&variables);
    for wanted in [
        "rate Some(0.25), compression Some(9), key true",
        "queue 17, batch 5 in 250ms",
        "run end Some(70ms), errors None",
        "live true, run end after 40ms",
        r#"log Error Some("trace.log")"#,
        r#"{ path: "/data", retention_days: 7.5, retention_max_bytes: 67108864 }"#,
        r#"redacts {"iban":"[redacted:key]","text":"[redacted:custom], [redacted:custom]"}"#,
    ] {
        assert!(output.contains(wanted), "{wanted} is not in {output}");
    }
    let output = config_from(&[&variables[..], &[("TRACE_ONLY_ON_ERROR", "true")]].concat());
    assert!(
        output.contains("rate Some(1.0)")
            && output.contains("errors Some(TailRules { errors: true, denied: false"),
        "every trace is watched, whatever the rate: {output}"
    );
    let output = config_from(&[("OTEL_TRACES_SAMPLER", "always_off"), ("OTEL_BSP_MAX_QUEUE_SIZE", "33")]);
    assert!(
        output.contains("rate None") && output.contains("queue 33"),
        "OpenTelemetry's variables take precedence over the profile: {output}"
    );
    let own = ("TURNSCOPE_TEST_OWN", "1");
    let output = config_from(&[&variables[..], &[own]].concat());
    assert!(output.contains("rate Some(0.75)") && output.contains("queue 9, batch 5"), "{output}");
}

#[test]
fn an_invalid_value_is_named_with_the_allowed_values() {
    for (name, value, allowed) in [
        ("TRACE_PROFILE", "staging", "production, development, debug"),
        ("TRACE_SAMPLE_RATE", "1.5", "0.0 to 1.0"),
        ("TRACE_SAMPLE_RATE", "most", "0.0 to 1.0"),
        ("TRACE_ONLY_ON_ERROR", "maybe", "true, false"),
        ("TRACE_QUEUE_SIZE", "0", "a whole number above 0"),
        ("TRACE_BATCH_TIMEOUT", "5s", "whole milliseconds"),
        ("TRACE_COMPRESSION_LEVEL", "10", "1 to 9"),
        ("TRACE_REDACT_PATTERNS", "(", "regular expressions"),
        ("TRACE_BATCH_SIZE", "-1", "a whole number above 0"),
        ("TRACE_BLOCK_ON_RUN_END", "2", "true, false"),
        ("TRACE_RUN_END_BLOCK_TIMEOUT_MS", "soon", "whole milliseconds"),
        ("TRACE_COMPRESSION_ENABLED", "a bit", "true, false"),
        ("TRACE_ENCRYPTION_ENABLED", "a bit", "true, false"),
        ("TRACE_RETENTION_DAYS", "-1", "a number of days"),
        ("TRACE_RETENTION_MAX_BYTES", "lots", "bytes, such as"),
        ("TRACE_LOG_LEVEL", "loud", "OFF, ERROR, WARNING, INFO, DEBUG"),
    ] {
        let output = config_from(&[(name, value)]);
        assert!(output.contains(&format!("error: {name} is {value}; allowed: {allowed}")), "{output}");
    }
}

#[test]
fn encryption_without_a_valid_key_is_an_error_that_does_not_reveal_the_key() {
    for profile in ["production", "development", "debug"] {
        for key in ["", "c2hvcnQ=", "not base64 at all, and rather long!!"] {
            let output = config_from(&[
                ("TRACE_PROFILE", profile),
                ("TRACE_ENCRYPTION_ENABLED", "true"),
                ("TRACE_ENCRYPTION_KEY", key),
            ]);
            assert!(
                output.contains("error: TRACE_ENCRYPTION_KEY is (") && output.contains("32 bytes"),
                "{output}"
            );
            assert!(key.is_empty() || !output.contains(key), "{output}");
        }
    }
    let error = TraceConfig::production().config("helpdesk").unwrap_err();
    assert!(error.to_string().contains("TRACE_ENCRYPTION_KEY"));
}

#[test]
fn the_debug_log_says_what_was_exported() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("trace.log");
    let trace_file = Some(dir.path().join("trace.jsonl"));
    let config = TraceConfig { log_path: Some(log.clone()), trace_file, ..TraceConfig::debug() };
    config.config("helpdesk").unwrap().install().unwrap().detach();
    turnscope::run("helpdesk").end();
    turnscope::flush(Duration::from_secs(60)).unwrap();
    let _ = turnscope::shutdown();
    let output = fs::read_to_string(log).unwrap();
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines.len(), 3, "{output}");
    assert!(lines[0].contains("DEBUG turnscope: exported 1 finished spans to the trace file /"), "{output}");
    assert!(lines[2].contains("INFO turnscope: recording has ended; no span was lost"), "{output}");
    assert!(lines[1].contains("INFO turnscope: exported 1 spans"), "{output}");
    assert_eq!(LogLevel::default(), LogLevel::Warning);

    let log_path = Some("/no/such/dir/log".into());
    let error = RecordingConfig { log_path, redaction: Redaction::off(), ..RecordingConfig::new("x") }
        .install()
        .unwrap_err();
    assert!(matches!(error, SetupError::LogFile { .. }) && error.to_string().contains("/no/such/dir/log"));
}
