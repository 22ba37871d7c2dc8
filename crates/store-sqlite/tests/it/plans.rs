//! How SQLite answers the questions that must stay quick when there are millions of runs: kept as a snapshot, so that a
//! plan that turns into a full scan is seen in review.

use crate::world::*;
use std::fmt::Write as _;
use turnscope_query::{Clock, Order, RunPageQuery, parse};

#[test]
fn the_newest_runs_are_found_through_an_index() {
    let world = World::new();
    for trace in 1..=9 {
        world.send(vec![agent(trace, (1, 0), "a", (u64::from(trace), 100))]);
    }
    let mut seen = String::new();
    let page =
        RunPageQuery { limit: 50, descending: true, order: Order::StartedAt, ..RunPageQuery::default() };
    for (name, query) in [
        ("newest", ""),
        ("roots", "is:root"),
        ("agent", "agent:a"),
        ("one of two agents", "agent:a,b"),
        ("agents that begin like this", "agent:a*"),
        ("session", "session:s"),
        ("user", "user:u"),
        ("service", "service:shop"),
        ("errors", "error:*"),
        ("model", "model:m"),
        ("tool", "tool:look"),
        ("children of", "parent:01010101010101010101010101010101-0101010101010101"),
        ("native id", "native_run_id:n"),
        ("a day", "started:2026-03-10"),
        ("words", "zebra"),
    ] {
        let wanted = parse(query, &Clock::utc(moment().now_ms)).unwrap();
        let plan = world.store().explain_runs(&wanted, &page, moment()).unwrap();
        writeln!(seen, "{name}").unwrap();
        for line in plan {
            writeln!(seen, "  {line}").unwrap();
        }
    }
    insta::assert_snapshot!(seen);
}
