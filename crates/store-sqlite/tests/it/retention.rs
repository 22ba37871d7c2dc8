//! Deleting, pruning and rewriting: what should go is gone with all its content, and nothing else is harmed.

use crate::world::*;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use std::{sync::Arc, time::Duration};
use turnscope_model::{ContentHash, Form, Origin};
use turnscope_query::{NewScore, Pruned, Retention};
use turnscope_store::{Batch, Maintenance as _, MetricRow, Store as _, StoreError, commit_and_wait, retain};

fn sizes(world: &World) -> [i64; 5] {
    ["records", "contents", "contexts", "uses", "blocks"]
        .map(|table| world.count(&format!("SELECT count(*) FROM {table}")))
}

/// Deletes what ended before this time in nanoseconds since the epoch, as if it had been received when it ended.
fn prune_before(world: &World, before: u64) -> Pruned {
    let db = rusqlite::Connection::open(world.directory.path().join(turnscope_store_sqlite::FILE)).unwrap();
    db.execute("UPDATE trace_groups SET received_at = ended_at / 1000000", []).unwrap();
    let retention = Retention { max_age: Some(Duration::ZERO), max_bytes: None };
    retain(world.store(), retention, (before / 1_000_000) as i64).unwrap()
}

#[test]
fn a_deleted_run_leaves_nothing_behind() {
    let mut world = World::new();
    let before = sizes(&world);
    let only = "only one run ever spoke of the okapi, and it did so at some length so that this is a content";
    world.send(vec![
        agent(1, (1, 0), "a", (0, 100)),
        call(1, (2, 1), (1, 20), &[only.to_owned()], "yes"),
        tool(1, (3, 1), (21, 30), r#"{"q":"okapi"}"#, &"an okapi ".repeat(40)),
    ]);
    assert!(!world.search("okapi").is_empty());
    assert!(world.store().delete_run(run_id(1, 1)).unwrap());
    assert!(world.search("okapi").is_empty());
    assert_eq!(sizes(&world), before);
    assert!(world.runs().is_empty());
    assert!(!world.store().delete_run(run_id(1, 1)).unwrap());
    // The same trace may come again, also after a restart that gives numbers out again.
    world.reopen();
    world.send(vec![call(1, (2, 0), (1, 20), &[only.to_owned()], "yes")]);
    assert_eq!(world.search("okapi").len(), 1);
}

#[test]
fn content_that_another_run_uses_stays() {
    let world = World::new();
    let shared = said(0..4);
    for trace in 1..=2 {
        world.send(vec![
            agent(trace, (1, 0), "a", (0, 100)),
            call(trace, (2, 1), (1, 20), &shared, "the same answer for everyone"),
        ]);
    }
    let kept: Vec<_> = world.spans().into_iter().filter(|span| span.trace_id == [2; 16]).collect();
    assert!(world.store().delete_run(run_id(1, 1)).unwrap());
    assert_eq!(world.spans(), kept);
    let run = &world.runs()[0];
    assert_eq!(run.output_preview.as_deref(), Some("the same answer for everyone"));
    assert_eq!(world.search("sentence")[0].occurrences[0].run_id, run_id(2, 1));
}

/// Two agents under no common run, in one trace: their lists are coded against each other's.
fn two_runs_of_one_trace(world: &World) {
    world.send(vec![agent(1, (1, 9), "a", (0, 100)), agent(1, (5, 8), "b", (0, 200))]);
    for turn in 0..5_u8 {
        let said = said(0..usize::from(turn) * 2 + 1);
        let start = u64::from(turn) * 10 + 1;
        world.send(vec![call(1, (10 + turn, 1), (start, start + 3), &said, "the answer is the same")]);
        world.send(vec![call(1, (20 + turn, 5), (start + 4, start + 8), &said, "the answer is the same")]);
    }
}

#[test]
fn lists_and_texts_of_a_run_survive_the_deletion_of_another_in_its_trace() {
    for gone in [1, 5] {
        let mut world = World::new();
        two_runs_of_one_trace(&world);
        assert_eq!(world.runs().len(), 2);
        let stays = if gone == 1 { 5 } else { 1 };
        let of_run = |id: u8| move |bytes: &Vec<u8>| *bytes == [id; 8];
        let kept: Vec<_> = world
            .spans()
            .into_iter()
            .filter(|s| of_run(stays)(&s.span_id) || of_run(stays)(&s.parent_span_id))
            .collect();
        let run = world.runs().into_iter().find(|run| run.run_id == run_id(1, stays)).unwrap();
        assert!(world.store().delete_run(run_id(1, gone)).unwrap());
        assert_eq!(world.spans(), kept, "without {gone}");
        let now = world.runs().remove(0);
        assert_eq!((now.run_id, &now.output_preview), (run.run_id, &run.output_preview));
        assert_eq!((now.turn_count, &now.input_preview), (5, &run.input_preview));
        assert_eq!(world.search("sentence").len(), 9);
        world.store().vacuum().unwrap();
        world.reopen();
        assert_eq!(world.spans(), kept, "without {gone}, after vacuum");
    }
}

/// `agent-inspector` sends spans without parents, each in a trace of its own, and names the run.
#[test]
fn pruning_an_old_trace_leaves_scattered_runs_readable() {
    let world = World::new();
    let scattered = |trace: u8, start: u64, count: usize| {
        let mut call = call(trace, (trace, 0), (start, start + 5), &said(0..count), "yes");
        call.name = "llm_call".into();
        with(
            call,
            [
                text("agent_inspector.run_id", "run-7"),
                text("agent_inspector.timestamp_ms", (at(start) / 1_000_000).to_string()),
            ],
        )
    };
    for trace in 1..=4_u8 {
        world.send(vec![scattered(trace, u64::from(trace) * 1000, usize::from(trace) * 2)]);
    }
    prune_before(&world, at(2500));
    assert_eq!(world.spans_of("1").len(), 4, "the run has not ended before that: it stays whole");
    assert_eq!(world.runs().len(), 1);
    prune_before(&world, i64::MAX as u64);
    assert_eq!(sizes(&world), [0; 5]);
    assert_eq!(world.count("SELECT count(*) FROM trace_groups"), 0);
}

#[test]
fn pruning_by_age_deletes_what_ended_before() {
    let world = World::new();
    for trace in 1..=3_u8 {
        let start = u64::from(trace) * 1000;
        world.send(vec![
            agent(trace, (1, 0), "a", (start, start + 500)),
            call(trace, (2, 1), (start, start + 9), &said(usize::from(trace)..9), "yes"),
        ]);
    }
    let pruned = prune_before(&world, at(2400));
    assert_eq!((pruned.groups, pruned.records), (1, 2));
    let left: Vec<_> = world.runs().into_iter().map(|run| run.run_id).collect();
    assert_eq!(left, [run_id(2, 1), run_id(3, 1)]);
    assert_eq!(world.spans().len(), 4);
}

#[test]
fn pruning_by_size_deletes_the_oldest_first() {
    let world = World::new();
    for trace in 1..=60_u8 {
        let start = u64::from(trace) * 1000;
        world.send(vec![call(trace, (1, 0), (start, start + 5), &[noise(u64::from(trace), 60_000)], "yes")]);
    }
    let (used, _) = world.reader().bytes().unwrap();
    let max = used * 2 / 3;
    let pruned = retain(world.store(), Retention { max_age: None, max_bytes: Some(max) }, 0).unwrap();
    let (now, _) = world.reader().bytes().unwrap();
    assert!(now <= max, "{now} of {max}");
    let runs = world.runs();
    assert_eq!(runs.len() as u64, 60 - pruned.groups);
    assert!(runs.len() >= 20, "only as much as was needed: {}", runs.len());
    assert_eq!(runs.last().map(|run| run.run_id), Some(run_id(60, 1)), "the newest stay");
    world.store().vacuum().unwrap();
    assert_eq!(world.spans().len(), runs.len());
}

#[test]
fn vacuum_rewrites_blocks_under_the_eyes_of_readers() {
    let world = World::new();
    for trace in 1..=6_u8 {
        world.send(vec![call(
            trace,
            (1, 0),
            (1, 5),
            &said(usize::from(trace) * 10..usize::from(trace) * 10 + 8),
            "yes",
        )]);
    }
    // All in one block, of which little is left.
    let one: Vec<_> = (11..=30_u8)
        .map(|trace| {
            call(trace, (1, 0), (1, 5), &said(usize::from(trace) * 10..usize::from(trace) * 10 + 8), "yes")
        })
        .collect();
    world.send(one);
    let kept: Vec<_> = world.spans().into_iter().filter(|span| span.trace_id[0] % 10 == 5).collect();
    for trace in (1..=6_u8).chain(11..=30).filter(|trace| trace % 10 != 5) {
        assert!(world.store().delete_run(run_id(trace, 1)).unwrap());
    }
    assert_eq!(world.spans(), kept, "readers keep the old block");
    let before = world.count("SELECT sum(size) FROM blocks");
    world.store().vacuum().unwrap();
    assert!(world.count("SELECT sum(size) FROM blocks") < before);
    assert_eq!(world.spans(), kept, "the same readers see the new one");
    assert_eq!(world.search("sentence").len(), 10);
}

#[test]
fn a_deleted_child_run_takes_replaced_versions_and_its_scores_with_it() {
    let world = World::new();
    world.send(vec![
        agent(1, (1, 0), "parent", (0, 100)),
        agent(1, (5, 1), "child", (10, 90)),
        call(1, (6, 5), (20, 30), &["the axolotl was mentioned in an early version only".to_owned()], "yes"),
        call(1, (2, 1), (1, 9), &said(0..3), "and this stays"),
    ]);
    world.send(vec![call(1, (6, 5), (20, 40), &["the final version speaks of newts".to_owned()], "yes")]);
    let score = |run_id| NewScore {
        run_id,
        step_id: None,
        turn: None,
        name: "good".into(),
        value: Some(1.0),
        label: None,
        comment: None,
        source: turnscope_model::ScoreSource::Api,
        score_id: None,
        created_at: None,
    };
    for run in [run_id(1, 1), run_id(1, 5)] {
        assert!(world.store().add_score(score(run)).unwrap().is_some());
    }
    assert!(world.store().delete_run(run_id(1, 5)).unwrap());
    assert!(world.search("axolotl").is_empty());
    assert!(world.search("newts").is_empty());
    assert_eq!(world.search("stays").len(), 1);
    assert_eq!(world.spans().len(), 2);
    assert_eq!(world.runs().len(), 1);
    assert_eq!(world.count("SELECT count(*) FROM scores"), 1);
}

/// Text that does not compress, so that size means something.
fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + (state >> 33) as u8 % 90)
    };
    (0..bytes).map(|_| next()).collect()
}

fn metric(seed: u64) -> MetricRow {
    let hash = ContentHash::of(Form::Bytes, b"");
    let origin = Origin { service_name: "shop".into(), scope_name: String::new(), hash, bytes: Vec::new() };
    MetricRow {
        name: "m".into(),
        origin: Arc::new(origin),
        start: at(seed),
        end: at(seed),
        points: 1,
        bytes: noise(seed, 30_000).into_bytes(),
    }
}

/// A log record of no trace.
fn loose(seed: u64) -> LogRecord {
    LogRecord {
        time_unix_nano: at(seed),
        attributes: vec![text("said", noise(seed, 30_000))],
        ..LogRecord::default()
    }
}

#[test]
fn a_limit_of_size_takes_metrics_and_loose_logs_like_runs_the_oldest_first() {
    let world = World::new();
    for n in 1..=30_u8 {
        let seed = u64::from(n);
        let metrics = Batch { metrics: vec![metric(seed)], ..Batch::default() };
        commit_and_wait(world.store(), metrics).unwrap();
        world.send_logs(vec![loose(seed)]);
        world.send(vec![call(n, (1, 0), (1, 5), &[noise(1000 + seed, 30_000)], "yes")]);
        // Receipts are told apart by milliseconds.
        std::thread::sleep(Duration::from_millis(2));
    }
    let (used, _) = world.reader().bytes().unwrap();
    let retention = Retention { max_age: None, max_bytes: Some(used * 2 / 3) };
    retain(world.store(), retention, 0).unwrap();
    let (now, _) = world.reader().bytes().unwrap();
    assert!(now <= used * 2 / 3, "{now} of {used}");
    let left = ["metrics", "log_hashes", "trace_groups"]
        .map(|table| world.count(&format!("SELECT count(*) FROM {table}")));
    assert!(left.iter().all(|count| (5..28).contains(count)), "{left:?}");
    assert!(world.runs().iter().any(|run| run.run_id == run_id(30, 1)), "the newest stay");
    // All of it can be deleted by age.
    let everything = Retention { max_age: Some(Duration::ZERO), max_bytes: None };
    retain(world.store(), everything, i64::MAX / 1_000_000).unwrap();
    for table in ["metrics", "log_hashes", "trace_groups", "records", "contents", "blocks", "joins"] {
        assert_eq!(world.count(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}

#[test]
fn pruning_makes_the_file_smaller_without_a_vacuum() {
    let mut world = World::new();
    for n in 1..=100_u8 {
        world.send(vec![call(n, (1, 0), (1, 5), &[noise(u64::from(n), 300_000)], "yes")]);
    }
    world.reopen();
    let size = |world: &World| {
        std::fs::metadata(world.directory.path().join(turnscope_store_sqlite::FILE)).unwrap().len()
    };
    let before = size(&world);
    prune_before(&world, i64::MAX as u64);
    world.reopen();
    assert!(size(&world) < before - (8 << 20), "{} of {before}", size(&world));
}

#[test]
fn a_log_record_that_was_deleted_can_be_sent_again() {
    for restarts in [false, true] {
        let mut world = World::new();
        let logs = vec![loose(1), loose(2)];
        assert_eq!(world.send_logs(logs.clone()).records, 2);
        let everything = Retention { max_age: Some(Duration::ZERO), max_bytes: None };
        // What leads to the records is left behind by a process that ends before it has swept up.
        let hashes: Vec<(Vec<u8>, i64)> = world
            .sql()
            .prepare("SELECT hash, record FROM log_hashes")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(retain(world.store(), everything, i64::MAX / 1_000_000).unwrap().records, 2);
        if restarts {
            world.change_file(|db| {
                for (hash, record) in &hashes {
                    db.execute("INSERT INTO log_hashes (hash, record) VALUES (?1, ?2)", (hash, record))
                        .unwrap();
                }
            });
        }
        // Another record must not get the number that an old hash leads to.
        assert_eq!(world.send_logs(vec![loose(3)]).records, 1);
        assert_eq!(world.send_logs(logs.clone()).records, 2, "restarted: {restarts}");
        assert_eq!(world.send_logs(logs).records, 0);
        assert_eq!(world.logs().len(), 3);
    }
}

#[test]
fn an_old_run_is_not_taken_while_a_younger_one_is_projected_with_it() {
    let world = World::new();
    let answered = |trace: u8, start: u64| {
        with(
            call(trace, (1, 0), (start, start + 5), &said(0..3), "yes"),
            [text("gen_ai.response.id", "chatcmpl-1")],
        )
    };
    world.send(vec![answered(1, 1000)]);
    world.send(vec![answered(2, 3000)]);
    assert_eq!(world.count("SELECT count(*) FROM trace_groups WHERE leader IS NOT NULL"), 1);
    assert_eq!(prune_before(&world, at(2000)), Pruned::default());
    assert_eq!(world.spans().len(), 2);
    assert_eq!(prune_before(&world, at(5000)).groups, 2);
}

#[test]
fn a_response_id_that_many_traces_repeat_joins_no_more_of_them() {
    let world = World::new();
    let repeated = |trace: u8, start: u64| {
        with(
            call(trace, (1, 0), (start, start + 5), &said(0..3), "yes"),
            [text("gen_ai.response.id", "a-mock-repeats-this")],
        )
    };
    for trace in 1..=60_u8 {
        world.send(vec![repeated(trace, u64::from(trace) * 10)]);
    }
    assert!(world.count("SELECT count(*) FROM trace_groups WHERE leader IS NOT NULL") < 10);
    assert!(world.count("SELECT count(*) FROM joins_recent") < 10);
    // A day later it is another call.
    let world = World::new();
    world.send(vec![repeated(1, 0)]);
    world.send(vec![repeated(2, 86_400_000)]);
    assert_eq!(world.count("SELECT count(*) FROM trace_groups WHERE leader IS NOT NULL"), 0);
}

#[test]
fn long_work_ends_when_the_process_is_about_to() {
    let world = World::new();
    world.send(vec![agent(1, (1, 0), "a", (0, 100))]);
    world.store().end_maintenance();
    assert!(matches!(world.store().vacuum(), Err(StoreError::Interrupted)));
    assert!(matches!(world.store().prune_before(i64::MAX), Err(StoreError::Interrupted)));
    assert_eq!(world.runs().len(), 1);
    world.send(vec![agent(2, (1, 0), "b", (0, 100))]);
}

#[test]
fn a_trace_without_contents_can_go_on_and_loses_what_came_later_too() {
    let mut world = World::new();
    let turn = |n: u8| {
        let start = u64::from(n) * 10 + 1;
        vec![call(1, (10 + n, 1), (start, start + 5), &said(0..usize::from(n) * 2 + 1), "the answer")]
    };
    world.send(vec![agent(1, (1, 0), "a", (0, 100))]);
    for n in 0..3 {
        world.send(turn(n));
    }
    let other = world.runs().remove(0);
    let group = other.group;
    assert_eq!(world.store().delete_contents(vec![group], i64::MAX).unwrap().records, 4);
    let sizes_of = |world: &World| {
        ["contents", "contexts", "uses", "blocks"]
            .map(|table| world.count(&format!("SELECT count(*) FROM {table}")))
    };
    assert_eq!(sizes_of(&world), [0; 4]);
    assert!(world.search("sentence").is_empty());
    // Lists of later turns are not coded against those that are gone, also after a restart.
    world.send(turn(3));
    world.reopen();
    world.send(turn(4));
    let run = world.runs().remove(0);
    assert_eq!((run.turn_count, run.llm_call_count), (5, 5));
    assert_eq!(run.output_preview.as_deref(), Some("the answer"));
    let spans = world.spans();
    let with_messages = spans.iter().filter(|span| !span.attributes.is_empty()).count();
    assert_eq!((spans.len(), with_messages), (6, 2));
    assert!(!world.search("sentence").is_empty());
    assert!(turnscope_store_sqlite::check(world.directory.path()).unwrap().is_sound());
    assert_eq!(world.store().delete_contents(vec![group], i64::MAX).unwrap().records, 2);
    assert_eq!(sizes_of(&world), [0; 4]);
    assert_eq!(world.runs().remove(0).turn_count, 5);
    world.store().vacuum().unwrap();
    assert!(turnscope_store_sqlite::check(world.directory.path()).unwrap().is_sound());
    // A copy of what can be read has the same figures.
    let (copy, from) = (tempfile::tempdir().unwrap(), world.close());
    turnscope_store_sqlite::salvage(from.path(), copy.path(), options()).unwrap();
    let copied = turnscope_store_sqlite::SqliteStore::open(copy.path(), options()).unwrap();
    let mut reader = copied.reader(&turnscope_store::ReadLimit::none()).unwrap();
    let run = reader.run(run_id(1, 1)).unwrap().unwrap();
    assert_eq!((run.turn_count, run.llm_call_count), (5, 5));
}

#[test]
fn the_contents_of_a_long_trace_go_in_slices() {
    let world = World::new();
    let spans = (0..1300_u32).map(|n| {
        let mut span =
            tool(1, (1, 0), (1, 20), "{}", &format!("result number {n}, which is long enough for a content"));
        span.span_id = u64::from(n + 1).to_be_bytes().to_vec();
        span
    });
    world.send(spans.collect());
    let group = turnscope_model::TraceGroupId(world.count("SELECT id FROM trace_groups"));
    let deleted = world.store().delete_contents(vec![group], i64::MAX).unwrap();
    assert_eq!((deleted.contents, deleted.records), (1, 1300));
    assert_eq!(world.count("SELECT count(*) FROM contents"), 0);
    assert_eq!(world.count("SELECT count(*) FROM records WHERE block = 0"), 1300);
}
