//! Facts that are found again: afterwards a store is as if it had received everything by the rules of today.

use crate::world::*;
use opentelemetry_proto::tonic::{logs::v1::LogRecord, trace::v1::Span};
use proptest::{collection::vec, prelude::*};
use rusqlite::types::Value;
use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};
use turnscope_model::{Facts, Kind, Purpose, Record, Role, ScoreSource};
use turnscope_otlp::{cut, normalise, redact::Redactor};
use turnscope_query::{FiguresQuery, GroupBy, NewScore, RunFilter, SearchQuery};
use turnscope_store::{Batch, Maintenance as _, Rules, Store as _, catch_up, commit_and_wait};
use turnscope_store_sqlite::{Options, SqliteStore};

fn rules(version: i64) -> Rules {
    Rules { version, again: Arc::new(|record| Ok(normalise::again(record)?)) }
}

fn with_rules(rules: Rules) -> Options {
    Options { rules: Some(rules), ..options() }
}

/// A record as rules make it that understand nothing.
fn not_understood(mut record: Record) -> Record {
    record.facts =
        Facts { name: record.facts.name.clone(), clamped: record.facts.clamped, ..Facts::default() };
    if let Role::Span = record.role {
        record.group = record.trace_id.map_or(record.group, turnscope_model::GroupKey::Trace);
    }
    for value in &mut record.body.values {
        value.purpose = Purpose::Other;
    }
    record
}

fn send_not_understood(world: &World, batch: Batch) {
    let records = batch.records.into_iter().map(not_understood).collect();
    commit_and_wait(world.store(), Batch { records, ..Batch::default() }).unwrap();
    assert!(catch_up(world.store(), Duration::from_secs(20)));
}

fn spans_batch(spans: Vec<Span>) -> Batch {
    batch(spans, &Redactor::off())
}

/// Waits until nothing is left to look at, and all runs are written.
fn settle(world: &World) {
    settled(world.store());
}

fn settled(store: &SqliteStore) {
    let began = Instant::now();
    while store.counters().reprojection.is_running {
        assert!(began.elapsed() < Duration::from_secs(60), "facts were never found again");
        std::thread::sleep(Duration::from_millis(1));
    }
    store.bring_up_to_date(turnscope_model::TraceGroupId(1)).unwrap();
    while store.counters().index_lag > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until no trace group waits to be projected.
fn projected(world: &World) {
    let began = Instant::now();
    while world.count("SELECT count(*) FROM trace_groups WHERE dirty") > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "runs were never written");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Everything in a table.
fn rows(world: &World, sql: &str) -> Vec<Vec<Value>> {
    let db = world.sql();
    let mut statement = db.prepare(sql).unwrap();
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect();
    statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

/// What people see of a store, numbers of rows left out.
fn seen(world: &World) -> String {
    projected(world);
    let mut out = String::new();
    let mut runs = world.runs();
    runs.sort_by_key(|run| run.run_id);
    for mut run in runs {
        let group = world.reader().group(run.group).unwrap();
        run.group = turnscope_model::TraceGroupId(0);
        run.received_at = 0;
        writeln!(out, "{run:#?}").unwrap();
        for step in &group.projection.steps {
            let record = step.record.map(|record| &group.records[record]);
            let ids: Vec<_> = record.map(|record| record.id).into_iter().collect();
            let lists = world.reader().contexts(&ids).unwrap();
            writeln!(
                out,
                "{:?} {} {:?} {:?} {:?}",
                step.kind,
                step.step_id,
                step.turn,
                record.map(|record| &record.facts),
                lists.iter().map(|list| (list.purpose, list.contents.len())).collect::<Vec<_>>()
            )
            .unwrap();
        }
    }
    for group_by in [vec![], vec![GroupBy::Agent], vec![GroupBy::Model]] {
        let query = FiguresQuery { filter: RunFilter::default(), group_by, bucket: None };
        let mut both = world.store().figures_both_ways(&query, moment()).unwrap().unwrap();
        // Of durations, sketches are kept.
        both.iter_mut()
            .flat_map(|figures| figures.values_mut())
            .for_each(|figures| figures.durations.clear());
        let [rolled, counted] = both;
        assert_eq!(format!("{rolled:?}"), format!("{counted:?}"), "roll-ups are exact");
        writeln!(out, "{counted:?}").unwrap();
    }
    for word in ["sentence", "yes", "saffron"] {
        let query = SearchQuery { phrases: vec![word.into()], limit: 100, ..SearchQuery::default() };
        let mut hits: Vec<String> = world
            .reader()
            .search(&query, moment())
            .unwrap()
            .hits
            .into_iter()
            .map(|hit| {
                // Which runs met it first depends on which came first.
                assert!(!hit.occurrences.is_empty());
                format!("{:?}", (hit.purpose, String::from_utf8_lossy(&hit.bytes)))
            })
            .collect();
        hits.sort();
        writeln!(out, "{word}: {hits:#?}").unwrap();
    }
    writeln!(
        out,
        "{:?}",
        rows(world, "SELECT key, spans, agentic, started_at, ended_at FROM trace_groups ORDER BY key")
    )
    .unwrap();
    out
}

/// People see the same of both stores.
fn alike(one: &World, other: &World) {
    let (one, other) = (seen(one), seen(other));
    let different: Vec<_> =
        one.lines().zip(other.lines()).filter(|(one, other)| one != other).take(5).collect();
    assert_eq!(different, []);
    assert_eq!(one.lines().count(), other.lines().count());
}

fn conversation(trace: u8) -> Vec<Span> {
    let mut spans = vec![agent(trace, (1, 0), "cook", (0, 1000))];
    for turn in 0..5_u8 {
        let at = u64::from(turn) * 100;
        let messages = said(0..2 * usize::from(turn) + 1);
        let mut model_call = call(trace, (2 + 2 * turn, 1), (at, at + 50), &messages, "yes, with saffron");
        model_call.attributes.push(number("gen_ai.usage.input_tokens", 100));
        spans.push(model_call);
        spans.push(tool(
            trace,
            (3 + 2 * turn, 1),
            (at + 50, at + 90),
            "{\"n\":1}",
            "a result with saffron in it",
        ));
    }
    spans
}

fn number(key: &str, value: i64) -> opentelemetry_proto::tonic::common::v1::KeyValue {
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
    let value = Some(AnyValue { value: Some(any_value::Value::IntValue(value)) });
    KeyValue { key: key.to_owned(), value, key_strindex: 0 }
}

/// Everything that is stored, but for how far work has come.
fn dump(world: &World) -> Vec<Vec<Vec<Value>>> {
    projected(world);
    [
        "SELECT * FROM records ORDER BY id",
        "SELECT * FROM contents ORDER BY id",
        "SELECT * FROM contexts ORDER BY record, slot",
        "SELECT * FROM uses ORDER BY content, record",
        "SELECT * FROM trace_groups ORDER BY id",
        "SELECT * FROM runs ORDER BY id",
        "SELECT * FROM run_models ORDER BY run, model, provider",
        "SELECT * FROM run_values ORDER BY run, field, value",
        "SELECT * FROM rollups",
        "SELECT * FROM scores ORDER BY id",
        "SELECT * FROM tags",
        "SELECT * FROM log_hashes ORDER BY hash",
    ]
    .map(|sql| rows(world, sql))
    .to_vec()
}

#[test]
fn the_same_rules_change_nothing() {
    let mut world = World::with_options(with_rules(rules(1)));
    for trace in 1..4 {
        world.send(conversation(trace));
    }
    world.send_logs(vec![LogRecord { event_name: "hello".into(), ..LogRecord::default() }]);
    world.store().change_tags(run_id(1, 1), vec!["kept".into()], Vec::new()).unwrap();
    settle(&world);
    let before = dump(&world);
    world.store().reproject(None).unwrap();
    settle(&world);
    assert_eq!(dump(&world), before, "when it is asked for");
    world.reopen_with(with_rules(rules(2)));
    settle(&world);
    assert_eq!(dump(&world), before, "after an upgrade");
}

#[test]
fn what_rules_did_not_understand_is_understood_after_an_upgrade() {
    let today = World::with_options(with_rules(rules(1)));
    let mut old = World::new();
    for trace in 1..4 {
        today.send(conversation(trace));
        send_not_understood(&old, spans_batch(conversation(trace)));
    }
    assert_eq!(old.runs().len(), 0, "nothing was understood");
    old.reopen_with(with_rules(rules(1)));
    settle(&old);
    settle(&today);
    alike(&old, &today);
    assert_eq!(old.count("SELECT value FROM state WHERE key = 'rules'"), 1);
    assert_eq!(old.count("SELECT count(*) FROM records WHERE role & 15 = 15"), 0, "nothing is left behind");
    let mut sent: Vec<_> = old.spans();
    sent.sort_by_key(|span| (span.trace_id.clone(), span.span_id.clone()));
    let mut expected: Vec<Span> = (1..4).flat_map(conversation).collect();
    expected.sort_by_key(|span| (span.trace_id.clone(), span.span_id.clone()));
    assert_eq!(sent, expected, "what was sent is what it was");
}

#[test]
fn a_new_store_has_nothing_to_look_at() {
    let mut world = World::with_options(with_rules(rules(1)));
    assert!(!world.store().counters().reprojection.is_running);
    world.send(conversation(1));
    let looked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looked);
    let again = Arc::new(move |record: &Record| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(normalise::again(record)?)
    });
    world.reopen_with(with_rules(Rules { version: 1, again }));
    settle(&world);
    assert_eq!(looked.load(Ordering::Relaxed), 0);
}

/// Rules that stop after so many records until they are let go.
fn pausing(version: i64, after: usize) -> (Rules, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (reached, at_pause) = mpsc::channel();
    let (go, going) = mpsc::channel();
    let (count, going) = (AtomicUsize::new(0), Mutex::new(going));
    let again = Arc::new(move |record: &Record| {
        if count.fetch_add(1, Ordering::Relaxed) == after {
            let _ = reached.send(());
            let _ = going.lock().unwrap().recv();
        }
        Ok(normalise::again(record)?)
    });
    (Rules { version, again }, at_pause, go)
}

#[test]
fn a_process_that_is_killed_in_the_middle_goes_on_at_the_next_start() {
    let today = World::with_options(with_rules(rules(1)));
    let mut old = World::new();
    for trace in 1..40 {
        today.send(conversation(trace));
        send_not_understood(&old, spans_batch(conversation(trace)));
    }
    let (rules_with_pause, at_pause, go) = pausing(1, 250);
    old.reopen_with(with_rules(rules_with_pause));
    at_pause.recv_timeout(Duration::from_secs(20)).unwrap();
    // As the disk has it at this moment.
    let copy = tempfile::tempdir().unwrap();
    for file in ["turnscope.db", "turnscope.db-wal"] {
        std::fs::copy(old.directory.path().join(file), copy.path().join(file)).unwrap();
    }
    drop(go);
    let mut killed = World::new();
    killed.move_to(copy);
    let after = killed.count("SELECT value FROM state WHERE key = 'reproject_after'");
    assert!(after > 0, "it was in the middle");
    let looked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looked);
    let again = Arc::new(move |record: &Record| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(normalise::again(record)?)
    });
    killed.reopen_with(with_rules(Rules { version: 1, again }));
    settle(&killed);
    settle(&today);
    assert!(looked.load(Ordering::Relaxed) < 39 * 11, "it does not begin anew");
    alike(&killed, &today);
    settle(&old);
    alike(&old, &today);
}

#[test]
fn what_is_received_meanwhile_is_right() {
    let today = World::with_options(with_rules(rules(1)));
    let mut old = World::new();
    for trace in 1..4 {
        today.send(conversation(trace));
        send_not_understood(&old, spans_batch(conversation(trace)));
    }
    let (rules_with_pause, at_pause, go) = pausing(1, 5);
    old.reopen_with(with_rules(rules_with_pause));
    at_pause.recv_timeout(Duration::from_secs(20)).unwrap();
    // A later version of a span that is being looked at, a call that joins a run, a new run, and a run that is deleted.
    let mut later = call(1, (2, 1), (0, 70), &said(0..1), "yes, later");
    later.attributes.push(number("gen_ai.usage.input_tokens", 7));
    for world in [&today, &old] {
        world.send(vec![later.clone(), call(2, (90, 1), (800, 900), &said(0..12), "yes")]);
        world.send(conversation(9));
    }
    drop(go);
    settle(&old);
    settle(&today);
    alike(&old, &today);
    for world in [&today, &old] {
        projected(world);
        assert!(world.store().delete_run(run_id(3, 1)).unwrap());
    }
    alike(&old, &today);
}

/// An event of a run that its producer names.
fn scattered(trace: u8, name: &str) -> Span {
    let at = u64::from(trace);
    with(
        span(trace, (trace, 0), name, (at, at + 1)),
        [text("agent_inspector.run_id", "r-1"), text("agent_inspector.event_id", format!("e{trace}"))],
    )
}

#[test]
fn scores_and_tags_follow_records_into_another_run() {
    let today = World::with_options(with_rules(rules(1)));
    let mut old = World::new();
    for (trace, name) in [(1, "run_start"), (2, "llm_call"), (3, "run_end")] {
        let of_today = spans_batch(vec![scattered(trace, name)]);
        // As rules that know no such run: an agent of its own in each trace.
        let mut records = of_today.records.clone();
        for record in &mut records {
            record.group = turnscope_model::GroupKey::Trace(record.trace_id.unwrap());
            record.facts.kind = Kind::Run;
            record.role = Role::Span;
            record.end = record.end.or(Some(record.start));
            let header = cut::Header::from(&*record);
            record.body = cut::span(scattered(trace, name), Kind::Run, &header);
        }
        for (world, batch) in [(&today, of_today), (&old, Batch { records, ..Batch::default() })] {
            commit_and_wait(world.store(), batch).unwrap();
            assert!(catch_up(world.store(), Duration::from_secs(20)));
        }
    }
    assert_eq!(old.runs().len(), 3);
    old.store().change_tags(run_id(1, 1), vec!["good".into()], Vec::new()).unwrap();
    let score = |trace: u8| NewScore {
        run_id: run_id(trace, trace),
        step_id: None,
        turn: None,
        name: format!("mark {trace}"),
        value: Some(1.0),
        label: None,
        comment: None,
        source: ScoreSource::Person,
        score_id: None,
        created_at: None,
    };
    for trace in 1..4 {
        old.store().add_score(score(trace)).unwrap().unwrap();
    }
    let received = old.count("SELECT max(received_at) FROM trace_groups");
    old.reopen_with(with_rules(rules(1)));
    settle(&old);
    projected(&old);
    settle(&today);
    projected(&today);
    let runs = old.runs();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].run_id, today.runs()[0].run_id);
    let scores = old.reader().scores(&[runs[0].run_id]).unwrap();
    let mut names: Vec<_> = scores.iter().map(|score| score.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["mark 1", "mark 2", "mark 3"]);
    assert_eq!(
        rows(&old, "SELECT tag FROM tags WHERE run_id = (SELECT run_id FROM runs)"),
        [[Value::Text("good".into())]]
    );
    assert!(old.count("SELECT max(received_at) FROM trace_groups") <= received, "it was not received today");
}

#[test]
fn only_the_trace_groups_asked_for_are_looked_at() {
    let mut world = World::new();
    for trace in 1..4 {
        send_not_understood(&world, spans_batch(conversation(trace)));
    }
    // So that the store counts as up to date.
    world.change_file(|db| {
        db.execute("INSERT INTO state (key, value) VALUES ('rules', 1)", []).unwrap();
    });
    world.reopen_with(with_rules(rules(1)));
    settle(&world);
    assert_eq!(world.runs().len(), 0);
    let group = world.count("SELECT trace_group FROM records ORDER BY id LIMIT 1 OFFSET 12");
    world.store().reproject(Some(vec![turnscope_model::TraceGroupId(group)])).unwrap();
    settle(&world);
    projected(&world);
    assert_eq!(world.runs().iter().map(|run| run.run_id).collect::<Vec<_>>(), [run_id(2, 1)]);
    assert_eq!(world.count("SELECT count(*) FROM reproject_groups"), 0);
}

#[test]
fn a_record_that_rules_choke_on_keeps_its_facts_and_others_get_theirs() {
    let mut world = World::new();
    send_not_understood(&world, spans_batch(conversation(1)));
    let again = Arc::new(|record: &Record| {
        assert!(record.facts.name != "execute_tool look", "a bug");
        Ok(normalise::again(record)?)
    });
    world.reopen_with(with_rules(Rules { version: 1, again }));
    settle(&world);
    projected(&world);
    let run = &world.runs()[0];
    assert_eq!((run.llm_call_count, run.tool_call_count), (5, 0));
}

#[test]
fn a_log_record_that_is_sent_again_is_known_after_it_was_cut_anew() {
    let log = LogRecord {
        event_name: "gen_ai.user.message".into(),
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        time_unix_nano: at(1),
        attributes: vec![text("content", "a question about saffron, asked at some length")],
        ..LogRecord::default()
    };
    let mut world = World::new();
    send_not_understood(&world, log_batch(vec![log.clone()], &Redactor::off()));
    world.reopen_with(with_rules(rules(1)));
    settle(&world);
    assert_eq!(world.count("SELECT count(*) FROM records"), 1);
    assert_eq!(world.send_logs(vec![log]).records, 0);
}

/// Traces that are sent, some of them understood when they are; then what happens to them.
fn traces() -> impl Strategy<Value = Vec<(u8, bool)>> {
    vec((1..6_u8, any::<bool>()), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_understood_all_is_in_the_end_and_nothing_is_left_of_what_is_deleted(
        traces in traces(),
        split in 0..11_usize,
        twice in any::<bool>(),
    ) {
        let today = World::with_options(with_rules(rules(1)));
        let mut mixed = World::new();
        for (trace, understood) in &traces {
            let mut spans = conversation(*trace);
            for half in [spans.split_off(split), spans] {
                today.send(half.clone());
                if *understood {
                    mixed.send(half);
                } else {
                    send_not_understood(&mixed, spans_batch(half));
                }
            }
        }
        mixed.reopen_with(with_rules(rules(1)));
        settle(&mixed);
        if twice {
            mixed.store().reproject(None).unwrap();
            settle(&mixed);
        }
        settle(&today);
        alike(&mixed, &today);
        for run in mixed.runs() {
            mixed.store().delete_run(run.run_id).unwrap();
        }
        for table in ["records", "contents", "contexts", "uses", "foreign_bases"] {
            prop_assert_eq!(mixed.count(&format!("SELECT count(*) FROM {table}")), 0, "{}", table);
        }
    }
}
