//! Reading with filters.

use crate::world::{World, at, entry};
use rusqlite::Connection;
use turnscope_audit::{Decision, Entry, FILE, Filter, Finding, Source};

fn seqs(world: &World, filter: &Filter) -> Vec<u64> {
    world.reader().records(filter).expect("read").iter().map(|record| record.seq).collect()
}

#[test]
fn records_are_read_back_as_written() {
    let world = World::with(7);
    for record in world.reader().records(&Filter::default()).expect("read") {
        assert_eq!(record.entry, entry(record.seq));
        assert_eq!(record.source, "agent");
        assert_eq!(record.recorded_at, at(record.seq));
        assert_eq!(world.reader().record(record.seq).expect("read"), Some(record));
    }
    assert_eq!(world.reader().record(8).expect("read"), None);
}

#[test]
fn filters_narrow_by_time_agent_run_and_denial() {
    let world = World::with(9);
    world.trail().append(&entry(1), Source::Server, at(10)).expect("appended");
    let all = Filter::default();
    assert_eq!(seqs(&world, &all), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(
        seqs(&world, &Filter { since: Some(at(8)), ..all.clone() }),
        [8, 9],
        "the time of the event counts"
    );
    assert_eq!(seqs(&world, &Filter { until: Some(at(2)), ..all.clone() }), [1, 10]);
    assert_eq!(seqs(&world, &Filter { agent: Some("billing".into()), ..all.clone() }), [2, 4, 6, 8]);
    assert_eq!(seqs(&world, &Filter { of: Some("run-4".into()), ..all.clone() }), [4, 5, 6]);
    assert_eq!(seqs(&world, &Filter { of: Some("trace-1".into()), ..all.clone() }), [1, 10]);
    assert_eq!(
        seqs(&world, &Filter { denied: true, ..all.clone() }),
        [2, 6, 9],
        "includes calls rejected by a human"
    );
    assert_eq!(seqs(&world, &Filter { last: Some(3), ..all }), [8, 9, 10]);
}

#[test]
fn filters_narrow_by_session_user_tool_and_verdict() {
    let world = World::with(0);
    let mut trail = world.trail();
    for (session, user, tool, verdict, resolution) in [
        ("s-1", "ada", "refund", "allow", None),
        ("s-1", "eve", "refund", "hitl", None),
        ("s-2", "eve", "lookup", "hitl", Some("rejected")),
    ] {
        let decision = Decision {
            session_id: Some(session.into()),
            user_id: Some(user.into()),
            tool: Some(tool.into()),
            verdict: verdict.into(),
            resolution: resolution.map(Into::into),
            ..Decision::default()
        };
        trail.append(&Entry::Decision(decision), Source::Agent, at(1)).expect("appended");
    }
    trail.append(&entry(1), Source::Agent, at(4)).expect("appended"); // a run
    let all = Filter::default();
    assert_eq!(seqs(&world, &Filter { session: Some("s-1".into()), ..all.clone() }), [1, 2]);
    assert_eq!(seqs(&world, &Filter { user: Some("eve".into()), ..all.clone() }), [2, 3]);
    assert_eq!(seqs(&world, &Filter { tool: Some("refund".into()), ..all.clone() }), [1, 2]);
    assert_eq!(seqs(&world, &Filter { verdict: Some("hitl".into()), ..all.clone() }), [2, 3]);
    assert_eq!(seqs(&world, &Filter { verdict: Some("rejected".into()), ..all.clone() }), [3]);
    let both = Filter { user: Some("eve".into()), tool: Some("refund".into()), ..all };
    assert_eq!(seqs(&world, &both), [2]);
}

/// The file as version 1 of this program wrote it.
fn as_version_1(world: &World) {
    let db = Connection::open(world.directory.path().join(FILE)).expect("the file");
    db.execute_batch("ALTER TABLE audit_decisions DROP COLUMN arguments; PRAGMA user_version = 1;")
        .expect("older");
}

#[test]
fn a_trail_of_version_1_is_read_verified_and_written_on() {
    let world = World::with(7);
    let head = world.head();
    as_version_1(&world);
    assert_eq!(world.findings(), []);
    let records = world.reader().records(&Filter::default()).expect("read");
    assert!(records.iter().all(|record| record.entry == entry(record.seq)));

    let mut trail = world.trail(); // adds the column
    let arguments = Some(r#"{"amount":240}"#.to_owned());
    let decision = Decision { arguments, verdict: "allow".into(), ..Decision::default() };
    trail.append(&Entry::Decision(decision.clone()), Source::Agent, at(8)).expect("appended");
    drop(trail);
    assert_eq!(world.verify(Some(head)).findings, []);
    assert_eq!(world.reader().record(8).expect("read").expect("it").entry, Entry::Decision(decision));
    drop(world.trail()); // a second time, nothing is added
}

#[test]
fn arguments_that_are_added_changed_or_removed_are_detected() {
    for (seq, arguments) in [(3, "'{}'"), (8, "'{\"amount\":1}'"), (8, "NULL")] {
        let world = World::with(7);
        let arguments_before = Some(r#"{"amount":240}"#.to_owned());
        let decision =
            Decision { arguments: arguments_before, verdict: "allow".into(), ..Decision::default() };
        world.trail().append(&Entry::Decision(decision), Source::Agent, at(8)).expect("appended");
        assert_eq!(world.findings(), []);
        let db = world.behind_its_back();
        let changed =
            db.execute(&format!("UPDATE audit_decisions SET arguments = {arguments} WHERE seq = {seq}"), []);
        assert_eq!(changed.expect("changed"), 1);
        assert!(
            world.findings().contains(&Finding::Changed { seq }),
            "{seq} {arguments}: {:?}",
            world.findings()
        );
    }
}
