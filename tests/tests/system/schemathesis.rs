//! Schemathesis, which makes up requests from the OpenAPI document: no answer is a fault of the server, and each has a status, a
//! content type and a body that the document describes.

use crate::venv::{folder, is_left_out, programs};
use std::{path::Path, process::Command, time::Duration};
use turnscope_tests::{load, testkit::Turnscope};

const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Requests made up for one call of the API, beside those that cover its parameters.
const REQUESTS: &str = "20";
/// Seconds that one run may take at most.
const PATIENCE: &str = "90";

#[test]
fn every_answer_to_made_up_requests_is_as_documented_and_none_is_a_fault_of_the_server() {
    if is_left_out() {
        return;
    }
    let programs = programs("schemathesis.txt", Duration::from_secs(600)).unwrap_or_else(|why| {
        panic!("{why}; the test needs python3 with venv, and the Python package index; TURNSCOPE_SKIP_PYTHON=1 leaves this out")
    });
    let server = Turnscope::start();
    let protobuf = [("content-type", "application/x-protobuf")];
    assert_eq!(server.post("/v1/traces", &protobuf, &load::encode(load::run(0, 2))).status, 200);
    assert_eq!(server.get(&format!("/v1/runs/{}", load::run_id(0))).status, 200);

    // Reading what is there first: other calls may delete it.
    let sent = folder().join("schemathesis.toml");
    ask(&programs, &server, &["--config-file", path(&sent)], &["--include-method", "GET"]);
    ask(&programs, &server, &[], &[]);
    assert_eq!(server.get("/health").status, 200);
}

fn ask(programs: &Path, server: &Turnscope, config: &[&str], choice: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new("timeout")
        .arg(PATIENCE)
        .arg(programs.join("schemathesis"))
        .args(config)
        .args(["run", &format!("http://{}/openapi.json", server.0.listen)])
        .args(["--checks", CHECKS])
        .args(["--phases", "coverage,fuzzing", "--max-examples", REQUESTS, "--seed", "1"])
        // The live stream never ends, and no answer of it is ever whole: live.rs goes through its statuses.
        .args(["--exclude-path", "/v1/live", "--continue-on-failure", "--warnings", "off", "--no-color"])
        .args(choice)
        .current_dir(directory.path())
        .output()
        .expect("timeout runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}\n{said}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("Test cases:"), "{said}");
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
