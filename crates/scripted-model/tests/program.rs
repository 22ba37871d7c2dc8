//! The program: it says where it listens, and serves what its file says.

use serde_json::{Value as Json, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

/// Others in the workspace may have built `reqwest` without a provider of cryptography, which it wants for plain HTTP too.
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
fn a_file_that_is_no_script_is_named() {
    let mut script = tempfile::NamedTempFile::new().unwrap();
    write!(script, r#"{{"replies": [{{"txt": "hi"}}]}}"#).unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_scripted-model")).arg(script.path()).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(!ended.status.success() && said.contains("is no script") && said.contains("txt"), "{said}");
}
