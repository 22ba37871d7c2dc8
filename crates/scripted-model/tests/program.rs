//! The binary prints its address and serves a script file.

use serde_json::{Value as Json, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

/// Installs a crypto provider: another crate's features may have built `reqwest` without one, and `reqwest`
/// needs it even for plain HTTP.
fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

#[tokio::test]
async fn it_prints_its_address_and_serves_the_file() {
    let mut script = tempfile::NamedTempFile::new().unwrap();
    write!(script, r#"{{"replies": [{{"text": "hi", "when": "hello"}}]}}"#).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_scripted-model"))
        .arg(script.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut base = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut base).unwrap();
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "hello"}]});
    let url = format!("{}/chat/completions", base.trim());
    let answer = client().post(url).json(&body).send().await;
    child.kill().unwrap();
    child.wait().unwrap();
    let answer: Json = answer.unwrap().json().await.unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], "hi");
}

#[test]
fn an_invalid_script_file_is_named_in_the_error() {
    let mut script = tempfile::NamedTempFile::new().unwrap();
    write!(script, r#"{{"replies": [{{"txt": "hi"}}]}}"#).unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_scripted-model")).arg(script.path()).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        !ended.status.success() && said.contains("is not a valid script") && said.contains("txt"),
        "{said}"
    );
}
