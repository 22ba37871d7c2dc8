//! Settings through the binary: all errors at once, and the source of each value.

use crate::environment::{TestEnvironment, ran};
use std::fs;

#[test]
fn all_errors_are_listed_before_a_port_is_opened() {
    let env = TestEnvironment::new();
    fs::write(env.path("turnscope.toml"), "lisen = 1\nsilence = \"long\"\n").unwrap();
    let output =
        env.command(&["serve", "--port", "70000"]).env("TRACE_UI_ENABLED", "perhaps").output().unwrap();
    let ran = ran(&output);
    assert_eq!(ran.code, 2);
    for said in [
        "4 settings are invalid",
        "no setting \"lisen\"",
        "silence cannot be",
        "port cannot be",
        "ui cannot be",
    ] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
}

#[test]
fn config_shows_the_source_of_each_value() {
    let env = TestEnvironment::new();
    let wrote = env.run(&["init", "--profile", "production"]);
    assert_eq!(wrote.code, 0, "{}", wrote.err);
    assert_eq!(env.run(&["init"]).code, 2, "nothing is overwritten");
    let refused = env.run(&["config", "--config", "turnscope.toml"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.out.contains("profile production"),
        "the settings are shown all the same: {}",
        refused.out
    );
    assert!(refused.err.contains("a key is required (profile production)"), "{}", refused.err);
    let output = env
        .command(&["config", "--json", "--config", "turnscope.toml", "--silence", "3m"])
        .envs([("TRACE_API_KEY", "hush"), ("TRACE_DB_PATH", "/srv/agents/trace.db")])
        .output()
        .unwrap();
    let ran = ran(&output);
    assert!(!ran.out.contains("hush"));
    let all: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let of = |name: &str| {
        let found = all["settings"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
        (found["value"].as_str().unwrap().to_owned(), found["from"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("data"), ("/srv/agents".into(), "TRACE_DB_PATH".into()));
    assert_eq!(of("api-key"), ("***".into(), "TRACE_API_KEY".into()));
    assert_eq!(of("silence"), ("3m".into(), "--silence".into()));
    assert_eq!(of("profile"), ("production".into(), "turnscope.toml".into()));
    assert_eq!(of("log-format"), ("json".into(), "profile production".into()));
}

#[test]
fn a_file_in_the_current_directory_names_no_server_and_no_file_to_write_and_weakens_nothing() {
    let env = TestEnvironment::new();
    let (log, ready) = (env.path("rc"), env.path("ready"));
    let text = format!(
        "server = \"http://127.0.0.1:9\"\nlog_path = {log:?}\nready_file = {ready:?}\nredact = \"off\"\n\
         cors_origin = [\"*\"]\nprofile = \"debug\"\nretention_days = 1\ndata = \"elsewhere\"\n\
         content_store = \"file:///\"\napi_key = \"theirs\"\nsearch = \"off\"\n"
    );
    fs::write(env.path("turnscope.toml"), text).unwrap();
    let ran = env.run(&["config", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("using ./turnscope.toml: search; ignored: api-key, content-store"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("--config ./turnscope.toml"), "{}", ran.err);
    let all: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let here: Vec<&str> = all["settings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["from"].as_str().unwrap().contains("turnscope.toml"))
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(here, ["search"]);
    let named = env.run(&["config", "--json", "--config", "turnscope.toml"]);
    assert!(!named.err.contains("ignored"), "{}", named.err);
    assert!(named.out.contains("http://127.0.0.1:9"), "a file that was named is used as a whole");
}

#[test]
fn a_blank_key_is_no_key_and_a_key_can_come_from_a_file() {
    let env = TestEnvironment::new();
    fs::write(env.path("blank.toml"), "api_key = \"\"\nprofile = \"production\"\n").unwrap();
    fs::write(env.path("secret"), "  hush\n").unwrap();
    fs::write(env.path("nothing"), "\n").unwrap();
    let of = |args: &[&str]| {
        let ran = env.run(&[&["config", "--json"], args].concat());
        let all: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let found = all["settings"].as_array().unwrap().iter().find(|one| one["name"] == "api-key").unwrap();
        (
            ran.code,
            found["value"].as_str().unwrap().to_owned(),
            found["from"].as_str().unwrap().to_owned(),
            ran.err,
        )
    };
    for blank in [
        &["--api-key", "", "--profile", "production"][..],
        &["--api-key", " \t", "--api-key-required"],
        &["--config", "blank.toml"],
    ] {
        let (code, value, _, error) = of(blank);
        assert_eq!((code, value.as_str()), (2, ""), "{blank:?}");
        assert!(error.contains("a key is required"), "{error}");
    }
    let (code, value, from, _) = of(&["--api-key-file", "secret", "--profile", "production"]);
    assert_eq!((code, value.as_str(), from.as_str()), (0, "***", "secret (from --api-key-file)"));
    for (file, wrong) in [("nothing", "holds no key"), ("missing", "cannot read the key in missing")] {
        let (code, _, _, error) = of(&["--api-key-file", file]);
        assert_eq!(code, 2);
        assert!(error.contains(wrong), "{error}");
    }
    let (code, _, _, error) = of(&["--api-key-file", "secret", "--api-key", "other"]);
    assert_eq!(code, 2);
    assert!(error.contains("use one of them"), "{error}");
    let (code, _, _, error) = of(&["--api-key", "two\nlines"]);
    assert_eq!(code, 2);
    assert!(error.contains("printable ASCII") && !error.contains("lines"), "{error}");
}
