//! Identity, previews, open steps, logs and events, odd parents, large traces.

use super::super::builder::{group, span_id};
use super::super::project;
use turnscope_model::{ErrorFact, Facts, Kind, Role, StepStatus, Usage};

#[test]
fn identity_comes_from_the_root_else_from_above_else_from_the_steps() {
    let session = |name: &str| {
        let name = name.to_owned();
        move |f: &mut Facts| f.session_id = Some(name)
    };
    let of = |made: super::super::Projection| made.runs[0].session_id.clone().unwrap();
    assert_eq!(
        of(group()
            .under(Kind::Http, "p")
            .facts(session("p"))
            .run("a")
            .facts(session("r"))
            .llm("c")
            .project()),
        "r"
    );
    assert_eq!(
        of(group()
            .under(Kind::Http, "p")
            .facts(session("p"))
            .run("a")
            .llm("c")
            .facts(session("c"))
            .project()),
        "p"
    );
    assert_eq!(of(group().run("a").llm("c").facts(session("c")).project()), "c");
}

#[test]
fn previews_are_the_last_user_message_and_the_final_answer() {
    let texts = |input: &str, output: &str| {
        let (input, output) = (input.to_owned(), output.to_owned());
        move |f: &mut Facts| {
            f.input_text = Some(input);
            f.output_text = Some(output);
        }
    };
    let made = group()
        .run("a")
        .llm("c")
        .facts(texts("hi", "thinking"))
        .asks(&["t"])
        .tool("t")
        .llm("d")
        .facts(texts("x", "done"))
        .project();
    assert_eq!(
        (made.runs[0].input_text.as_deref(), made.runs[0].output_text.as_deref()),
        (Some("hi"), Some("done"))
    );
    let open = group().run("a").llm("c").facts(texts("hi", "thinking")).asks(&["t"]).project();
    assert_eq!(open.runs[0].output_text, None);
}

#[test]
fn an_open_step_gives_way_to_the_finished_span() {
    let (unit_of, mut records) = group().run("a").still_open().llm("c").records();
    records[0].end = None;
    let open = project(&[unit_of], &records);
    assert_eq!((open.runs[0].end, open.step("a").status), (None, StepStatus::Running));
    let mut finished = records[0].clone();
    finished.role = Role::Span;
    finished.end = Some(99);
    records.push(finished);
    let done = project(&[unit_of], &records);
    assert_eq!((done.runs[0].end, done.steps.len(), done.step("a").joined.len()), (Some(99), 2, 1));
}

#[test]
fn of_two_finished_versions_the_later_end_wins() {
    let (unit_of, mut records) = group().llm("c").records();
    let mut later = records[0].clone();
    later.end = Some(500);
    records.insert(0, later);
    assert_eq!(project(&[unit_of], &records).runs[0].end, Some(500));
}

#[test]
fn events_join_the_span_with_the_same_natural_id() {
    let made = group()
        .run("a")
        .tool("Bash")
        .call_id("t1")
        .llm("c")
        .event(Kind::Tool, "tool:t1", None)
        .call_id("t1")
        .facts(|f| f.error = Some(ErrorFact::default()))
        .event(Kind::Llm, "llm:1", None)
        .tokens(10, 1)
        .facts(|f| f.reported_cost = Some(42))
        .event(Kind::Tool, "tool:t2", None)
        .call_id("t2")
        .facts(|f| f.tool_name = Some("Read".into()))
        .project();
    let run = &made.runs[0];
    assert_eq!((run.llm_call_count, run.tool_call_count, run.reported_cost), (1, 2, Some(42)));
    assert!(made.step("Bash").error.is_some());
    assert_eq!(made.run_of("tool:t2"), Some("a"), "it hangs below the span that it names");
    assert_eq!(made.steps.len(), 4);
}

#[test]
fn logs_join_the_span_that_they_name() {
    let made = group().run("a").llm("c").log(|f| f.input_text = Some("first".into())).project();
    assert_eq!(made.runs[0].input_text.as_deref(), Some("first"));
    assert_eq!(made.steps.len(), 2);
}

#[test]
fn what_a_history_repeats_is_not_asked_for_again() {
    let asked = || vec![turnscope_model::RequestedTool { id: None, name: "find".to_owned(), ran: false }];
    let made = group()
        .run("a")
        .llm("c")
        .log(|f| {
            f.requested_tools = asked();
            f.context = Some(1);
        })
        .project();
    assert_eq!(made.runs[0].tool_call_count, 0);
    let made = group().run("a").llm("c").log(|f| f.requested_tools = asked()).project();
    assert_eq!(made.runs[0].tool_call_count, 1);
}

#[test]
fn parents_that_go_round_are_cut() {
    let (unit_of, mut records) = group().llm("a").llm("b").llm("c").records();
    records[0].parent_span_id = records[2].span_id;
    records[1].parent_span_id = records[0].span_id;
    records[2].parent_span_id = records[1].span_id;
    let made = project(&[unit_of], &records);
    assert_eq!((made.names(), made.steps.len()), (vec!["a"], 3));
    records[0].parent_span_id = records[0].span_id;
    assert_eq!(project(&[unit_of], &records).steps.len(), 3);
}

#[test]
fn deep_and_wide_traces_take_no_more_than_they_should() {
    let (unit_of, mut records) = group().run("a").records();
    for i in 0..100_000_usize {
        let (_, mut one) = if i % 3 == 0 { group().tool("t").records() } else { group().llm("c").records() };
        one[0].span_id = Some(span_id(i + 1));
        one[0].parent_span_id = Some(if i < 5_000 { span_id(i) } else { span_id(i % 5_000) });
        one[0].start = i as u64 + 20;
        one[0].end = Some(i as u64 + 30);
        records.append(&mut one);
    }
    let made = project(&[unit_of], &records);
    assert_eq!(made.steps.len(), 100_001);
}

#[test]
fn one_id_for_everything_costs_no_more() {
    let (unit_of, mut records) = group().run("a").records();
    for i in 0..30_000_usize {
        let one = group().span(if i % 2 == 0 { Kind::Llm } else { Kind::Tool }, "x");
        let (_, mut one) = one.response("r").call_id("t").asks(&["x#t", "x#t"]).records();
        one[0].span_id = Some(span_id(i + 1));
        one[0].parent_span_id = Some(span_id(0));
        one[0].start = i as u64 * 20;
        one[0].end = Some(i as u64 * 20 + 5);
        records.append(&mut one);
    }
    assert_eq!(project(&[unit_of], &records).runs[0].llm_call_count, 15_000);
}

#[test]
fn one_id_in_a_long_chain_of_runs_costs_no_more() {
    const RUNS: usize = 10_000;
    let mut records = Vec::new();
    let mut key = None;
    for i in 0..RUNS {
        let agent = group().run(&format!("agent {i}"));
        let (unit_of, mut both) =
            agent.tool("t").call_id("t").facts(|f| f.arguments = Some(i as u64)).records();
        let spans = [span_id(2 * i + 1), span_id(2 * i + 2)];
        both[0].parent_span_id = i.checked_sub(1).map(|above| span_id(2 * above + 1));
        (both[0].span_id, both[1].span_id, both[1].parent_span_id) =
            (Some(spans[0]), Some(spans[1]), Some(spans[0]));
        for record in &mut both {
            (record.start, record.end) = (i as u64, Some(1_000_000));
        }
        records.append(&mut both);
        key = Some(unit_of);
    }
    let made = project(&[key.unwrap()], &records);
    assert_eq!(made.runs.iter().map(|run| run.tool_call_count).sum::<u64>(), RUNS as u64);
}

#[test]
fn usage_of_a_run_is_the_sum_over_its_counted_calls() {
    let made = group().run("a").llm("c").tokens(3, 1).llm("d").tokens(4, 2).project();
    let sum = Usage { input_tokens: Some(7), output_tokens: Some(3), ..Usage::default() };
    assert_eq!(made.runs[0].usage, sum);
    assert_eq!(made.runs[0].usage_by_model, [(None, None, 2, sum)]);
}
