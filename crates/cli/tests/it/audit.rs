//! `turnscope audit` on a trail that a server wrote for real captures.

use crate::environment::{TestEnvironment, corpus};
use rusqlite::Connection;
use std::fs;

/// A trail of the kitelogik captures. The server has been stopped.
fn with_trail() -> TestEnvironment {
    let env = TestEnvironment::new();
    let server = env.serve(&["--audit", "received"]);
    for file in ["0001", "0002", "0003"] {
        server.send(&corpus(&format!("kitelogik/{file}.traces.pb")));
    }
    server.stop();
    env
}

#[test]
fn the_trail_can_be_read_while_a_server_runs() {
    let env = with_trail();
    let server = env.serve(&["--audit", "received"]);
    let head = env.ok(&["audit", "head", "--data", "data"]);
    let verified = env.ok(&["audit", "verify", "--data", "data"]);
    assert!(verified.contains("all unchanged") && verified.contains("cannot show"), "{verified}");
    let verified = env.json(&["audit", "verify", "--head", head.trim(), "--data", "data", "--json"]);
    assert_eq!(verified["end_is_proved"], true);
    assert_eq!(verified["head"], head.trim());
    let listed = env.json(&["audit", "list", "--data", "data", "-n", "1000", "--json"]);
    let records = listed["records"].as_array().unwrap();
    assert_eq!(records.len() as u64, verified["count"].as_u64().unwrap());

    // A record leads to its run, and back.
    let run_id = records[0]["run_id"].as_str().unwrap();
    assert!(
        env.ok(&["audit", "show", run_id, "--data", "data"]).contains(&format!("turnscope show {run_id}"))
    );
    assert_eq!(env.run(&["show", run_id, "--data", "data"]).code, 0);
    let shown = env.json(&["audit", "show", "1", "--data", "data", "--json"]);
    assert_eq!(shown["records"][0], records[0]);
    let beginning = env.json(&["audit", "show", &run_id[..40], "--data", "data", "--json"]);
    assert!(beginning["records"].as_array().unwrap().contains(&records[0]));
    let gone = env.run(&["audit", "show", "no-such-run", "--data", "data"]);
    assert_eq!((gone.code, gone.out.as_str()), (3, ""));
    server.stop();
}

#[test]
fn denied_calls_are_exported_as_json_and_csv() {
    let env = with_trail();
    let all: serde_json::Value =
        serde_json::from_str(&env.ok(&["audit", "export", "--format", "json", "--data", "data"])).unwrap();
    let denied = env.ok(&["audit", "export", "--denied", "--data", "data"]);
    let denied: Vec<serde_json::Value> = serde_json::from_str(&denied).unwrap();
    assert!(!denied.is_empty() && denied.len() < all.as_array().unwrap().len());
    for record in &denied {
        assert_eq!(record["record"], "decision");
        assert!(record["verdict"] == "deny" || record["resolution"] == "rejected", "{record}");
    }
    let csv = env.ok(&["audit", "export", "--format", "csv", "--denied", "--data", "data"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("seq,record,recorded_at,source,run_id,"), "{}", lines[0]);
    assert_eq!(lines.len(), denied.len() + 1);
    let of = |range: [&str; 2]| {
        let args = ["audit", "export", range[0], range[1], "--data", "data"];
        serde_json::from_str::<Vec<serde_json::Value>>(&env.ok(&args)).unwrap().len()
    };
    assert_eq!(of(["--until", "1999-12-31"]), 0);
    assert_eq!(of(["--since", "1999-12-31"]), all.as_array().unwrap().len());
    assert_eq!(of(["--agent", "nobody"]), 0);
    assert_eq!(env.run(&["audit", "export", "--since", "soon", "--data", "data"]).code, 2);
}

#[test]
fn tampering_is_reported_with_its_own_exit_code() {
    let env = with_trail();
    let head = env.ok(&["audit", "head", "--data", "data"]);
    let db = Connection::open(env.path("data/audit.db")).unwrap();
    assert!(db.execute("DELETE FROM audit_runs", []).is_err(), "not by mistake");
    db.execute_batch(
        "DROP TRIGGER decisions_are_fixed;
         UPDATE audit_decisions SET verdict = 'allow' WHERE seq = (SELECT min(seq) FROM audit_decisions WHERE verdict = 'deny');",
    )
    .unwrap();
    let found = env.run(&["audit", "verify", "--head", head.trim(), "--data", "data"]);
    assert_eq!(found.code, 7);
    assert!(found.out.contains("the trigger decisions_are_fixed was removed"), "{}", found.out);
    assert!(found.out.contains("was changed"), "{}", found.out);
    let found = env.run(&["audit", "verify", "--json", "--data", "data"]);
    let found: serde_json::Value = serde_json::from_str(&found.out).unwrap();
    let kinds: Vec<_> = found["findings"].as_array().unwrap().iter().map(|one| &one["finding"]).collect();
    assert_eq!(kinds, ["schema", "changed"]);
    let kept = env.run(&["audit", "prune", "--older-than", "0.0000001", "--data", "data"]);
    assert_eq!(kept.code, 1, "{}", kept.out);
    assert!(kept.err.contains("nothing was pruned"), "{}", kept.err);
}

#[test]
fn old_records_are_pruned_and_the_rest_verifies() {
    let env = with_trail();
    let head = env.ok(&["audit", "head", "--data", "data"]);
    assert_eq!(
        env.ok(&["audit", "prune", "--older-than", "30", "--data", "data"]),
        "No record is that old.\n"
    );
    let pruned = env.json(&["audit", "prune", "--older-than", "0.0000001", "--data", "data", "--json"]);
    let (count, _) = head.trim().split_once(':').unwrap();
    assert_eq!(pruned["through"].to_string(), count);
    assert_eq!(env.ok(&["audit", "head", "--data", "data"]), head);
    assert_eq!(env.run(&["audit", "verify", "--head", head.trim(), "--data", "data"]).code, 0);
    assert_eq!(env.run(&["audit", "prune", "--data", "data"]).code, 2, "no age was given");
    // Pruned records are not recorded again when a server starts.
    env.serve(&["--audit", "received"]).stop();
    assert_eq!(env.ok(&["audit", "head", "--data", "data"]), head);
}

#[test]
fn a_missing_trail_or_key_is_explained() {
    let env = TestEnvironment::new();
    for command in [
        &["audit", "head"][..],
        &["audit", "verify"],
        &["audit", "list"],
        &["audit", "prune", "--older-than", "1"],
    ] {
        let ran = env.run(&[command, &["--data", "data"]].concat());
        assert_eq!(ran.code, 3, "{command:?}: {}", ran.err);
        assert!(ran.err.contains("there is no audit trail"), "{}", ran.err);
    }
    assert!(!env.path("data").exists(), "reading creates nothing");
    assert_eq!(env.run(&["audit", "head", "--server", "http://127.0.0.1:1"]).code, 2);

    let env = with_trail();
    let wrong = env
        .command(&["audit", "verify", "--data", "data"])
        .env("TURNSCOPE_AUDIT_KEY", "5a".repeat(32))
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    fs::remove_file(env.path("data/audit.key")).unwrap();
    let gone = env.run(&["audit", "verify", "--data", "data"]);
    assert_eq!(gone.code, 1);
    assert!(gone.err.contains("audit.key"), "{}", gone.err);
    assert_eq!(env.run(&["audit", "list", "--data", "data"]).code, 0, "reading needs no key");
}
