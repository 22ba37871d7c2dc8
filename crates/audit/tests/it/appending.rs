//! Appending records, keys and files.

use crate::world::{World, at, entry};
use std::{fs, os::unix::fs::PermissionsExt as _};
use turnscope_audit::{AuditError, FILE, Head, KEY_FILE, Key, Reader, Source, Trail};

#[test]
fn an_empty_trail_is_intact_and_has_a_head() {
    let world = World::with(0);
    drop(world.trail());
    assert!(world.verify(Some(world.head())).end_is_proved);
    assert_eq!(world.head().count, 0);
}

#[test]
fn files_are_private_and_no_temporary_files_are_left() {
    let world = World::with(2);
    let mut names = Vec::new();
    for file in fs::read_dir(world.directory.path()).expect("listed") {
        let file = file.expect("a file");
        names.push(file.file_name().into_string().expect("a name"));
        let mode = file.metadata().expect("known").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{names:?}");
    }
    names.sort();
    assert_eq!(names, [FILE, KEY_FILE]);
}

#[test]
fn an_unchanged_trail_is_intact_and_a_stored_head_proves_its_end() {
    let world = World::with(10);
    let kept_elsewhere = world.head().to_string();
    world.trail().append(&entry(11), Source::Server, at(11)).expect("appended");
    let report = world.verify(Some(kept_elsewhere.parse().expect("a head")));
    assert_eq!(report.findings, []);
    assert!(report.end_is_proved);
    assert_eq!((report.count, report.kept), (11, 11));
    assert!(!world.verify(None).end_is_proved, "unknown without a head");
}

#[test]
fn an_origin_is_recorded_once() {
    let world = World::with(0);
    let entries: Vec<_> = (1..=6).map(|n| (format!("origin-{n}"), entry(n))).collect();
    let mut trail = world.trail();
    assert_eq!(trail.append_once(&entries[..4], Source::Server, at(9)).expect("appended"), 4);
    assert_eq!(trail.append_once(&entries, Source::Server, at(10)).expect("appended"), 2);
    assert_eq!(world.head().count, 6);
    assert!(world.verify(None).is_intact());
}

#[test]
fn a_trail_needs_its_own_key() {
    let world = World::with(1);
    let directory = world.directory.path();
    let other = Key::parse(&"5a".repeat(32)).expect("a key");
    assert!(matches!(Trail::open(directory, Some(other.clone())), Err(AuditError::WrongKey)));
    assert!(matches!(world.reader().verify(&other, None), Err(AuditError::WrongKey)));
    fs::remove_file(directory.join(KEY_FILE)).expect("removed");
    assert!(matches!(Trail::open(directory, None), Err(AuditError::NoKey(_))), "no new key is created");
    assert!(Reader::open(directory).expect("readable without").record(1).expect("read").is_some());
}

#[test]
fn a_passed_key_is_not_written_to_a_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let key = Key::parse(&"A7".repeat(32)).expect("a key");
    let mut trail = Trail::open(directory.path(), Some(key.clone())).expect("a trail");
    trail.append(&entry(1), Source::Agent, at(1)).expect("appended");
    assert!(!directory.path().join(KEY_FILE).exists());
    assert!(trail.reader().verify(&key, None).expect("verified").is_intact());
}

#[test]
fn invalid_keys_and_heads_are_explained() {
    let wrong = |text: &str| Key::parse(text).expect_err("no key").to_string();
    assert_eq!(wrong(""), "the audit key is empty: it must be 64 hex digits (32 bytes)");
    assert_eq!(wrong("+1"), "the audit key is not valid: it must be 64 hex digits (32 bytes)");
    assert!("7".parse::<Head>().is_err());
    assert!(format!("7:{}", "g".repeat(64)).parse::<Head>().is_err());
    assert!(format!("{:?}", Key::parse(&"a7".repeat(32))).contains("***"), "`Debug` does not reveal the key");
}

#[test]
fn reading_creates_no_trail() {
    let directory = tempfile::tempdir().expect("a directory");
    assert!(matches!(Reader::open(directory.path()), Err(AuditError::NoTrail(_))));
    assert_eq!(fs::read_dir(directory.path()).expect("listed").count(), 0, "reading creates no files");
    fs::write(directory.path().join(FILE), "").expect("written");
    assert!(matches!(Reader::open(directory.path()), Err(AuditError::Damaged(_))));
}
