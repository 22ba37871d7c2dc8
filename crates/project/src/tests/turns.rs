//! Which calls make a turn.

use super::super::builder::group;
use turnscope_model::{Facts, Kind};

#[test]
fn each_call_opens_a_turn_and_the_tools_after_it_belong_to_it() {
    let made = group().run("a").llm("c1").tool("t1").tool("t2").llm("c2").project();
    assert_eq!(made.runs[0].turns.iter().map(|t| t.n).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(["c1", "t1", "t2", "c2"].map(|name| made.turn_of(name).unwrap()), [1, 1, 1, 2]);
    assert_eq!(made.runs[0].turns[0].tool_steps.len(), 2);
    assert_eq!(made.turn_of("a"), None);
}

#[test]
fn a_sent_number_is_kept() {
    let sent = |n| move |f: &mut Facts| f.turn_index = Some(n);
    let made =
        group().run("a").turn("x").facts(sent(4)).llm("c1").up().turn("y").facts(sent(5)).llm("c2").project();
    assert_eq!(made.runs[0].turns.iter().map(|t| t.n).collect::<Vec<_>>(), [4, 5]);
    let made =
        group().run("a").llm("c1").facts(sent(0)).llm("c2").facts(sent(1)).llm("c3").facts(sent(1)).project();
    assert_eq!(["c1", "c2", "c3"].map(|name| made.turn_of(name).unwrap()), [0, 1, 1]);
}

#[test]
fn an_explicit_turn_is_one_turn_however_many_calls_it_holds() {
    let made = group().run("a").turn("s1").llm("c1").llm("c2").tool("t").up().llm("loose").project();
    assert_eq!(["s1", "c1", "c2", "t", "loose"].map(|name| made.turn_of(name).unwrap()), [1, 1, 1, 1, 2]);
}

#[test]
fn steps_before_the_first_call_belong_to_turn_one() {
    let made = group().run("a").span(Kind::Retrieval, "search").llm("c1").llm("c2").project();
    assert_eq!(made.turn_of("search"), Some(1));
}

#[test]
fn a_node_around_a_call_belongs_to_its_turn_and_one_around_several_to_none() {
    let made = group()
        .run("a")
        .llm("c1")
        .workflow("model")
        .llm("c2")
        .up()
        .workflow("loop")
        .llm("c3")
        .llm("c4")
        .project();
    assert_eq!(made.turn_of("model"), Some(2));
    assert_eq!(made.turn_of("loop"), None);
}

#[test]
fn calls_that_overlap_with_different_contexts_open_turns_of_their_own() {
    let long = |n: &mut super::super::RecordFacts| n.end = Some(1000);
    let made = group().run("a").llm("c1").context(1).record(long).llm("c2").context(2).project();
    assert_eq!(made.runs[0].turns.len(), 2);
    let made = group().run("a").llm("c1").context(1).record(long).llm("c2").context(1).project();
    assert_eq!(made.runs[0].turns.len(), 1, "samples of one context are one decision");
}

#[test]
fn a_call_inside_a_tool_without_an_agent_belongs_to_the_tools_turn() {
    let made = group().run("a").llm("c1").under(Kind::Tool, "t").llm("inner").up().llm("c2").project();
    assert_eq!(["t", "inner", "c2"].map(|name| made.turn_of(name).unwrap()), [1, 1, 2]);
    assert_eq!(made.runs[0].llm_call_count, 3);
}

#[test]
fn a_retry_stays_in_its_turn() {
    let made = group().run("a").llm("c1").context(7).fails("429").llm("c2").context(7).tool("t").project();
    assert_eq!(made.runs[0].turns.len(), 1);
    assert_eq!(made.runs[0].llm_call_count, 2);
    let without_content = group().run("a").llm("c1").fails("429").llm("c2").project();
    assert_eq!(without_content.runs[0].turns.len(), 1);
    let decided_anew = group().run("a").llm("c1").context(7).llm("c2").context(7).project();
    assert_eq!(decided_anew.runs[0].turns.len(), 2);
}

#[test]
fn an_embedding_opens_no_turn() {
    let made = group().run("a").llm("c1").span(Kind::Embedding, "e").llm("c2").project();
    assert_eq!(made.runs[0].turns.len(), 2);
    assert_eq!(made.turn_of("e"), Some(1));
    assert_eq!(made.runs[0].llm_call_count, 3);
}

#[test]
fn the_clock_of_another_service_does_not_stretch_a_turn() {
    let elsewhere = |start, end| {
        move |n: &mut super::super::RecordFacts| {
            n.service_name = "shop".into();
            (n.start, n.end) = (start, Some(end));
        }
    };
    let made = group()
        .run("a")
        .record(|n| (n.start, n.service_name) = (1_000, "app".into()))
        .llm("c1")
        .record(|n| (n.start, n.end) = (1_010, Some(1_020)))
        .under(Kind::Tool, "t")
        .record(|n| n.start = 1_030)
        .span(Kind::Mcp, "behind")
        .record(elsewhere(5, 9))
        .under(Kind::Http, "ahead")
        .record(elsewhere(900_000, 0))
        .span(Kind::Other, "deeper")
        .record(elsewhere(900_001, 900_002))
        .up()
        .record(|_| {})
        .up()
        .up();
    let (group, mut records) = made.records();
    records[0].end = Some(2_000);
    records[2].end = Some(1_050);
    records[4].end = Some(900_010);
    let made = super::super::project(&[group], &records);
    let turn = &made.runs[0].turns[0];
    assert_eq!((turn.start, turn.end), (1_010, 1_050));
    assert_eq!(made.step("behind").start, 5, "the step keeps what was sent");
}

#[test]
fn a_turn_of_another_service_alone_lies_within_its_run() {
    let made = group().run("a").llm("c1").record(|n| {
        n.service_name = "gateway".into();
        (n.start, n.end) = (500, Some(600));
    });
    let made = made.project();
    let (run, turn) = (&made.runs[0], &made.runs[0].turns[0]);
    assert_eq!((turn.start, turn.end), (run.end.unwrap(), run.end.unwrap()));
}
