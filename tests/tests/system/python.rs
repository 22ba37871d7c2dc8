//! The Python SDK's OTLP exporters as real clients, installed once into a cache outside the checkout.

use crate::venv::{folder, is_left_out, programs, run};
use std::{process::Command, time::Duration};
use turnscope_tests::testkit::Turnscope;

#[test]
fn the_python_sdk_delivers_over_grpc_and_http() {
    if is_left_out() {
        return;
    }
    let python = programs("requirements.txt", Duration::from_secs(600))
        .unwrap_or_else(|why| panic!("{why}; the tests need python3 with venv, and the Python package index; TURNSCOPE_SKIP_PYTHON=1 leaves this out"))
        .join("python");
    let server = Turnscope::start();
    let mut sent = Vec::new();
    for compression in ["none", "gzip"] {
        for over in ["grpc", "http"] {
            let url = match over {
                "grpc" => format!("http://{}", server.0.otlp_grpc),
                _ => format!("http://{}/v1/traces", server.0.otlp_http),
            };
            let name = format!("{over}-{compression}");
            run(Command::new(&python).arg(folder().join("send.py")).args([over, &url, &name, compression]))
                .expect("it is sent");
            sent.push(name);
        }
    }
    let list = server.json("/v1/runs?order=started_at");
    let runs = list["runs"].as_array().unwrap();
    let names: Vec<&str> = runs.iter().map(|run| run["agent_name"].as_str().unwrap()).collect();
    assert_eq!(names, sent);
    for run in runs {
        let counts = [
            "turn_count",
            "llm_call_count",
            "tool_call_count",
            "error_count",
            "input_tokens",
            "output_tokens",
        ]
        .map(|field| run[field].as_u64().unwrap());
        assert_eq!(counts, [2, 2, 1, 1, 50, 12]);
        assert_eq!(run["session_id"], "s-1");
        assert_eq!(
            (run["input_preview"].as_str(), run["output_preview"].as_str()),
            (Some("how warm is it in Oslo?"), Some("it is 21 °C"))
        );
        let id = run["run_id"].as_str().unwrap();
        let first = server.json(&format!("/v1/runs/{id}/turns/1"));
        assert_eq!(first["tools"][0]["step"]["tool_name"], "thermometer");
        assert_eq!(first["tools"][0]["arguments"]["city"], "Oslo");
        assert_eq!(first["tools"][0]["step"]["error"]["message"], "no answer from the roof");
        let second = server.json(&format!("/v1/runs/{id}/turns/2"));
        assert_eq!(
            (second["resent_count"].as_u64(), second["new_messages"].as_array().map(Vec::len)),
            (Some(1), Some(1))
        );
        assert_eq!(second["output"][0]["parts"][0]["content"], "it is 21 °C");
    }
}
