//! Deleting, pruning and rewriting: what should go is gone with all its content, and nothing else is harmed.

use crate::world::*;
use std::time::Duration;
use turnscope_query::{NewScore, Pruned, Retention};
use turnscope_store::{Maintenance as _, Store as _, retain};

fn sizes(world: &World) -> [i64; 5] {
    ["records", "contents", "contexts", "uses", "blocks"]
        .map(|table| world.count(&format!("SELECT count(*) FROM {table}")))
}

/// Deletes what ended before this time in nanoseconds since the epoch.
fn prune_before(world: &World, before: u64) -> Pruned {
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
    // Text that does not compress, so that size means something.
    let noise = |seed: u64| -> String {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + (state >> 33) as u8 % 90)
        };
        (0..60_000).map(|_| next()).collect()
    };
    for trace in 1..=60_u8 {
        let start = u64::from(trace) * 1000;
        world.send(vec![call(trace, (1, 0), (start, start + 5), &[noise(u64::from(trace))], "yes")]);
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
