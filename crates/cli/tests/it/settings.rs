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
    let refused = env.run(&["config"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("a key is required (profile production)"), "{}", refused.err);
    let output = env
        .command(&["config", "--json", "--silence", "3m"])
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
