//! The tests, one function each; `conformance_tests!` names them.

use super::{
    PATIENCE, Subject, moment, page,
    records::{agent, batch, call, loose_log, metric, ms, run_id, said, span, tool, trace},
    run_ids, runs, search, search_query, view,
};
use crate::{
    Batch, Change, Pricing, ReadLimit, StoreError, Stored, Unreadable, apply_rules, catch_up,
    commit_and_wait, retain,
};
use std::{
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use turnscope_model::{
    Approval, Body, LinkFact, MetricId, NanoUsd, Purpose, Record, RecordId, RunId, RunStatus, ScoreSource,
    TraceGroupId,
};
use turnscope_query::{
    Clock, Condition, FigureKey, FiguresQuery, Found, GroupBy, Moment, NewScore, NumberField, Order, PIN,
    Pruned, Retention, RetentionRule, RetentionRules, RuleOutcome, Run, RunCursor, RunFilter, RunLink,
    RunPageQuery, ScoreChange, SearchCursor, SearchQuery, TextField, TraceCursor,
};

fn commit(subject: &impl Subject, records: impl IntoIterator<Item = Record>) -> Stored {
    commit_and_wait(subject.store(), batch(records)).unwrap()
}

fn only(field: TextField, value: &str) -> RunFilter {
    RunFilter::text(field, value)
}

/// An agent with two calls and a tool.
fn one_run(trace: u8) -> Vec<Record> {
    let start = u64::from(trace) * 1000;
    vec![
        agent("a", trace, (1, 0), (start, start + 500)),
        call(trace, (2, 1), (start + 10, start + 20), &said(1), "I will look"),
        tool(trace, (3, 1), (start + 30, start + 40), "a herd of quaggas"),
        call(trace, (4, 1), (start + 50, start + 60), &said(3), "there are quaggas"),
    ]
}

/// The bodies of these spans of a trace.
fn bodies(subject: &impl Subject, trace_number: u8, spans: &[u8]) -> Vec<Body> {
    let mut reader = view(subject);
    let wanted: Vec<_> = spans.iter().map(|n| (trace(trace_number), span(*n))).collect();
    let ids: Vec<RecordId> = reader.spans(&wanted).unwrap().into_iter().map(Option::unwrap).collect();
    let read = reader.bodies(&ids).unwrap();
    read.into_iter().map(|body| body.unwrap().body).collect()
}

/// What was committed is read back.
pub fn what_was_committed_is_read_back(subject: &mut impl Subject) {
    let stored = commit(subject, one_run(1));
    assert_eq!(stored, Stored { records: 4, ..Stored::default() });
    let run = runs(subject, &RunFilter::default()).remove(0);
    assert_eq!(run.run_id, run_id(1, 1));
    assert_eq!((run.turn_count, run.llm_call_count, run.tool_call_count), (2, 2, 1));
    assert_eq!((run.usage.input_tokens, run.usage.output_tokens), (Some(20), Some(2)));
    assert_eq!((run.name.as_str(), run.service_name.as_str()), ("a", "shop"));
    let sent: Vec<Body> = one_run(1).into_iter().map(|record| record.body).collect();
    assert_eq!(bodies(subject, 1, &[1, 2, 3, 4]), sent);
    let group = view(subject).group(run.group).unwrap();
    assert_eq!((group.records.len(), group.projection.runs.len()), (4, 1));
    assert_eq!(view(subject).group_of_trace(trace(1)).unwrap(), Some(run.group));
    assert_eq!(view(subject).group_of_trace(trace(9)).unwrap(), None);
}

/// What is sent again is counted, and kept once.
pub fn what_is_sent_again_is_counted_and_kept_once(subject: &mut impl Subject) {
    commit(subject, one_run(1));
    assert_eq!(commit(subject, one_run(1)), Stored { duplicates: 4, ..Stored::default() });
    let twice = one_run(2).into_iter().chain(one_run(2));
    assert_eq!(commit(subject, twice), Stored { records: 4, duplicates: 4, ..Stored::default() });
    let llm_calls: Vec<u64> =
        runs(subject, &RunFilter::default()).iter().map(|run| run.llm_call_count).collect();
    assert_eq!(llm_calls, [2, 2]);
    let counters = subject.store().counters();
    assert_eq!((counters.records, counters.duplicates), (8, 8));
}

/// Each commit has a name of its own, which says when its runs can be read; also after the store was opened again.
pub fn a_commit_is_named_and_can_be_read_in_the_end(subject: &mut impl Subject) {
    let mut tokens = Vec::new();
    for trace in 1..=2 {
        let (done, outcome) = mpsc::sync_channel(1);
        let reply = Box::new(move |committed| done.send(committed).unwrap());
        subject.store().commit(batch(one_run(trace)), reply);
        tokens.push(outcome.recv().unwrap().unwrap().token);
    }
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(subject.store().newest_commit(), tokens[1]);
    for reopened in [false, true] {
        if reopened {
            subject.reopen();
        }
        let began = Instant::now();
        while !tokens.iter().all(|token| subject.store().can_read(*token)) {
            assert!(began.elapsed() < PATIENCE, "the commits could never be read");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(run_ids(subject, &RunFilter::default()), [run_id(1, 1), run_id(2, 1)]);
        assert_eq!(subject.store().lag(), Duration::ZERO);
    }
}

/// Of two versions of a span the one with the later end is shown, whatever came first.
pub fn of_two_versions_the_later_end_wins(subject: &mut impl Subject) {
    for (trace, order) in [(1, [20, 30]), (2, [30, 20])] {
        commit(subject, [agent("a", trace, (1, 0), (0, 100))]);
        for end in order {
            commit(subject, [call(trace, (2, 1), (1, end), &said(1), &format!("ended at {end}"))]);
        }
    }
    for run in runs(subject, &RunFilter::default()) {
        assert_eq!((run.llm_call_count, run.output_preview.as_deref()), (1, Some("ended at 30")));
    }
}

/// Everything is as it was when the store is opened again, and more can be added.
pub fn everything_survives_reopening(subject: &mut impl Subject) {
    commit(subject, one_run(1));
    let before = runs(subject, &RunFilter::default());
    subject.reopen();
    assert_eq!(format!("{:?}", runs(subject, &RunFilter::default())), format!("{before:?}"));
    let sent: Vec<Body> = one_run(1).into_iter().map(|record| record.body).collect();
    assert_eq!(bodies(subject, 1, &[1, 2, 3, 4]), sent);
    assert_eq!(commit(subject, one_run(1)).duplicates, 4);
    commit(subject, [call(1, (5, 1), (1070, 1080), &said(5), "and a gnu")]);
    assert_eq!(runs(subject, &RunFilter::default())[0].turn_count, 3);
}

/// A message is kept once, however often it is sent again.
pub fn a_message_is_kept_once_however_often_it_is_sent(subject: &mut impl Subject) {
    for turn in 0..20_u8 {
        let time = u64::from(turn) * 10;
        commit(
            subject,
            [call(
                1,
                (turn + 2, 1),
                (time, time + 5),
                &said(usize::from(turn) + 1),
                "always the same answer",
            )],
        );
    }
    // Twenty messages and one answer; a store may keep short texts elsewhere, but none of them twice.
    assert!(view(subject).size().unwrap().contents <= 21);
    assert_eq!(bodies(subject, 1, &[21])[0].values[0].items.len(), 20);
}

/// Contexts come in the order of the records that were asked for, with every message of each.
pub fn contexts_are_given_in_the_order_of_the_records(subject: &mut impl Subject) {
    for turn in 0..6_u8 {
        let time = u64::from(turn) * 10;
        commit(subject, [call(1, (turn + 2, 1), (time, time + 5), &said(usize::from(turn) + 1), "yes")]);
    }
    let mut reader = view(subject);
    let wanted = [7, 2, 4].map(|n| (trace(1), span(n)));
    let ids: Vec<RecordId> = reader.spans(&wanted).unwrap().into_iter().map(Option::unwrap).collect();
    let lists = reader.contexts(&ids).unwrap();
    let inputs: Vec<_> = lists.iter().filter(|list| list.purpose == Purpose::Input).collect();
    assert_eq!(inputs.iter().map(|list| list.record).collect::<Vec<_>>(), ids);
    assert_eq!(inputs.iter().map(|list| list.contents.len()).collect::<Vec<_>>(), [6, 1, 3]);
    let contents = reader.contents(&inputs[0].contents).unwrap();
    let texts: Vec<String> =
        contents.into_iter().map(|content| String::from_utf8(content.unwrap().bytes).unwrap()).collect();
    assert_eq!(texts, said(6));
}

/// One missing item of a batched read is named, and the others are given.
pub fn a_batched_read_says_which_item_is_missing_and_gives_the_rest(subject: &mut impl Subject) {
    commit(subject, one_run(1));
    let mut reader = view(subject);
    let wanted = [(trace(1), span(2)), (trace(9), span(9)), (trace(1), span(3))];
    let found = reader.spans(&wanted).unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    let ids = [found[0].unwrap(), RecordId(i64::MAX), found[2].unwrap()];
    let read = reader.bodies(&ids).unwrap();
    assert!(matches!(read[..], [Ok(_), Err(Unreadable::Gone), Ok(_)]), "{read:?}");
    assert!(reader.bodies(&[]).unwrap().is_empty());
    assert!(reader.contents(&[]).unwrap().is_empty());
    assert!(reader.runs_by_id(&[]).unwrap().is_empty());
    assert!(reader.scores(&[]).unwrap().is_empty());
    let some = reader.runs_by_id(&[run_id(9, 9), run_id(1, 1)]).unwrap();
    assert_eq!(some.len(), 1);
}

/// Pages of any size and direction lead through every run once.
pub fn pages_lead_through_every_run_once(subject: &mut impl Subject) {
    // Two and two begin at the same moment.
    for trace in 1..=9 {
        let start = u64::from(trace / 2) * 100;
        commit(subject, [agent("a", trace, (1, 0), (start, start + 50))]);
    }
    for descending in [false, true] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let asked = RunPageQuery { limit: 2, after, descending, ..RunPageQuery::default() };
            let found = page(subject, &asked);
            assert!(found.runs.len() <= 2);
            seen.extend(found.runs.iter().map(|listed| listed.run.run_id));
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        let all = page(subject, &RunPageQuery { limit: 100, descending, ..RunPageQuery::default() });
        assert_eq!(seen, all.runs.iter().map(|listed| listed.run.run_id).collect::<Vec<_>>());
        assert_eq!(seen.len(), 9);
        // Every row says where to go on after it.
        let third = all.runs[2].cursor.clone();
        let rest = page(
            subject,
            &RunPageQuery { limit: 100, descending, after: Some(third), ..RunPageQuery::default() },
        );
        assert_eq!(rest.runs.iter().map(|listed| listed.run.run_id).collect::<Vec<_>>(), seen[3..]);
    }
}

/// A cursor that the list did not give, or gave in another order, is refused; it is no reason for an empty page.
pub fn a_cursor_of_another_list_is_refused(subject: &mut impl Subject) {
    commit(subject, one_run(1));
    for text in ["", "nonsense", "1", "-", "9999999999999999999999"] {
        let asked = RunPageQuery { after: Some(RunCursor::new(text)), ..RunPageQuery::default() };
        let asked = view(subject).runs(&RunFilter::default(), &asked, super::moment());
        assert!(matches!(asked, Err(StoreError::BadCursor)), "{text:?}: {asked:?}");
    }
    commit(subject, one_run(2));
    let by_start = RunPageQuery { limit: 1, ..RunPageQuery::default() };
    let of_runs = page(subject, &by_start).next.unwrap();
    let of_traces = view(subject).traces(None, 1).unwrap().next.unwrap();
    // The same list goes on; another order, another direction and another list do not.
    let after = |cursor: &RunCursor| RunPageQuery { after: Some(cursor.clone()), ..by_start.clone() };
    assert_eq!(page(subject, &after(&of_runs)).runs.len(), 1);
    for other in [
        RunPageQuery { order: Order::Cost, ..after(&of_runs) },
        RunPageQuery { descending: !by_start.descending, ..after(&of_runs) },
        after(&RunCursor::new(of_traces.as_str())),
    ] {
        let asked = view(subject).runs(&RunFilter::default(), &other, super::moment());
        assert!(matches!(asked, Err(StoreError::BadCursor)), "{other:?}: {asked:?}");
    }
    let asked = view(subject).traces(Some(&TraceCursor::new(of_runs.as_str())), 1);
    assert!(matches!(asked, Err(StoreError::BadCursor)), "{asked:?}");
    let query =
        SearchQuery { after: Some(SearchCursor::new(of_runs.as_str())), ..search_query("quaggas", 1) };
    let asked = view(subject).search(&query, moment());
    assert!(matches!(asked, Err(StoreError::BadCursor)), "{asked:?}");
}

/// Filters choose runs: by equality, by comparison, by several values and by words.
pub fn filters_choose_runs(subject: &mut impl Subject) {
    commit(subject, one_run(1));
    let mut other = agent("b", 2, (1, 0), (5000, 5100));
    other.facts.user_id = Some("ann".into());
    other.facts.tags = vec!["red".into(), "blue".into()];
    commit(subject, [other]);
    assert_eq!(run_ids(subject, &only(TextField::Agent, "b")), [run_id(2, 1)]);
    assert_eq!(run_ids(subject, &only(TextField::Tool, "look")), [run_id(1, 1)]);
    assert_eq!(run_ids(subject, &only(TextField::Model, "m-1")), [run_id(1, 1)]);
    assert_eq!(run_ids(subject, &only(TextField::User, "ann")), [run_id(2, 1)]);
    assert_eq!(run_ids(subject, &only(TextField::Tag, "blue")), [run_id(2, 1)]);
    assert_eq!(run_ids(subject, &only(TextField::Agent, "nobody")), []);
    let either = RunFilter::Any(vec![only(TextField::Agent, "a"), only(TextField::Agent, "b")]);
    assert_eq!(run_ids(subject, &either).len(), 2);
    let many_turns = RunFilter::at_least(NumberField::Turns, 2);
    assert_eq!(run_ids(subject, &many_turns), [run_id(1, 1)]);
    search(subject, "quaggas");
    let words = RunFilter::word("quaggas");
    assert_eq!(run_ids(subject, &words), [run_id(1, 1)]);
}

/// A run is found by its id, by any of its spans, by the application's own id and by a clear beginning.
pub fn runs_are_found_by_their_ids_and_beginnings(subject: &mut impl Subject) {
    let mut records = one_run(1);
    records[0].facts.native_run_id = Some("order-7".into());
    commit(subject, records);
    commit(subject, one_run(2));
    commit(subject, [agent("beside", 2, (9, 0), (2100, 2200))]);
    let mut reader = view(subject);
    assert_eq!(reader.run(run_id(1, 3)).unwrap().map(|run| run.run_id), Some(run_id(1, 1)));
    assert!(reader.run(run_id(7, 7)).unwrap().is_none());
    let full = run_id(1, 1).to_string();
    for text in [full.as_str(), &"01".repeat(16), "order-7", "0101"] {
        let found = reader.find_run(text, true).unwrap();
        assert!(matches!(&found, Found::One(run) if run.run_id == run_id(1, 1)), "{text}: {found:?}");
    }
    assert!(
        matches!(reader.find_run(&"02".repeat(16), true).unwrap(), Found::Several(runs) if runs.len() == 2)
    );
    for text in ["0101", "nothing", ""] {
        assert!(matches!(reader.find_run(text, false).unwrap(), Found::None), "{text}");
    }
}

/// A run's totals include the runs below it, which `descendants` gives.
pub fn child_runs_are_totalled_and_listed(subject: &mut impl Subject) {
    let mut records = one_run(1);
    records.push(agent("below", 1, (5, 3), (1031, 1039)));
    records.push(call(1, (6, 5), (1032, 1035), &said(1), "from below"));
    commit(subject, records);
    let roots = RunFilter::roots();
    let found = view(subject).runs(&roots, &RunPageQuery::default(), super::moment()).unwrap();
    assert_eq!(found.runs.len(), 1);
    let listed = &found.runs[0];
    assert_eq!((listed.run.llm_call_count, listed.total.llm_call_count), (2, 3));
    assert_eq!(listed.total.run_count, 2);
    let below = view(subject).descendants(&listed.run).unwrap();
    assert_eq!(below.iter().map(|run| run.run_id).collect::<Vec<_>>(), [run_id(1, 5)]);
    assert_eq!(below[0].parent_run_id, Some(run_id(1, 1)));
}

/// Span links lead from run to run in both directions.
pub fn links_lead_both_ways(subject: &mut impl Subject) {
    commit(subject, one_run(1));
    let mut again = agent("a", 2, (1, 0), (5000, 5100));
    again.facts.links =
        vec![LinkFact { trace_id: trace(1), span_id: span(4), why: Some("regenerated".into()) }];
    commit(subject, [again]);
    let found = runs(subject, &RunFilter::default());
    let why = Some("regenerated".to_owned());
    let mut reader = view(subject);
    let before = RunLink { run_id: run_id(1, 1), why: why.clone(), is_before: true };
    assert_eq!(reader.links(&found[1]).unwrap(), [before]);
    let after = RunLink { run_id: run_id(2, 1), why, is_before: false };
    assert_eq!(reader.links(&found[0]).unwrap(), [after]);
}

/// A run that stopped for a person waits until its session goes on, in whatever order its traces come.
pub fn a_run_waits_for_a_person_until_its_session_goes_on(subject: &mut impl Subject) {
    let in_session = |mut record: Record, session: &str| {
        record.facts.session_id = Some(session.to_owned());
        record
    };
    let asking = |trace: u8, session: &str| {
        let mut asks = call(trace, (2, 1), (1001, 1002), &said(1), "let me see");
        asks.facts.asks = vec![Approval { text: Some("May I?".into()), ..Approval::default() }];
        [in_session(agent("a", trace, (1, 0), (1000, 1100)), session), asks]
    };
    let resumed = |trace: u8, session: &str| in_session(agent("a", trace, (1, 0), (9000, 9100)), session);
    let waiting = RunFilter::Is(Condition::Status(RunStatus::Waiting));
    commit(subject, asking(1, "s"));
    let found = runs(subject, &waiting);
    let since = found[0].waits_for().map(|waiting| (waiting.since, waiting.question.as_deref()));
    assert_eq!(since, Some((ms(1002) * 1_000_000, Some("May I?"))));
    let figures = view(subject).figures(&FiguresQuery::default(), super::moment()).unwrap();
    let all = &figures[&FigureKey::default()];
    assert_eq!((all.waiting_runs, all.open_runs, all.failed_runs), (1, 0, 0));

    commit(subject, [resumed(2, "s")]);
    commit(subject, [resumed(3, "later")]);
    commit(subject, asking(4, "later"));
    commit(subject, [resumed(5, "another")]);
    assert_eq!(run_ids(subject, &waiting), []);
    let why = Some("continues".to_owned());
    for (first, second) in [(run_id(1, 1), run_id(2, 1)), (run_id(4, 1), run_id(3, 1))] {
        let mut reader = view(subject);
        let (before, after) = (reader.run(first).unwrap().unwrap(), reader.run(second).unwrap().unwrap());
        let link = |run_id, is_before| RunLink { run_id, why: why.clone(), is_before };
        assert_eq!(reader.links(&before).unwrap(), [link(second, false)]);
        assert_eq!(reader.links(&after).unwrap(), [link(first, true)]);
    }
}

/// Figures are sums over the matching runs, by group and by bucket of time.
pub fn figures_are_sums_over_the_matching_runs(subject: &mut impl Subject) {
    for trace in 1..=3 {
        commit(subject, one_run(trace));
    }
    commit(subject, [agent("b", 4, (1, 0), (9000, 9100))]);
    let asked = FiguresQuery { group_by: vec![GroupBy::Agent], ..FiguresQuery::default() };
    let figures = view(subject).figures(&asked, super::moment()).unwrap();
    let of = |name: &str| &figures[&FigureKey { bucket: None, values: vec![Some(name.to_owned())] }];
    assert_eq!((of("a").runs, of("a").llm_calls, of("a").tool_calls, of("a").turns), (3, 6, 3, 6));
    assert_eq!((of("a").usage.input_tokens, of("b").runs), (Some(60), 1));
    assert_eq!(of("a").durations, [(500_000_000, 1); 3]);
    let second = 1_000_000_000;
    let asked =
        FiguresQuery { filter: only(TextField::Agent, "a"), bucket: Some(second), ..FiguresQuery::default() };
    let by_time = view(subject).figures(&asked, super::moment()).unwrap();
    let starts: Vec<Option<i64>> = by_time.keys().map(|key| key.bucket).collect();
    assert_eq!(starts, [1, 2, 3].map(|n| Some(ms(n * 1000) * 1_000_000)));
    let range = view(subject).time_range(&RunFilter::default(), super::moment()).unwrap();
    assert_eq!(range, Some((ms(1000) * 1_000_000, ms(9000) * 1_000_000)));
}

/// The values of a grouping are listed, most frequent first.
pub fn values_are_listed_most_frequent_first(subject: &mut impl Subject) {
    for (trace, name) in [(1, "aa"), (2, "ab"), (3, "ab"), (4, "c")] {
        commit(subject, [agent(name, trace, (1, 0), (0, 10))]);
    }
    let page = view(subject).values(GroupBy::Agent, "a", None, 10).unwrap();
    assert_eq!(page.values, [("ab".to_owned(), 2), ("aa".to_owned(), 1)]);
}

/// Sessions gather runs, the one with the latest run first.
pub fn sessions_gather_runs(subject: &mut impl Subject) {
    for (trace, session) in [(1, "s"), (2, "t"), (3, "s")] {
        let mut records = one_run(trace);
        records[0].facts.session_id = Some(session.into());
        records[0].facts.user_id = Some("ann".into());
        commit(subject, records);
    }
    let page = view(subject).sessions(None, None, 10, 0).unwrap();
    let seen: Vec<_> =
        page.sessions.iter().map(|s| (s.session_id.as_str(), s.run_count, s.turn_count)).collect();
    assert_eq!(seen, [("s", 2, 4), ("t", 1, 2)]);
    assert_eq!(view(subject).sessions(Some("bob"), None, 10, 0).unwrap().total, 0);
    // One session is the same as in the list, and no other is made up.
    for session in &page.sessions {
        assert_eq!(view(subject).session(&session.session_id).unwrap().as_ref(), Some(session));
    }
    assert_eq!(view(subject).session("u").unwrap(), None);
    for session in &page.sessions {
        let filter = RunFilter::text(TextField::Session, &session.session_id);
        let runs = view(subject).runs(&filter, &RunPageQuery::default(), moment()).unwrap().runs;
        assert!(session.duration > 0);
        assert_eq!(session.duration, runs.iter().map(|listed| listed.run.duration).sum::<i64>());
        let calls: u64 = runs.iter().map(|listed| listed.run.tool_call_count).sum();
        assert_eq!(session.tool_call_count, calls);
    }
}

/// Traces of any kind are listed, newest first, in pages.
pub fn traces_are_listed_newest_first(subject: &mut impl Subject) {
    for trace in 1..=5 {
        commit(subject, one_run(trace));
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = view(subject).traces(after.as_ref(), 2).unwrap();
        seen.extend(page.traces.iter().map(|trace| (trace.trace_id, trace.span_count)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, [5, 4, 3, 2, 1].map(|n| (trace(n), 4)));
}

/// Trace groups, records that belong to none, and metrics are walked through in the order of receipt, each once.
pub fn what_belongs_to_no_run_can_be_walked_through(subject: &mut impl Subject) {
    let logs = (1..=3).map(|n| loose_log(&format!("log {n}")));
    let records = one_run(1).into_iter().chain(logs).chain(one_run(2));
    let metrics = (1..=3).map(|n| metric(&format!("metric {n}"))).collect();
    commit_and_wait(subject.store(), Batch { metrics, ..batch(records) }).unwrap();

    let mut groups = view(subject).groups(TraceGroupId(0), 1).unwrap();
    groups.extend(view(subject).groups(groups[0], 9).unwrap());
    let of = |n| view(subject).group_of_trace(trace(n)).unwrap().unwrap();
    assert_eq!(groups, [of(1), of(2)]);

    let (mut names, mut above) = (Vec::new(), RecordId(0));
    loop {
        let found = view(subject).loose_records(above).unwrap();
        names.extend(found.records.into_iter().map(|record| record.unwrap().facts.name.clone()));
        let Some(looked_to) = found.looked_to else { break };
        assert!(looked_to > above);
        above = looked_to;
    }
    assert_eq!(names, ["log 1", "log 2", "log 3"]);

    let mut found = view(subject).metrics(MetricId(0), 2).unwrap();
    found.extend(view(subject).metrics(found[1].id, 9).unwrap());
    let found: Vec<_> = found.into_iter().map(|metric| metric.bytes.unwrap()).collect();
    assert_eq!(found, [1, 2, 3].map(|n| metric(&format!("metric {n}")).bytes));
}

/// What was said is found, with the run, the turn and the step that met it first.
pub fn what_was_said_is_found_with_its_run_and_step(subject: &mut impl Subject) {
    commit(subject, one_run(1));
    for reopened in [false, true] {
        if reopened {
            subject.reopen();
        }
        let found = search(subject, "herd");
        assert_eq!(found.hits.len(), 1);
        assert_eq!(found.hits[0].bytes, b"a herd of quaggas");
        let met = &found.hits[0].occurrences[0];
        assert_eq!((met.run_id, met.turn, met.step_name.as_str()), (run_id(1, 1), Some(1), "look"));
        assert!(search(subject, "unsaid").hits.is_empty());
    }
}

/// A search can be for texts that were first met as something: then others are neither given nor counted.
pub fn a_search_can_be_for_texts_of_some_purposes(subject: &mut impl Subject) {
    let asked = ["where are the quaggas?".to_owned()];
    commit(
        subject,
        [
            call(1, (2, 0), (1, 20), &asked, "I look for quaggas"),
            tool(1, (3, 0), (21, 30), "no quaggas anywhere"),
        ],
    );
    assert_eq!(search(subject, "quaggas").hits.len(), 3);
    for (purposes, texts) in [
        (vec![Purpose::Result], vec!["no quaggas anywhere"]),
        (vec![Purpose::Output, Purpose::Input], vec!["I look for quaggas", "where are the quaggas?"]),
        (vec![Purpose::Error], vec![]),
    ] {
        let query = SearchQuery { purposes, ..search_query("quaggas", 10) };
        let page = view(subject).search(&query, moment()).unwrap();
        let mut found: Vec<_> =
            page.hits.iter().map(|hit| String::from_utf8_lossy(&hit.bytes).into_owned()).collect();
        found.sort();
        assert_eq!(found, texts);
        let matches = page.matches.unwrap();
        assert_eq!((matches.count, matches.is_exact), (texts.len() as u64, true));
    }
}

/// Pages of a search lead through every hit once.
pub fn pages_of_a_search_lead_through_every_hit_once(subject: &mut impl Subject) {
    commit(subject, [call(1, (2, 0), (1, 20), &said(9), "yes")]);
    search(subject, "sentence");
    let mut seen = Vec::new();
    let mut after = None;
    for _ in 0..20 {
        let query = SearchQuery { after: after.take(), ..search_query("sentence", 2) };
        let page = view(subject).search(&query, moment()).unwrap();
        seen.extend(page.hits.into_iter().map(|hit| String::from_utf8(hit.bytes).unwrap()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, said(9));
}

fn score(run_id: RunId) -> NewScore {
    NewScore {
        run_id,
        step_id: None,
        turn: None,
        name: "good".into(),
        value: Some(1.0),
        label: None,
        comment: None,
        source: ScoreSource::Person,
        score_id: None,
        created_at: None,
    }
}

/// Scores and tags are given, changed and deleted; what does not exist is said to be missing.
pub fn scores_and_tags_are_given_changed_and_deleted(subject: &mut impl Subject) {
    commit(subject, one_run(1));
    assert!(catch_up(subject.store(), PATIENCE));
    let store = subject.store();
    let given = store.add_score(score(run_id(1, 1))).unwrap().unwrap();
    assert!(store.add_score(score(run_id(9, 9))).unwrap().is_none());
    let change =
        ScoreChange { value: Some(0.5), comment: Some("on reflection".into()), ..ScoreChange::default() };
    let changed = store.change_score(&given.score_id, change).unwrap().unwrap();
    assert_eq!((changed.value, changed.comment.as_deref()), (Some(0.5), Some("on reflection")));
    let all = view(subject).scores(&[run_id(1, 1)]).unwrap();
    assert_eq!(all.iter().map(|score| &score.score_id).collect::<Vec<_>>(), [&given.score_id]);
    assert_eq!(store.delete_score(&given.score_id).unwrap(), Some(run_id(1, 1)));
    assert_eq!(store.delete_score(&given.score_id).unwrap(), None);
    assert!(view(subject).scores(&[run_id(1, 1)]).unwrap().is_empty());
    let tags = |add: &[&str], remove: &[&str]| {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        store.change_tags(run_id(1, 1), owned(add), owned(remove)).unwrap()
    };
    assert!(tags(&["kept", "dropped"], &[]));
    assert!(tags(&[], &["dropped"]));
    assert!(!store.change_tags(run_id(9, 9), vec!["x".into()], Vec::new()).unwrap());
    assert_eq!(runs(subject, &RunFilter::default())[0].tags, ["kept"]);
}

/// A deleted run takes its content with it, and nothing that another run uses.
pub fn a_deleted_run_takes_its_content_with_it_and_leaves_the_rest(subject: &mut impl Subject) {
    commit(subject, one_run(1));
    commit(subject, one_run(2));
    commit(subject, [tool(1, (7, 1), (1070, 1080), "only here the okapi")]);
    assert_eq!(search(subject, "okapi").hits.len(), 1);
    assert!(subject.store().delete_run(run_id(1, 1)).unwrap());
    assert!(!subject.store().delete_run(run_id(1, 1)).unwrap());
    assert_eq!(run_ids(subject, &RunFilter::default()), [run_id(2, 1)]);
    assert!(search(subject, "okapi").hits.is_empty());
    assert_eq!(search(subject, "herd").hits[0].occurrences[0].run_id, run_id(2, 1));
    let sent: Vec<Body> = one_run(2).into_iter().map(|record| record.body).collect();
    assert_eq!(bodies(subject, 2, &[1, 2, 3, 4]), sent);
}

/// Retention deletes what was received before, whatever times it was sent with, and nothing else.
pub fn retention_deletes_what_was_received_before(subject: &mut impl Subject) {
    let now = || {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(since_epoch.as_millis()).unwrap()
    };
    // The later one says that it is older.
    commit(subject, one_run(3));
    std::thread::sleep(Duration::from_millis(20));
    let between = now() - 5;
    for trace in 1..=2 {
        commit(subject, one_run(trace));
    }
    assert!(catch_up(subject.store(), PATIENCE));
    let retention = Retention { max_age: Some(Duration::ZERO), max_bytes: None };
    let pruned = retain(subject.store(), retention, between).unwrap();
    assert_eq!((pruned.groups, pruned.records), (1, 4));
    assert_eq!(run_ids(subject, &RunFilter::default()), [run_id(1, 1), run_id(2, 1)]);
    assert_eq!(retain(subject.store(), retention, between).unwrap().groups, 0);
}

/// A limit of size deletes the oldest. A store that cannot do that says so, and deletes nothing.
pub fn a_limit_of_size_deletes_the_oldest_or_is_refused(subject: &mut impl Subject) {
    for trace in 1..=3 {
        commit(subject, one_run(trace));
    }
    assert!(catch_up(subject.store(), PATIENCE));
    let by_size = |max| Retention { max_age: None, max_bytes: Some(max) };
    if subject.store().maintenance().is_none() {
        let both = Retention { max_age: Some(Duration::ZERO), ..by_size(0) };
        let refused = retain(subject.store(), both, ms(1_000_000)).unwrap_err();
        assert!(matches!(refused, StoreError::Unsupported(_)), "{refused}");
        assert_eq!(run_ids(subject, &RunFilter::default()).len(), 3);
        return;
    }
    assert_eq!(retain(subject.store(), by_size(u64::MAX), 0).unwrap().groups, 0);
    assert_eq!(run_ids(subject, &RunFilter::default()).len(), 3);
    assert_eq!(retain(subject.store(), by_size(0), 0).unwrap().groups, 3);
    assert!(run_ids(subject, &RunFilter::default()).is_empty());
}

/// Contents that are deleted cannot be read or found any more. Figures, turns, steps and costs are as before.
pub fn contents_can_go_while_what_runs_did_and_cost_stays(subject: &mut impl Subject) {
    for trace in 1..=2 {
        commit(subject, one_run(trace));
    }
    assert!(catch_up(subject.store(), PATIENCE));
    let [one, two] = [1, 2].map(|trace| view(subject).run(run_id(trace, 1)).unwrap().unwrap());
    let kept = bodies(subject, 2, &[1, 2, 3, 4]);
    let pruned = subject.store().delete_contents(vec![one.group], i64::MAX).unwrap();
    assert_eq!((pruned.contents, pruned.records, pruned.groups), (1, 4, 0));
    assert!(catch_up(subject.store(), PATIENCE));
    let bare = view(subject).run(run_id(1, 1)).unwrap().unwrap();
    assert_eq!((&bare.input_preview, &bare.output_preview), (&None, &None));
    let figures = |run: &Run| {
        let counts = (run.turn_count, run.llm_call_count, run.tool_call_count, run.error_count);
        (counts, run.usage, run.costs, run.start, run.end, run.name.clone(), run.models.clone())
    };
    assert_eq!(figures(&bare), figures(&one));
    assert_eq!(view(subject).run(run_id(2, 1)).unwrap().unwrap(), two);
    // What both were sent with is still there for the other one.
    assert_eq!(bodies(subject, 2, &[1, 2, 3, 4]), kept);
    assert_eq!(bodies(subject, 1, &[1, 2, 3, 4]), vec![Body::default(); 4]);
    let hits = search(subject, "herd").hits;
    assert!(hits.iter().all(|hit| hit.occurrences.iter().all(|at| at.run_id == run_id(2, 1))), "{hits:?}");
    let group = view(subject).group(one.group).unwrap();
    assert!(group.records.iter().all(|record| record.facts.contents_deleted));
    assert_eq!(group.projection.runs.len(), 1);
    // What has new records stays as it is.
    assert_eq!(subject.store().delete_contents(vec![two.group], 0).unwrap(), Pruned::default());
    assert_eq!(subject.store().delete_groups(vec![two.group], 0).unwrap(), Pruned::default());
    assert_eq!(bodies(subject, 2, &[1, 2, 3, 4]), kept);
    // They do not go twice.
    assert_eq!(subject.store().delete_contents(vec![one.group], i64::MAX).unwrap().records, 0);
    assert!(subject.store().delete_run(run_id(1, 1)).unwrap());
    assert_eq!(run_ids(subject, &RunFilter::default()), [run_id(2, 1)]);
}

/// The first rule that matches a run counts. A pinned run stays as it is. A dry run says the same, and deletes nothing.
pub fn rules_decide_by_the_first_that_matches(subject: &mut impl Subject) {
    for trace in 1..=4 {
        commit(subject, one_run(trace));
    }
    assert!(catch_up(subject.store(), PATIENCE));
    let tag = |trace: u8, tag: &str| {
        assert!(subject.store().change_tags(run_id(trace, 1), vec![tag.into()], Vec::new()).unwrap());
    };
    tag(1, "gold");
    tag(2, "bare");
    tag(3, PIN);
    let rule = |runs: &str, keep: Option<u64>, contents: Option<u64>| RetentionRule {
        runs: runs.into(),
        keep: keep.map(Duration::from_secs),
        contents: contents.map(Duration::from_secs),
        sample: 0.0,
    };
    let rules = RetentionRules(vec![rule("tag:gold", None, None), rule("tag:bare", None, Some(60))])
        .with_rest(Some(Duration::from_secs(60)));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let later = |seconds: i64| Moment {
        now_ms: i64::try_from(now).unwrap() + seconds * 1000,
        inactivity_ms: 600_000,
    };
    let apply = |seconds: i64, dry_run: bool| {
        let moment = later(seconds);
        let filters = rules.filters(&Clock::utc(moment.now_ms)).unwrap();
        apply_rules(subject.store(), &rules, &filters, moment, dry_run).unwrap()
    };
    assert_eq!(apply(30, false).1, Pruned::default(), "nothing is old enough");
    let (would, nothing) = apply(90, true);
    assert_eq!(nothing, Pruned::default());
    assert_eq!(run_ids(subject, &RunFilter::default()).len(), 4);
    let (did, pruned) = apply(90, false);
    assert_eq!(would, did);
    let outcome = |matched, deleted, contents_deleted| RuleOutcome { matched, deleted, contents_deleted };
    assert_eq!(did, [outcome(1, 0, 0), outcome(1, 0, 1), outcome(2, 1, 0)]);
    assert_eq!((pruned.groups, pruned.contents), (1, 1));
    assert_eq!(run_ids(subject, &RunFilter::default()), [1, 2, 3].map(|trace| run_id(trace, 1)));
    assert_eq!(bodies(subject, 2, &[1]), [Body::default()]);
    for whole in [1, 3] {
        assert_ne!(bodies(subject, whole, &[1]), [Body::default()], "{whole}");
    }
    assert_eq!(apply(90, false).1, Pruned::default(), "it is done");
    // A limit of age alone spares it too.
    let all = Retention { max_age: Some(Duration::ZERO), max_bytes: None };
    retain(subject.store(), all, later(90).now_ms).unwrap();
    assert_eq!(run_ids(subject, &RunFilter::default()), [run_id(3, 1)]);
}

/// Prices that change reach runs that were priced before.
pub fn prices_that_change_reach_past_runs(subject: &mut impl Subject) {
    commit(subject, one_run(1));
    let unpriced = view(subject).unpriced_models().unwrap();
    assert_eq!((unpriced[0].model.as_str(), unpriced[0].unpriced_calls), ("m-1", 2));
    for price in [7, 9] {
        let pricing = Pricing { key: price, price_of: Arc::new(move |_, _| Some(price as NanoUsd)) };
        subject.store().set_pricing(pricing).unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            let run = runs(subject, &RunFilter::default()).remove(0);
            if run.costs.computed == Some(2 * price as NanoUsd) {
                break;
            }
            assert!(Instant::now() < until, "still {:?}", run.costs);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    assert!(view(subject).unpriced_models().unwrap().is_empty());
}

/// A question over its limit is ended with an error that says so, and harms no other.
pub fn a_question_over_its_limit_is_ended(subject: &mut impl Subject) {
    commit(subject, one_run(1));
    assert!(catch_up(subject.store(), PATIENCE));
    let limit = ReadLimit::none();
    limit.cancel();
    let ended = subject
        .store()
        .reader(&limit)
        .and_then(|mut reader| reader.runs(&RunFilter::default(), &RunPageQuery::default(), super::moment()));
    assert!(matches!(ended, Err(StoreError::Interrupted)), "{ended:?}");
    assert_eq!(runs(subject, &RunFilter::default()).len(), 1);
}

/// Whoever watches is told of runs that were written, and of those that are gone.
pub fn changes_are_told_to_the_listener(subject: &mut impl Subject) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    subject.store().watch(Box::new(move |changes| listener.lock().unwrap().extend(changes)));
    commit(subject, one_run(1));
    assert!(catch_up(subject.store(), PATIENCE));
    let written = Change { run_id: run_id(1, 1), gone: false };
    assert!(heard.lock().unwrap().contains(&written));
    assert!(subject.store().delete_run(run_id(1, 1)).unwrap());
    let gone = Change { run_id: run_id(1, 1), gone: true };
    assert!(heard.lock().unwrap().contains(&gone));
}
