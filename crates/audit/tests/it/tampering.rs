//! Tampering by someone who can write the file, and the findings.

use crate::world::{World, at, entry};
use proptest::prelude::*;
use rusqlite::{Connection, types::Value};
use turnscope_audit::{AuditError, Finding, SchemaProblem, Source};

#[test]
fn triggers_refuse_mistakes() {
    let world = World::with(4);
    let db = Connection::open(world.directory.path().join(turnscope_audit::FILE)).expect("the file");
    for sql in [
        "UPDATE audit_runs SET output = 'x'",
        "UPDATE audit_decisions SET verdict = 'allow'",
        "DELETE FROM audit_runs",
        "DELETE FROM audit_decisions WHERE seq = 2",
        "UPDATE trail SET id = x'00'",
        "DELETE FROM trail",
    ] {
        let refused = db.execute(sql, []).expect_err(sql).to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    assert!(world.verify(None).is_intact());
}

#[test]
fn a_planted_trigger_swallows_nothing_in_silence_and_is_named() {
    let world = World::with(3);
    let mut trail = world.trail();
    let db = Connection::open(world.directory.path().join(turnscope_audit::FILE)).expect("the file");
    for body in [
        "BEFORE INSERT ON audit_runs BEGIN SELECT RAISE(IGNORE); END",
        "AFTER INSERT ON audit_runs BEGIN INSERT INTO audit_decisions SELECT NEW.seq + 1, 0, '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', 0, NEW.prev, NEW.mac, NULL; END",
    ] {
        db.execute_batch(&format!("CREATE TRIGGER quiet {body}")).expect("planted");
        assert!(matches!(trail.append(&entry(4), Source::Agent, at(4)), Err(AuditError::NotKept)), "{body}");
        let report = world.verify(None);
        let planted =
            Finding::Schema { kind: "trigger".into(), name: "quiet".into(), problem: SchemaProblem::Foreign };
        assert_eq!((report.findings, report.kept), (vec![planted], 3), "{body}");
        db.execute_batch("DROP TRIGGER quiet").expect("removed");
    }
    assert_eq!(trail.append(&entry(4), Source::Agent, at(4)).expect("kept"), 4);
    assert!(world.verify(None).is_intact());
}

#[test]
fn changed_parts_of_the_schema_are_named() {
    let world = World::with(3);
    let db = Connection::open(world.directory.path().join(turnscope_audit::FILE)).expect("the file");
    db.execute_batch(
        "ALTER TABLE audit_runs RENAME TO kept; CREATE VIEW audit_runs AS SELECT * FROM kept;
         DROP INDEX audit_decisions_of_run; CREATE INDEX audit_decisions_of_run ON audit_decisions (agent);
         DROP INDEX audit_decisions_of_trace",
    )
    .expect("changed");
    let said: Vec<String> = world.findings().iter().map(ToString::to_string).collect();
    for part in [
        "the view audit_runs does not belong to the trail",
        "the table kept does not belong to the trail",
        "the table audit_runs was removed",
        "the index audit_decisions_of_run was changed",
        "the index audit_decisions_of_trace was removed",
    ] {
        assert!(said.iter().any(|one| one == part), "{part}: {said:?}");
    }
}

#[test]
fn a_changed_record_is_named() {
    let world = World::with(9);
    let changed =
        world.behind_its_back().execute("UPDATE audit_decisions SET verdict = 'allow' WHERE seq = 6", []);
    assert_eq!(changed, Ok(1));
    assert_eq!(world.findings(), [Finding::Changed { seq: 6 }]);
    assert_eq!(world.findings()[0].to_string(), "record 6 was changed, or was not written by turnscope");
}

#[test]
fn removed_records_are_named() {
    let world = World::with(9);
    let db = world.behind_its_back();
    db.execute_batch("DELETE FROM audit_runs WHERE seq = 4; DELETE FROM audit_decisions WHERE seq = 5")
        .expect("done");
    assert_eq!(world.findings(), [Finding::Removed { from: 4, to: 5 }]);
    db.execute_batch("DELETE FROM audit_runs WHERE seq = 1").expect("done");
    assert_eq!(world.findings()[0], Finding::Removed { from: 1, to: 1 }, "at the beginning too");
}

#[test]
fn swapped_records_are_named() {
    let world = World::with(9);
    let swap = "UPDATE audit_decisions SET seq = 100 WHERE seq = 2;
                UPDATE audit_decisions SET seq = 2 WHERE seq = 6;
                UPDATE audit_decisions SET seq = 6 WHERE seq = 100;";
    world.behind_its_back().execute_batch(swap).expect("done");
    let moved = [Finding::Moved { seq: 2, written_as: 6 }, Finding::Moved { seq: 6, written_as: 2 }];
    assert_eq!(world.findings(), moved, "rows moved whole");

    let world = World::with(9);
    let swap = "UPDATE audit_decisions AS a SET prev = b.prev, mac = b.mac FROM audit_decisions AS b
                WHERE (a.seq, b.seq) IN ((2, 6), (6, 2));
                UPDATE audit_decisions SET seq = 100 WHERE seq = 2;
                UPDATE audit_decisions SET seq = 2 WHERE seq = 6;
                UPDATE audit_decisions SET seq = 6 WHERE seq = 100;";
    world.behind_its_back().execute_batch(swap).expect("done");
    assert_eq!(world.findings(), moved, "contents exchanged, chain values left in place");
}

#[test]
fn a_gap_that_was_closed_is_found() {
    let world = World::with(9);
    let close =
        "DELETE FROM audit_decisions WHERE seq = 8; UPDATE audit_decisions SET seq = 8 WHERE seq = 9;";
    world.behind_its_back().execute_batch(close).expect("done");
    assert_eq!(world.findings(), [Finding::Changed { seq: 8 }]);
}

#[test]
fn inserted_records_are_named() {
    let world = World::with(4);
    let columns = "recorded_at, source, verdict, decided_at, prev, mac";
    let insert = |seq: u64| {
        format!(
            "INSERT INTO audit_decisions (seq, {columns}) SELECT {seq}, {columns} FROM audit_decisions WHERE seq = 2"
        )
    };
    let db = world.behind_its_back();
    db.execute_batch(&insert(4)).expect("done");
    assert_eq!(world.findings(), [Finding::Inserted { seq: 4 }], "next to the run with the same number");
    db.execute_batch("DELETE FROM audit_decisions WHERE seq = 4").expect("done");
    db.execute_batch(&insert(5)).expect("done");
    assert_eq!(world.findings(), [Finding::Changed { seq: 5 }], "at the end");
}

#[test]
fn only_a_stored_head_shows_that_the_end_was_removed() {
    let world = World::with(9);
    let head = world.head();
    world.behind_its_back().execute_batch("DELETE FROM audit_decisions WHERE seq > 7").expect("done");
    let report = world.verify(None);
    assert!(report.is_intact() && !report.end_is_proved, "it cannot be detected, and the report says so");
    assert_eq!(world.verify(Some(head)).findings, [Finding::CutOff { from: 8, to: 9 }]);
    for n in 8..=9 {
        world
            .trail()
            .append(&crate::world::entry(n + 1), turnscope_audit::Source::Agent, 1)
            .expect("appended");
    }
    assert_eq!(world.verify(Some(head)).findings, [Finding::OtherHead { seq: 9 }], "replaced by new records");
}

#[test]
fn a_record_from_another_copy_of_the_trail_is_named() {
    let world = World::with(5);
    let copy = tempfile::tempdir().expect("a directory");
    for file in ["audit.db", "audit.key"] {
        std::fs::copy(world.directory.path().join(file), copy.path().join(file)).expect("copied");
    }
    // Two histories from record 5 on, both with the right key.
    let mut other = turnscope_audit::Trail::open(copy.path(), None).expect("a trail");
    for n in [13, 17] {
        other.append(&crate::world::entry(n), turnscope_audit::Source::Agent, 9).expect("appended");
        world
            .trail()
            .append(&crate::world::entry(n + 1), turnscope_audit::Source::Agent, 9)
            .expect("appended");
    }
    let db = world.behind_its_back();
    db.execute("ATTACH ?1 AS other", [copy.path().join("audit.db").to_str()]).expect("attached");
    db.execute_batch(
        "DELETE FROM main.audit_decisions WHERE seq = 7; DELETE FROM main.audit_runs WHERE seq = 7;
         INSERT INTO main.audit_decisions SELECT * FROM other.audit_decisions WHERE seq = 7;
         INSERT INTO main.audit_runs SELECT * FROM other.audit_runs WHERE seq = 7;",
    )
    .expect("done");
    assert_eq!(world.findings(), [Finding::Unlinked { seq: 7 }]);
}

/// A change of one cell of any table to another value of the same kind.
#[derive(Clone, Debug)]
struct Mutation {
    table: &'static str,
    row: usize,
    column: usize,
    salt: i64,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let table = prop_oneof![Just("audit_runs"), Just("audit_decisions"), Just("checkpoints")];
    (table, 0..64_usize, 0..64_usize, 1..i64::MAX).prop_map(|(table, row, column, salt)| Mutation {
        table,
        row,
        column,
        salt,
    })
}

/// Other values for a cell, including other types as far as the table accepts them.
fn other(value: &Value, salt: i64) -> Vec<Value> {
    match value {
        Value::Null => vec![Value::Text(String::new()), Value::Integer(salt), Value::Blob(Vec::new())],
        Value::Integer(number) => vec![Value::Integer(number ^ salt)],
        Value::Real(number) => vec![Value::Real(number + 1.0)],
        Value::Text(text) => vec![
            Value::Null,
            Value::Text(format!("{text}\0")),
            Value::Text(text.chars().skip(1).collect()),
            Value::Text(format!("{salt}")),
        ],
        Value::Blob(bytes) => {
            let mut flipped = bytes.clone();
            if let Some(byte) = flipped.get_mut(salt as usize % bytes.len().max(1)) {
                *byte ^= 1 << (salt % 8);
            }
            vec![Value::Blob(flipped), Value::Blob(bytes.iter().copied().skip(1).collect())]
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_single_change_of_any_cell_is_found(change in mutation(), choice in 0..4_usize) {
        let world = World::with(8);
        world.trail().prune(2_500, 9_000).expect("pruned");
        let db = world.behind_its_back();
        let rows: Vec<i64> = db
            .prepare(&format!("SELECT rowid FROM {} ORDER BY rowid", change.table))
            .and_then(|mut rows| rows.query_map([], |row| row.get(0))?.collect())
            .expect("rows");
        let columns: Vec<String> = db
            .prepare(&format!("SELECT name FROM pragma_table_info('{}')", change.table))
            .and_then(|mut names| names.query_map([], |row| row.get(0))?.collect())
            .expect("columns");
        let (row, column) = (rows[change.row % rows.len()], &columns[change.column % columns.len()]);
        let was: Value = db
            .query_row(&format!("SELECT {column} FROM {} WHERE rowid = ?1", change.table), [row], |row| row.get(0))
            .expect("a cell");
        let others = other(&was, change.salt);
        let new = &others[choice % others.len()];
        // If the table rejects the value or considers it equal, there is no change.
        let set = format!("UPDATE {} SET {column} = ?1 WHERE rowid = ?2", change.table);
        if *new != was && db.execute(&set, (new, row)).is_ok() {
            prop_assert!(!world.verify(None).is_intact(), "{}.{column} of {row}: {was:?} became {new:?}", change.table);
        }
    }
}
