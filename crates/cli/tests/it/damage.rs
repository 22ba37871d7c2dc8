//! Stores with real damage: what `doctor` says of them, what it salvages, and what lists and exports do about it.

use crate::environment::{CommandOutput, TestEnvironment, corpus};
use rusqlite::Connection;
use std::{
    fs::OpenOptions,
    io::{Seek as _, SeekFrom, Write as _},
    path::PathBuf,
};

/// Two runs of different traces, each import of which makes blocks of its own.
fn with_runs() -> TestEnvironment {
    let env = TestEnvironment::new();
    for file in ["pydantic-ai-v5/0001.traces.pb", "kitelogik/0001.traces.pb"] {
        let taken = env.run(&["import", corpus(file).to_str().unwrap(), "--data", "data"]);
        assert_eq!(taken.code, 0, "{}", taken.err);
    }
    env
}

fn file(env: &TestEnvironment) -> PathBuf {
    env.path("data/turnscope.db")
}

/// Everything in the file itself, nothing in the log beside it.
fn database(env: &TestEnvironment) -> Connection {
    let db = Connection::open(file(env)).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    db
}

/// Flips bits in the middle of the first block.
fn damage_a_block(env: &TestEnvironment) {
    let db = database(env);
    let (id, mut data): (i64, Vec<u8>) = db
        .query_row("SELECT id, data FROM blocks ORDER BY id LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let middle = data.len() / 2;
    for byte in &mut data[middle..middle + 8] {
        *byte ^= 0xff;
    }
    db.execute("UPDATE blocks SET data = ?2 WHERE id = ?1", (id, data)).unwrap();
}

/// Writes over the beginning of a table's first page.
fn damage_a_page(env: &TestEnvironment, table: &str) {
    let db = database(env);
    let page_size: u64 = db.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
    let root: u64 = db
        .query_row("SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?1", [table], |row| {
            row.get(0)
        })
        .unwrap();
    drop(db);
    overwrite(env, (root - 1) * page_size, 64);
}

fn overwrite(env: &TestEnvironment, at: u64, bytes: usize) {
    let mut file = OpenOptions::new().write(true).open(file(env)).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&vec![0xa5; bytes]).unwrap();
}

fn runs(env: &TestEnvironment, data: &str) -> Vec<String> {
    let list = env.json(&["runs", "--all", "-n", "1000", "--data", data, "--json"]);
    let runs = list["runs"].as_array().unwrap().iter();
    runs.map(|run| run["run_id"].as_str().unwrap().to_owned()).collect()
}

fn doctor(env: &TestEnvironment, more: &[&str]) -> CommandOutput {
    let mut args = vec!["doctor", "--data", "data"];
    args.extend(more);
    env.run(&args)
}

#[test]
fn a_sound_store_is_called_sound_also_beside_its_server() {
    let env = with_runs();
    let said = doctor(&env, &[]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert!(said.out.contains("is sound"), "{}", said.out);
    let server = env.serve(&[]);
    server.send(&corpus("kitelogik/0001.traces.pb"));
    let report = env.json(&["doctor", "--data", "data", "--json"]);
    assert_eq!((&report["damaged"], report["damage"].as_array().unwrap().len()), (&0.into(), 0));
    assert!(report["records"].as_u64() > Some(0) && report["runs"].as_u64() > Some(0), "{report}");
    server.stop();
}

#[test]
fn a_damaged_block_is_named_with_its_runs_and_the_rest_is_salvaged() {
    let env = with_runs();
    let before = runs(&env, "data");
    damage_a_block(&env);
    let said = doctor(&env, &[]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.err.contains("not sound"), "{}", said.err);
    for part in ["is not sound", "block 1: ", "--salvage NEW_DIR", "turnscope backup"] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let said = doctor(&env, &["--json"]);
    assert_eq!(said.code, 1);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let affected: Vec<&str> =
        report["affected_runs"].as_array().unwrap().iter().map(|run| run.as_str().unwrap()).collect();
    assert!(!affected.is_empty() && affected.len() < before.len(), "{affected:?} of {before:?}");
    assert!(affected.iter().all(|run| before.iter().any(|known| known == run)), "{affected:?} of {before:?}");
    for run in &affected {
        assert!(doctor(&env, &[]).out.contains(run), "{run}");
    }

    let copied = doctor(&env, &["--salvage", "new"]);
    assert_eq!(copied.code, 1, "something was left out: {}", copied.out);
    assert!(copied.out.contains("Left out") && copied.out.contains("block 1"), "{}", copied.out);
    assert_eq!(env.run(&["doctor", "--data", "new"]).code, 0, "what was salvaged is sound");
    let after = runs(&env, "new");
    for run in before.iter().filter(|run| !affected.contains(&run.as_str())) {
        assert!(after.contains(run), "{run} is not in the copy");
    }
    assert_eq!(doctor(&env, &["--salvage", "new"]).code, 2, "nothing is written over");
}

#[test]
fn records_on_a_damaged_page_are_named_with_their_runs() {
    let env = with_runs();
    let before = runs(&env, "data");
    damage_a_page(&env, "records");
    let said = doctor(&env, &["--json"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let damage = report["damage"].as_array().unwrap();
    let of =
        |kind: &str| damage.iter().filter(|one| one["place"].as_str().unwrap().starts_with(kind)).count();
    assert!(of("database") > 0 && of("record") > 0, "{report:#}");
    let affected = report["affected_runs"].as_array().unwrap();
    assert!(affected.iter().any(|run| before.contains(&run.as_str().unwrap().to_owned())), "{report:#}");
    let copied = doctor(&env, &["--salvage", "new"]);
    assert_eq!(copied.code, 1, "{}", copied.err);
    assert!(copied.out.contains("on a page of the database that cannot be read"), "{}", copied.out);
}

#[test]
fn a_store_with_a_damaged_beginning_says_so_and_leaves_no_empty_copy() {
    let env = with_runs();
    drop(database(&env));
    overwrite(&env, 0, 100);
    for more in [&[][..], &["--json"], &["--salvage", "new"]] {
        let said = doctor(&env, more);
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{more:?}: {}", said.err);
        assert!(
            said.err.contains("cannot be opened") && said.err.contains("turnscope backup"),
            "{}",
            said.err
        );
    }
    assert!(!env.path("new/turnscope.db").exists());
    assert_eq!(env.run(&["doctor", "--data", "nothing"]).code, 3);
}

#[test]
fn what_is_in_quarantine_is_told_with_the_reason() {
    let env = with_runs();
    database(&env)
        .execute(
            "INSERT INTO quarantine (kind, target, reason, version, at) VALUES ('trace_group', 1, 'it made no sense', '0.0.1', 0)",
            [],
        )
        .unwrap();
    let said = doctor(&env, &[]);
    assert_eq!(said.code, 1, "{}", said.out);
    for part in
        ["In quarantine: 1", "trace group 1 (trace ", "it made no sense (version 0.0.1)", "quarantine/retry"]
    {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
}

#[test]
fn one_damaged_run_does_not_end_an_export_of_all() {
    let env = with_runs();
    let before = env.json(&["runs", "--data", "data", "--json"])["runs"].as_array().unwrap().len();
    assert!(before > 1);
    damage_a_block(&env);
    let wrote = env.run(&["export", "--all", "--data", "data"]);
    assert_eq!(wrote.code, 1, "{}", wrote.err);
    let lines = wrote.out.lines().count();
    assert!(lines > 0 && lines < before, "{lines} of {before}");
    let named = wrote.err.lines().filter(|line| line.starts_with("turnscope: cannot read run ")).count();
    assert_eq!(named, before - lines, "{}", wrote.err);
    assert!(wrote.err.contains("block 1") && wrote.err.contains("could not be exported"), "{}", wrote.err);
}

#[test]
fn runs_that_a_list_cannot_show_are_named() {
    let env = with_runs();
    let before = env.json(&["runs", "--data", "data", "--json"])["runs"].as_array().unwrap().len();
    // A row that makes no sense: its run is derived data, and nobody owns the directory who could make it again.
    database(&env).execute("UPDATE runs SET lists = '{' WHERE id = 1", []).unwrap();
    for args in [&["runs", "--data", "data"][..], &["runs", "--data", "data", "--json"]] {
        let listed = env.run(args);
        assert_eq!(listed.code, 0, "{}", listed.err);
        assert!(listed.err.contains("turnscope: cannot read run "), "{args:?}: {}", listed.err);
    }
    let wrote = env.run(&["export", "--all", "--data", "data"]);
    assert_eq!((wrote.code, wrote.out.lines().count()), (1, before - 1), "{}", wrote.err);
    assert!(wrote.err.contains("cannot read run "), "{}", wrote.err);
}
