//! The data directory: one owner, a backup that is a store, and files of older versions.

use crate::world::*;
use std::path::Path;
use turnscope_query as query;
use turnscope_store::{Maintenance as _, ReadLimit, Store as _, StoreError, commit_and_wait};
use turnscope_store_sqlite::{FILE, Options, SqliteStore, owner};

#[test]
fn a_directory_has_one_owner_who_is_named() {
    let world = World::new();
    world.store().announce(r#"{"pid":1,"otlp_http":"127.0.0.1:4318"}"#).unwrap();
    let Err(error) = SqliteStore::open(world.directory.path(), Options::default()) else {
        panic!("a second owner")
    };
    assert!(matches!(error, StoreError::Owned(_)));
    let said = error.to_string();
    assert!(said.contains("belongs to another turnscope") && said.contains("127.0.0.1:4318"), "{said}");
    assert!(owner(world.directory.path()).is_some_and(|text| text.contains("4318")));
    // Reading beside the owner is fine.
    world.send(vec![agent(1, (1, 0), "a", (0, 100))]);
    let reader = SqliteStore::open_read_only(world.directory.path(), None).unwrap();
    assert_eq!(
        reader.reader(&ReadLimit::none()).unwrap().run(run_id(1, 1)).unwrap().map(|run| run.name).as_deref(),
        Some("a")
    );
    let directory = world.close();
    assert_eq!(owner(directory.path()), None);
}

#[test]
fn a_directory_without_a_store_is_no_store() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(SqliteStore::open_read_only(directory.path(), None), Err(StoreError::Io { .. })));
    assert_eq!(owner(directory.path()), None);
}

#[test]
fn a_backup_is_a_readable_store() {
    let world = World::new();
    world.send(vec![agent(1, (1, 0), "a", (0, 100)), call(1, (2, 1), (1, 20), &said(0..4), "yes")]);
    let to = tempfile::tempdir().unwrap();
    world.store().backup(&to.path().join(FILE), &mut |_, _| ()).unwrap();
    world.send(vec![agent(2, (1, 0), "later", (0, 100))]);
    let copy = SqliteStore::open(to.path(), Options::default()).unwrap();
    let runs = copy
        .reader(&ReadLimit::none())
        .unwrap()
        .runs(&query::RunFilter::default(), &query::RunPageQuery::default(), moment())
        .unwrap();
    assert_eq!(runs.runs.len(), 1);
    // And it can be written to.
    let new = batch(vec![agent(3, (1, 0), "new", (0, 1))], &turnscope_otlp::redact::Redactor::off());
    commit_and_wait(&copy, new).unwrap();
}

/// The telemetry in `fixtures/v1.db`.
fn of_fixture() -> Vec<opentelemetry_proto::tonic::trace::v1::Span> {
    vec![
        agent(1, (1, 0), "a", (0, 100)),
        call(1, (2, 1), (1, 20), &said(0..3), "yes"),
        tool(1, (3, 1), (21, 30), r#"{"query":"stripes-of-pasture"}"#, "a herd of quaggas"),
        call(1, (4, 1), (31, 50), &said(0..5), "it is a tapir"),
    ]
}

/// Opening brings an older file to the newest version: nothing in it may be lost. The file was written by the first
/// version; it is made again only while that version has not been released: `UPDATE_FIXTURE=1`.
#[test]
fn a_file_of_the_first_version_is_opened_and_read() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1.db");
    if std::env::var_os("UPDATE_FIXTURE").is_some() {
        let world = World::new();
        world.send(of_fixture());
        assert_eq!(world.search("tapir").len(), 1);
        let _ = std::fs::remove_file(&fixture);
        world.store().backup(&fixture, &mut |_, _| ()).unwrap();
        // What later versions added is taken out again.
        let first = rusqlite::Connection::open(&fixture).unwrap();
        first
            .execute_batch("DROP INDEX records_scattered; PRAGMA user_version = 1; PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM;")
            .unwrap();
    }
    let mut world = World::new();
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(&fixture, copy.path().join(FILE)).unwrap();
    world.move_to(copy);
    assert_eq!(world.spans(), of_fixture());
    let run = world.runs().remove(0);
    assert_eq!((run.run_id, run.turn_count, run.tool_call_count), (run_id(1, 1), 2, 1));
    assert_eq!(world.search("tapir")[0].occurrences[0].turn, Some(2));
    assert_eq!(world.search("pasture").len(), 1);
    world.send(vec![call(1, (5, 1), (60, 70), &said(0..7), "and a gnu")]);
    assert_eq!(world.runs()[0].turn_count, 3);
    assert_eq!(world.spans().len(), 5);
    // From its first vacuum on it shrinks in slices.
    world.store().vacuum().unwrap();
    assert_eq!(world.count("PRAGMA auto_vacuum"), 2);
    assert_eq!(world.spans().len(), 5);
}
