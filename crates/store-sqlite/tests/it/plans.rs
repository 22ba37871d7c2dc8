//! How SQLite answers the questions that must stay quick when there are millions of runs: kept as a snapshot, so that a
//! plan that turns into a full scan is seen in review.

use crate::world::*;
use std::fmt::Write as _;
use turnscope_query::{Filter, Order, RunFilter, RunPageQuery};

fn newest(filter: Option<(Filter, &str)>) -> (RunFilter, RunPageQuery) {
    let mut wanted = RunFilter::default();
    if let Some((filter, value)) = filter {
        wanted.is(filter, vec![value.to_owned()]);
    }
    (wanted, RunPageQuery { limit: 50, descending: true, order: Order::StartedAt, ..RunPageQuery::default() })
}

#[test]
fn the_newest_runs_are_found_through_an_index() {
    let world = World::new();
    for trace in 1..=9 {
        world.send(vec![agent(trace, (1, 0), "a", (u64::from(trace), 100))]);
    }
    let mut seen = String::new();
    for (name, (wanted, page)) in [
        ("newest", newest(None)),
        ("roots", {
            let (mut f, p) = newest(None);
            f.roots_only = true;
            (f, p)
        }),
        ("agent", newest(Some((Filter::Agent, "a")))),
        ("session", newest(Some((Filter::Session, "s")))),
        ("user", newest(Some((Filter::User, "u")))),
        ("service", newest(Some((Filter::Service, "shop")))),
        ("errors", newest(Some((Filter::Error, "*")))),
        ("model", newest(Some((Filter::Model, "m")))),
        ("tool", newest(Some((Filter::Tool, "look")))),
        (
            "children of",
            newest(Some((Filter::ParentRunId, "01010101010101010101010101010101-0101010101010101"))),
        ),
        ("native id", newest(Some((Filter::NativeRunId, "n")))),
        ("words", {
            let (mut f, p) = newest(None);
            f.search = vec!["zebra".into()];
            (f, p)
        }),
    ] {
        let plan = world.store().explain_runs(&wanted, &page, moment()).unwrap();
        writeln!(seen, "{name}").unwrap();
        for line in plan {
            writeln!(seen, "  {line}").unwrap();
        }
    }
    insta::assert_snapshot!(seen);
}
