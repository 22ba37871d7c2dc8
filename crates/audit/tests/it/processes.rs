//! Several processes at once. Each runs this test binary.

use crate::world::{World, at, entry};
use std::{
    collections::BTreeSet,
    process::{Child, Command, Stdio},
};
use turnscope_audit::{Filter, Source, Trail};

/// The directory that a child process appends to, and the number of records.
const DIRECTORY: &str = "TURNSCOPE_TEST_AUDIT_DIRECTORY";
const EACH: u64 = 25;
const PROCESSES: u64 = 4;

fn child(directory: &std::path::Path) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["processes::as_a_child", "--exact", "--ignored"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::null())
        .spawn()
        .expect("started")
}

#[test]
#[ignore = "run by the other test, in child processes"]
fn as_a_child() {
    let directory = std::env::var_os(DIRECTORY).expect("where");
    let mut trail = Trail::open(directory.as_ref(), None).expect("a trail");
    for n in 1..=EACH {
        trail.append(&entry(n), Source::Agent, at(n)).expect("appended");
    }
}

#[test]
fn several_processes_create_and_write_one_chain() {
    let world = World { directory: tempfile::tempdir().expect("a directory") };
    let children: Vec<Child> = (0..PROCESSES).map(|_| child(world.directory.path())).collect();
    for mut child in children {
        assert!(child.wait().expect("ended").success());
    }
    let records = world.reader().records(&Filter::default()).expect("read");
    let seqs: BTreeSet<u64> = records.iter().map(|record| record.seq).collect();
    assert_eq!(seqs, (1..=EACH * PROCESSES).collect());
    let report = world.verify(Some(world.head()));
    assert_eq!(report.findings, []);
    assert!(report.end_is_proved);
}
