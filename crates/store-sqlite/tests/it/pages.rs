//! Every list leads through everything that was there when it began, once, whatever shares a place and whatever arrives
//! between two pages.

use crate::world::*;
use opentelemetry_proto::tonic::trace::v1::Span;
use proptest::prelude::*;
use std::collections::BTreeSet;
use turnscope_query::{
    Condition, GroupBy, Known, Order, RunCursor, RunFilter, RunPageQuery, SearchCursor, SearchQuery,
    SessionCursor, TextField, TraceCursor, ValueCursor,
};

/// A run, few of whose facts differ from those of others.
#[derive(Clone, Debug)]
struct Sent {
    start: u64,
    session: u8,
    agent: u8,
}

fn sent() -> impl Strategy<Value = Sent> {
    (0..3_u64, 0..4_u8, 0..3_u8).prop_map(|(start, session, agent)| Sent { start, session, agent })
}

fn span_of(trace: u8, sent: &Sent) -> Span {
    let said = format!("the same word and number {trace}");
    let attributes =
        [text("session.id", format!("s,{}", sent.session)), text("gen_ai.output.messages", said)];
    with(agent(trace, (1, 0), &format!("a {}", sent.agent), (sent.start, sent.start + 5)), attributes)
}

/// Walks through a list, and calls `between` before each page but the first. Gives what was listed.
fn walk<C>(
    mut page: impl FnMut(Option<&C>) -> (Vec<String>, Option<C>),
    mut between: impl FnMut(),
) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let (items, next) = page(after.as_ref());
        seen.extend(items);
        assert!(seen.len() < 1000, "the list never ends");
        match next {
            Some(next) => after = Some(next),
            None => return seen,
        }
        between();
    }
}

/// Everything that was there was listed once; of what came later, nothing twice.
fn complete(list: &str, there: &[String], seen: &[String]) {
    let once: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "{list} repeats: {seen:?}");
    let left_out: Vec<_> = there.iter().filter(|item| !once.contains(item)).collect();
    assert!(left_out.is_empty(), "{list} leaves out {left_out:?}");
}

struct Lists<'a> {
    world: &'a World,
    limit: u32,
}

impl Lists<'_> {
    fn runs(
        &self,
        filter: &RunFilter,
        page: &RunPageQuery,
        after: Option<&RunCursor>,
    ) -> (Vec<String>, Option<RunCursor>) {
        let page = RunPageQuery { limit: self.limit, after: after.cloned(), ..page.clone() };
        let found = self.world.reader().runs(filter, &page, moment()).unwrap();
        (found.runs.iter().map(|listed| listed.run.run_id.to_string()).collect(), found.next)
    }

    fn traces(&self, after: Option<&TraceCursor>) -> (Vec<String>, Option<TraceCursor>) {
        let found = self.world.reader().traces(after, self.limit).unwrap();
        (found.traces.iter().map(|trace| trace.trace_id.to_string()).collect(), found.next)
    }

    fn sessions(&self, after: Option<&SessionCursor>) -> (Vec<String>, Option<SessionCursor>) {
        let found = self.world.reader().sessions(None, after, self.limit, 0).unwrap();
        (found.sessions.into_iter().map(|session| session.session_id).collect(), found.next)
    }

    fn values(&self, after: Option<&ValueCursor>) -> (Vec<String>, Option<ValueCursor>) {
        let found = self.world.reader().values(GroupBy::Agent, "", after, self.limit).unwrap();
        (found.values.into_iter().map(|(value, _)| value).collect(), found.next)
    }

    fn hits(&self, after: Option<&SearchCursor>) -> (Vec<String>, Option<SearchCursor>) {
        let query = SearchQuery {
            phrases: vec!["word".into()],
            limit: self.limit,
            after: after.cloned(),
            ..SearchQuery::default()
        };
        let found = self.world.reader().search(&query, moment()).unwrap();
        (found.hits.iter().map(|hit| hit.hash.to_string()).collect(), found.next)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn lists_neither_skip_nor_repeat(
        before in prop::collection::vec(sent(), 1..12),
        arriving in prop::collection::vec(sent(), 60),
        limit in 1..5_u32,
    ) {
        let world = World::new();
        let mut trace = 0;
        for sent in &before {
            trace += 1;
            world.send(vec![span_of(trace, sent)]);
        }
        world.search("word");
        let lists = Lists { world: &world, limit };
        let mut arriving = arriving.into_iter().cycle();
        let mut arrive = |start: Option<u64>| {
            // There are only so many traces; when they are used up, nothing arrives any more.
            if trace < u8::MAX {
                let next = arriving.next().unwrap();
                trace += 1;
                world.send(vec![span_of(trace, &Sent { start: start.unwrap_or(next.start), ..next })]);
            }
        };
        let all = RunPageQuery { limit: 1000, ..RunPageQuery::default() };
        for descending in [false, true] {
            for order in [Order::StartedAt, Order::Duration, Order::Cost, Order::Tokens] {
                let page = RunPageQuery { order, descending, ..RunPageQuery::default() };
                let there = Lists { world: &world, limit: 1000 }.runs(&RunFilter::default(), &all, None).0;
                let seen = walk(
                    |after: Option<&RunCursor>| lists.runs(&RunFilter::default(), &page, after),
                    // What arrives comes before all others, where that is possible: it would move an offset.
                    || arrive((order == Order::StartedAt && descending).then_some(9)),
                );
                complete("runs", &there, &seen);
            }
        }
        let there = Lists { world: &world, limit: 1000 }.traces(None).0;
        complete("traces", &there, &walk(|after| lists.traces(after), || arrive(None)));
        let there = Lists { world: &world, limit: 1000 }.sessions(None).0;
        complete("sessions", &there, &walk(|after| lists.sessions(after), || arrive(Some(100))));
        let there = Lists { world: &world, limit: 1000 }.values(None).0;
        complete("values", &there, &walk(|after| lists.values(after), || arrive(None)));
        let session = RunFilter::text(TextField::Session, "s,0")
            .and(RunFilter::Not(Box::new(Condition::Has(Known::ParentInSession).into())));
        let newest = RunPageQuery { descending: true, ..RunPageQuery::default() };
        let there = Lists { world: &world, limit: 1000 }.runs(&session, &all, None).0;
        let seen = walk(|after| lists.runs(&session, &newest, after), || arrive(None));
        complete("runs of a session", &there, &seen);
        world.search("word");
        let there = Lists { world: &world, limit: 1000 }.hits(None).0;
        complete("hits", &there, &walk(|after| lists.hits(after), || arrive(None)));
    }
}

#[test]
fn a_cursor_of_another_list_of_sessions_or_values_is_refused() {
    let world = World::new();
    for trace in 1..=4 {
        world.send(vec![span_of(trace, &Sent { start: 1, session: trace, agent: trace })]);
    }
    let mut reader = world.reader();
    let of_values = reader.values(GroupBy::Agent, "", None, 1).unwrap().next.unwrap();
    let of_sessions = reader.sessions(None, None, 1, 0).unwrap().next.unwrap();
    assert!(reader.sessions(None, Some(&SessionCursor::new(of_values.as_str())), 1, 0).is_err());
    assert!(reader.values(GroupBy::Agent, "", Some(&ValueCursor::new(of_sessions.as_str())), 1).is_err());
    assert!(reader.values(GroupBy::Session, "", Some(&of_values), 1).is_err());
    assert!(reader.sessions(None, Some(&SessionCursor::new("@")), 1, 0).is_err());
}

#[test]
fn a_session_is_headed_by_the_runs_that_none_of_its_runs_started() {
    let world = World::new();
    let in_session = |span| with(span, [text("session.id", "chat")]);
    // The parent is in no session, and its two children are.
    world.send(vec![
        agent(1, (1, 0), "outer", (0, 100)),
        in_session(agent(1, (2, 1), "first", (10, 50))),
        in_session(agent(1, (3, 2), "below the first", (20, 30))),
        in_session(agent(1, (4, 1), "second", (60, 90))),
    ]);
    let page = world.reader().sessions(None, None, 10, 0).unwrap();
    let listed: Vec<_> =
        page.sessions.iter().map(|session| (session.session_id.as_str(), session.run_count)).collect();
    let topmost = RunFilter::text(TextField::Session, "chat")
        .and(RunFilter::Not(Box::new(Condition::Has(Known::ParentInSession).into())));
    let runs = world.reader().runs(&topmost, &RunPageQuery::default(), moment()).unwrap();
    assert_eq!(listed, [("chat", runs.total.unwrap())]);
    assert_eq!(page.total, 1);
}
