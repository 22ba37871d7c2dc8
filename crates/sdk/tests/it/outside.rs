//! The guide as its reader has it: a project outside this workspace, with a path dependency and the crate's
//! features as they are chosen there.
//!
//! It shares the target directory with the workspace (in a folder of its own, because the workspace's build may
//! hold the lock), so that only the first test builds the dependencies.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

const GUIDE: &str = include_str!("../../../../docs/sdk.md");

/// A project with this dependency on the crate.
fn project(features: &str, main: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let crate_path = env!("CARGO_MANIFEST_DIR");
    let manifest = format!(
        "[package]\nname = \"outside\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         turnscope = {{ path = {crate_path:?}, features = [{features}] }}\nopentelemetry_sdk = {{ version = \"0.33\", \
         default-features = false, features = [\"trace\"] }}\nserde_json = \"1\"\ntempfile = \"3\"\n"
    );
    fs::write(directory.path().join("Cargo.toml"), manifest).unwrap();
    fs::create_dir(directory.path().join("src")).unwrap();
    fs::write(directory.path().join("src/main.rs"), main).unwrap();
    // The versions of this workspace, which are on this machine.
    fs::copy(Path::new(crate_path).join("../../Cargo.lock"), directory.path().join("Cargo.lock")).unwrap();
    directory
}

fn cargo(project: &TempDir, arguments: &[&str]) -> String {
    let own = std::env::current_exe().unwrap();
    let target: PathBuf = own.ancestors().nth(3).unwrap().join("outside");
    let Output { status, stdout, stderr } = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--offline")
        .current_dir(project.path())
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(status.success(), "{arguments:?}: {stdout}{stderr}");
    stdout
}

/// The snippets of the guide, each a function, as rustdoc makes them.
fn snippets() -> Vec<String> {
    let mut blocks = GUIDE.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let code = |block: &str| {
        let lines = block.lines().map(|line| line.strip_prefix("# ").unwrap_or(line));
        lines.collect::<Vec<_>>().join("\n")
    };
    let all: Vec<String> = blocks.by_ref().map(code).collect();
    assert!(all.len() > 12);
    all
}

#[test]
fn every_snippet_of_the_guide_compiles_in_another_project() {
    let mut main = "#![allow(unused)]\n".to_owned();
    for (number, snippet) in snippets().iter().enumerate() {
        let (result, end) = match snippet.rsplit_once("\nOk::<(), ") {
            Some((_, rest)) => (format!("Result<(), {}>", rest.split(">(").next().unwrap()), ""),
            None => ("()".to_owned(), ""),
        };
        write!(main, "fn snippet_{number}() -> {result} {{\n{snippet}\n{end}}}\n").unwrap();
    }
    main += "fn main() {}\n";
    let outside = project(r#""store", "yaml""#, &main);
    cargo(&outside, &["check", "--quiet"]);
}

#[test]
fn by_default_there_are_few_dependencies_and_no_choice_of_cryptography() {
    let outside = project("", "fn main() { turnscope::run(\"helpdesk\").end(); }");
    let tree = |arguments: &[&str]| cargo(&outside, &[&["tree", "--prefix", "none"], arguments].concat());
    let count = |tree: &str| {
        let names: std::collections::BTreeSet<_> =
            tree.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect();
        names.len()
    };
    let all = tree(&["--edges", "normal,build", "--package", "turnscope"]); // not what the project adds
    assert!(count(&all) <= 80, "{} packages: {all}", count(&all));
    for unwanted in
        ["rustls ", "ring ", "aws-lc-rs ", "tonic ", "time ", "flate2 ", "serde-saphyr ", "tracing-core "]
    {
        let found = all.lines().any(|line| line.starts_with(unwanted));
        assert!(!found || unwanted == "tracing-core ", "{unwanted}: {all}");
    }
    let with = |feature: &str| {
        let outside = project(&format!("{feature:?}"), "fn main() {}");
        cargo(&outside, &["tree", "--prefix", "none", "--edges", "features,no-dev", "--invert", "rustls"])
    };
    let own = with("tls");
    assert!(!own.contains(r#"rustls feature "ring""#) && !own.contains(r#"rustls feature "aws"#), "{own}");
    assert!(with("tls-ring").contains(r#"rustls feature "ring""#));
}

/// Another user of `rustls` in the same program, which would panic if there were two providers or none.
#[test]
fn another_user_of_rustls_chooses_the_provider() {
    let main = r#"
use turnscope::{RecordingConfig, Otlp};

fn main() {
    let https = || RecordingConfig { otlp: Some(Otlp::http("https://127.0.0.1:9")), ..RecordingConfig::new("host") }.install();
    let error = https().unwrap_err().to_string();
    assert!(error.contains("tls-ring") && error.contains("install_default"), "{error}");
    rustls::crypto::ring::default_provider().install_default().unwrap();
    https().unwrap().detach();
    turnscope::run("helpdesk").end();
    let lost = turnscope::shutdown().unwrap_err();
    println!("the host chose: {lost}");
}
"#;
    let outside = project(r#""tls""#, main);
    let manifest = outside.path().join("Cargo.toml");
    let more = "rustls = { version = \"0.23\", default-features = false, features = [\"ring\", \"std\", \"tls12\"] }\n";
    fs::write(&manifest, fs::read_to_string(&manifest).unwrap() + more).unwrap();
    let output = cargo(&outside, &["run", "--quiet"]);
    assert!(output.contains("the host chose: 1 finished spans lost"), "{output}");
}
