//! Pruning.

use crate::world::{World, at, entry};
use turnscope_audit::{AuditError, Finding, Source};

#[test]
fn the_remaining_records_can_still_be_verified() {
    let world = World::with(9);
    let (before, early) = (world.head(), {
        let text = World::with(0).head().to_string();
        text.replace("0:", "2:")
    });
    let pruned = world.trail().prune(at(5), at(100)).expect("pruned");
    assert_eq!((pruned.runs, pruned.decisions, pruned.through), (2, 2, 4));
    let report = world.verify(Some(before));
    assert_eq!(report.findings, []);
    assert!(report.end_is_proved);
    assert_eq!((report.count, report.kept, report.pruned_through), (9, 5, 4));
    let report = world.verify(Some(early.parse().expect("a head")));
    assert!(report.end_is_proved, "a head older than the checkpoint is covered by it");
    world.trail().append(&entry(10), Source::Agent, at(101)).expect("appended");
    world.trail().prune(at(7), at(102)).expect("pruned again");
    assert_eq!(world.verify(Some(before)).findings, []);
}

#[test]
fn everything_can_be_pruned_and_the_chain_continues() {
    let world = World::with(3);
    let head = world.head();
    assert_eq!(world.trail().prune(i64::MAX, at(9)).expect("pruned").through, 3);
    assert_eq!(world.head(), head);
    assert!(world.verify(Some(head)).end_is_proved);
    assert_eq!(world.trail().append(&entry(4), Source::Agent, at(10)).expect("appended"), 4);
    assert!(world.verify(Some(head)).end_is_proved);
    assert_eq!(world.trail().prune(0, at(11)).expect("nothing is that old").through, 0);
}

#[test]
fn a_damaged_trail_is_not_pruned() {
    let world = World::with(6);
    world.behind_its_back().execute_batch("UPDATE audit_runs SET output = 'x' WHERE seq = 1").expect("done");
    assert!(matches!(world.trail().prune(at(5), at(9)), Err(AuditError::Damaged(_))));
    assert_eq!(world.verify(None).kept, 6);
}

#[test]
fn checkpoints_cannot_be_forged_or_removed() {
    let world = World::with(9);
    for n in [3, 5, 7] {
        world.trail().prune(at(n), at(100)).expect("pruned");
    }
    let db = world.behind_its_back();
    db.execute_batch("UPDATE checkpoints SET through = 7 WHERE id = 3").expect("done");
    assert!(world.findings().contains(&Finding::Checkpoint { id: 3 }));
    db.execute_batch("UPDATE checkpoints SET through = 6 WHERE id = 3").expect("put back");
    assert_eq!(world.findings(), []);
    db.execute_batch("DELETE FROM checkpoints WHERE id = 2").expect("done");
    assert!(world.findings().contains(&Finding::Checkpoint { id: 2 }));
    db.execute_batch("DELETE FROM checkpoints").expect("done");
    assert_eq!(world.findings(), [Finding::Removed { from: 1, to: 6 }]);
}
