//! How SQLite answers the questions that must stay quick when there are millions of runs: kept as a snapshot, so that a
//! plan that turns into a full scan is seen in review.

use crate::world::*;
use std::fmt::Write as _;
use turnscope_query::{Clock, Order, RunPageQuery, parse};

const QUERIES: [(&str, &str); 22] = [
    ("newest", ""),
    ("roots", "is:root"),
    ("failed", "status:failed"),
    ("running", "status:running"),
    ("agent", "agent:a"),
    ("one of two agents", "agent:a,b"),
    ("agents that begin like this", "agent:a*"),
    ("session", "session:s"),
    ("user", "user:u"),
    ("service", "service:shop"),
    ("errors", "error:*"),
    ("model", "model:m"),
    ("tool", "tool:look"),
    ("tag", "tag:t"),
    ("model and tag", "model:m tag:t"),
    ("failed and agent", "status:failed agent:a"),
    ("service and model", "service:shop model:m"),
    ("children of", "parent:01010101010101010101010101010101-0101010101010101"),
    ("native id", "native_run_id:n"),
    ("a day", "started:2026-03-10"),
    ("a day and a model", "started:2026-03-10 model:m"),
    ("words", "zebra"),
];

/// The plans of all queries in this order, when lists of more than so many runs count as long.
fn plans(world: &World, order: Order, gathered: u32) -> String {
    let mut seen = String::new();
    let page = RunPageQuery { limit: 50, descending: true, order, ..RunPageQuery::default() };
    for (name, query) in QUERIES {
        let wanted = parse(query, &Clock::utc(moment().now_ms)).unwrap();
        let plan = world.store().explain_runs(&wanted, &page, moment(), gathered).unwrap();
        writeln!(seen, "{name}").unwrap();
        for line in plan {
            writeln!(seen, "  {line}").unwrap();
        }
    }
    seen
}

fn world_of_runs() -> World {
    let world = World::new();
    for trace in 1..=9 {
        let start = u64::from(trace);
        let agent = with(agent(trace, (1, 0), "a", (start, 100)), [text("tag.tags", r#"["t"]"#)]);
        world.send(vec![agent, call(trace, (2, 1), (start, 20), &[], "yes")]);
    }
    world
}

#[test]
fn short_lists_are_gathered_through_their_indexes() {
    insta::assert_snapshot!(plans(&world_of_runs(), Order::StartedAt, 8_000));
}

#[test]
fn the_newest_runs_are_found_through_an_index() {
    let plans = plans(&world_of_runs(), Order::StartedAt, 0);
    insta::assert_snapshot!(plans);
}

#[test]
fn the_costliest_runs_are_found_through_an_index() {
    let plans = plans(&world_of_runs(), Order::Cost, 0);
    insta::assert_snapshot!(plans);
}

/// As a large store is, by what `ANALYZE` said of one of 120,000 runs and 3 million spans.
const STATISTICS: &str = "
    ANALYZE;
    DELETE FROM sqlite_stat1;
    INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
        ('runs', 'runs_by_started', '120000 1 1 1 1 1 1 1 1'),
        ('runs', 'runs_by_cost', '120000 2 1 1 1 1 1 1 1 1'),
        ('runs', 'runs_narrow', '120000 1 1 1 1 1 1 1 1 1 1 1'),
        ('runs', 'runs_agent', '120000 6300 1'),
        ('runs', 'runs_service', '120000 30000 1'),
        ('runs', 'runs_session', '120000 4 1'),
        ('runs', 'runs_user', '120000 24 1'),
        ('runs', 'runs_unit', '120000 2'),
        ('run_values', 'run_values', '480000 90000 8000 1 1'),
        ('run_values', 'run_values_run', '480000 4'),
        ('trace_groups', 'units_started', '120000 1'),
        ('records', 'records_unit', '3000000 25'),
        ('contents', NULL, '4000000');";

#[test]
fn plans_change_neither_with_statistics_nor_with_a_restart() {
    let mut world = world_of_runs();
    let all = |world: &World| {
        [(Order::StartedAt, 8_000), (Order::StartedAt, 0), (Order::Cost, 0)]
            .map(|(order, gathered)| plans(world, order, gathered))
    };
    let before = all(&world);
    world.reopen();
    assert_eq!(all(&world), before, "after a restart");
    world.change_file(|db| db.execute_batch(STATISTICS).unwrap());
    assert_eq!(all(&world), before, "with statistics");
}
