//! At least once, in any order: a span is stored once, the later end wins, and what hangs on a run follows its root.

use crate::world::*;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use proptest::{collection::vec, prelude::*};
use turnscope_model::ScoreSource;
use turnscope_query::{NewScore, Run};
use turnscope_store::{Store as _, Stored};

#[test]
fn a_span_that_is_sent_twice_is_stored_once() {
    let world = World::new();
    let spans = vec![agent(1, (1, 0), "a", (0, 100)), call(1, (2, 1), (1, 50), &said(0..3), "yes")];
    assert_eq!(
        world.send(spans.clone()),
        Stored { records: 2, duplicates: 0, metrics: 0, ..Stored::default() }
    );
    assert_eq!(
        world.send(spans.clone()),
        Stored { records: 0, duplicates: 2, metrics: 0, ..Stored::default() }
    );
    let twice_in_one: Vec<_> = spans.iter().chain(&spans).cloned().collect();
    assert_eq!(
        world.send(twice_in_one),
        Stored { records: 0, duplicates: 4, metrics: 0, ..Stored::default() }
    );
    assert_eq!(world.spans().len(), 2);
    assert_eq!(world.runs()[0].llm_call_count, 1);
}

#[test]
fn of_two_versions_the_later_end_wins_whatever_comes_first() {
    let early = call(1, (2, 1), (1, 50), &said(0..3), "early");
    let late = call(1, (2, 1), (1, 60), &said(0..3), "late");
    for pair in [[&early, &late], [&late, &early]] {
        let world = World::new();
        world.send(vec![agent(1, (1, 0), "a", (0, 100))]);
        for version in pair {
            world.send(vec![version.clone()]);
        }
        let run = &world.runs()[0];
        assert_eq!((run.llm_call_count, run.output_preview.as_deref()), (1, Some("late")));
        assert_eq!(world.count("SELECT count(*) FROM records WHERE role & 15 = 0"), 2);
    }
}

#[test]
fn an_open_span_gives_way_to_the_finished_one() {
    let world = World::new();
    let mut open = agent(1, (1, 0), "a", (0, 100));
    open.end_time_unix_nano = 0;
    world.send(vec![open.clone()]);
    assert_eq!(world.runs()[0].end, None);
    world.send(vec![agent(1, (1, 0), "a", (0, 100))]);
    assert_eq!(world.runs()[0].end, Some(at(100) as i64));
    // It comes late once more: what has ended stays ended.
    world.send(vec![open]);
    assert_eq!(world.runs()[0].end, Some(at(100) as i64));
    assert_eq!(world.runs().len(), 1);
}

#[test]
fn scores_and_tags_follow_the_root_that_arrives_late() {
    let mut world = World::new();
    // The call is an orphan at first: its own run.
    world.send(vec![call(1, (2, 1), (1, 50), &said(0..3), "yes")]);
    let orphan = world.runs()[0].run_id;
    assert_eq!(orphan, run_id(1, 2));
    let score = NewScore {
        run_id: orphan,
        step_id: None,
        turn: None,
        name: "good".into(),
        value: Some(1.0),
        label: None,
        comment: None,
        source: ScoreSource::Person,
        score_id: None,
        created_at: None,
    };
    let given = world.store().add_score(score).unwrap().expect("the run is there");
    assert!(
        world.store().change_tags(orphan, vec!["kept".into(), "not".into()], vec!["not".into()]).unwrap()
    );
    world.reopen();
    world.send(vec![agent(1, (1, 0), "a", (0, 100))]);
    let run = world.runs().remove(0);
    assert_eq!(run.run_id, run_id(1, 1));
    assert_eq!(world.runs().len(), 1);
    let scores = world.reader().scores(&[run.run_id]).unwrap();
    assert_eq!(scores.len(), 1);
    assert_eq!((&scores[0].score_id, scores[0].run_id), (&given.score_id, run.run_id));
    assert_eq!(run.tags, ["kept"]);
}

/// Two traces report the same call (a proxy's spans have a trace of their own): they are seen together from then on.
#[test]
fn scores_follow_a_run_whose_trace_is_joined_to_another() {
    let world = World::new();
    let of_call = |trace: u8, ids: (u8, u8)| {
        with(call(trace, ids, (1, 50), &said(0..3), "yes"), [text("gen_ai.response.id", "resp_7")])
    };
    // The later trace's own run is scored while it stands alone.
    world.send(vec![agent(1, (1, 0), "a", (0, 100)), of_call(1, (2, 1))]);
    world.send(vec![call(2, (8, 7), (1, 50), &said(0..3), "yes")]);
    let alone = run_id(2, 8);
    let score = NewScore {
        run_id: alone,
        step_id: None,
        turn: None,
        name: "good".into(),
        value: Some(1.0),
        label: None,
        comment: None,
        source: ScoreSource::Api,
        score_id: None,
        created_at: None,
    };
    world.store().add_score(score).unwrap().expect("the run is there");
    world.store().change_tags(alone, vec!["kept".into()], Vec::new()).unwrap();
    // Now it is joined, and its root comes.
    world.send(vec![of_call(2, (9, 7))]);
    assert_eq!(
        world.count("SELECT count(*) FROM trace_groups WHERE leader IS NOT NULL"),
        1,
        "they are joined"
    );
    world.send(vec![agent(2, (7, 0), "b", (0, 100))]);
    let root = world.runs().into_iter().find(|run| run.run_id == run_id(2, 7)).expect("its root is its run");
    assert_eq!(root.tags, ["kept"]);
    assert_eq!(world.reader().scores(&[root.run_id]).unwrap().len(), 1);
}

/// A run with a child run, an open version, a replaced version and a failed tool.
fn everything() -> Vec<Span> {
    let mut open = agent(1, (1, 0), "a", (0, 100));
    open.end_time_unix_nano = 0;
    let mut failed = tool(1, (4, 1), (31, 35), r#"{"q":1}"#, "none");
    failed.status = Some(Status { code: 2, message: "no such thing".into() });
    vec![
        open,
        agent(1, (1, 0), "a", (0, 100)),
        call(1, (2, 1), (1, 20), &said(0..3), "early"),
        call(1, (2, 1), (1, 25), &said(0..3), "late"),
        failed,
        call(1, (3, 1), (40, 50), &said(0..5), "the end"),
        agent(1, (5, 4), "child", (32, 34)),
        call(1, (6, 5), (32, 33), &said(7..9), "from below"),
        call(1, (7, 1), (60, 70), &said(2..7), "the very end"),
    ]
}

/// What is known of the runs, without the store's own numbers.
fn seen(world: &World) -> Vec<String> {
    let without_numbers = |mut run: Run| {
        run.received_at = 0;
        let text = format!("{run:?}");
        text.split_once("run_id").expect("its numbers stand first").1.to_owned()
    };
    world.runs().into_iter().map(without_numbers).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_in_any_requests_gives_the_same_runs(
        order in Just(everything()).prop_shuffle(),
        cuts in vec(0_usize..9, 0..4),
        reopened in any::<bool>(),
    ) {
        let in_order = World::new();
        in_order.send(everything());
        let mut world = World::new();
        let mut cuts = cuts;
        cuts.extend([0, order.len()]);
        cuts.sort_unstable();
        for pair in cuts.windows(2) {
            world.send(order[pair[0]..pair[1]].to_vec());
            if reopened {
                world.reopen();
            }
        }
        prop_assert_eq!(seen(&world), seen(&in_order));
    }
}

/// A run that takes a while to derive is not derived again at once; who asks waits for that moment.
#[test]
fn a_reader_sees_its_own_writes_while_a_larger_run_rests() {
    let world = World::new();
    let one = |n: u16| {
        let mut call = call(1, (2, 1), (u64::from(n), u64::from(n) + 1), &said(0..2), "yes");
        call.span_id = [[9; 6].as_slice(), &n.to_be_bytes()].concat();
        call
    };
    world.send(std::iter::once(agent(1, (1, 0), "a", (0, 9000))).chain((0..400).map(one)).collect());
    for n in 400..406 {
        world.send(vec![one(n)]);
        assert_eq!(world.runs()[0].llm_call_count, u64::from(n) + 1);
    }
}
