//! The Python SDK's OTLP exporters as a real client. They are installed once, into a cache outside the checkout.

use sha2::{Digest as _, Sha256};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};
use turnscope_tests::testkit::Turnscope;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}

fn run(command: &mut Command) {
    let hint = "the tests need python3 with venv, and the Python package index; TURNSCOPE_SKIP_PYTHON=1 leaves this out";
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; {hint}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}: {said}; {hint}", output.status);
}

/// The interpreter of an environment that holds what `requirements.txt` lists.
fn python() -> PathBuf {
    let requirements = folder().join("requirements.txt");
    let hash = Sha256::digest(std::fs::read(&requirements).unwrap());
    let short = u64::from_be_bytes(hash[..8].try_into().unwrap());
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").expect("HOME or XDG_CACHE_HOME is set")).join(".cache"),
        PathBuf::from,
    );
    let venv = cache.join("turnscope").join(format!("venv-{short:016x}"));
    // The mark is set last: an installation that was broken off is made again.
    let mark = venv.join("whole");
    if !mark.exists() {
        let _ = std::fs::remove_dir_all(&venv);
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        run(Command::new(venv.join("bin/python")).args(pip).arg(&requirements));
        std::fs::write(mark, "").unwrap();
    }
    venv.join("bin/python")
}

#[test]
fn the_python_sdk_delivers_over_grpc_and_http() {
    if std::env::var_os("TURNSCOPE_SKIP_PYTHON").as_deref() == Some(OsStr::new("1")) {
        println!("left out, as TURNSCOPE_SKIP_PYTHON=1 asks");
        return;
    }
    let python = python();
    let server = Turnscope::start();
    let mut sent = Vec::new();
    for compression in ["none", "gzip"] {
        for over in ["grpc", "http"] {
            let url = match over {
                "grpc" => format!("http://{}", server.0.otlp_grpc),
                _ => format!("http://{}/v1/traces", server.0.otlp_http),
            };
            let name = format!("{over}-{compression}");
            run(Command::new(&python).arg(folder().join("send.py")).args([over, &url, &name, compression]));
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
