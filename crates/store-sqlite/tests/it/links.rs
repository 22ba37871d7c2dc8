//! Span links lead from run to run, in both directions, whatever arrives first.

use crate::world::*;
use opentelemetry_proto::tonic::trace::v1::{Span, span::Link};
use turnscope_query::{Run, RunLink};

fn linked(mut span: Span, trace: u8, to: u8, why: Option<&str>) -> Span {
    span.links.push(Link {
        trace_id: vec![trace; 16],
        span_id: vec![to; 8],
        attributes: why.map(|why| text("turnscope.link", why)).into_iter().collect(),
        ..Link::default()
    });
    span
}

fn links(world: &World, of: &Run) -> Vec<RunLink> {
    world.reader().links(of).unwrap()
}

fn first_and_anew() -> [Vec<Span>; 2] {
    [
        vec![agent(1, (1, 0), "a", (0, 100)), call(1, (2, 1), (1, 50), &said(0..3), "poor")],
        vec![linked(agent(2, (1, 0), "a", (200, 300)), 1, 2, Some("regenerated"))],
    ]
}

#[test]
fn a_regenerated_answer_and_the_one_before_know_one_another() {
    for order in [[0, 1], [1, 0]] {
        let world = World::new();
        for which in order {
            world.send(first_and_anew()[which].clone());
        }
        let mut runs = world.runs();
        runs.sort_by_key(|run| run.start);
        let why = Some("regenerated".to_owned());
        let before = RunLink { run_id: run_id(1, 1), why: why.clone(), is_before: true };
        let after = RunLink { run_id: run_id(2, 1), why, is_before: false };
        assert_eq!(links(&world, &runs[1]), [before], "the linked span is the earlier run's call");
        assert_eq!(links(&world, &runs[0]), [after]);
    }
}

#[test]
fn links_to_nowhere_and_to_itself_are_left_out() {
    let world = World::new();
    let root = linked(linked(agent(1, (1, 0), "a", (0, 100)), 9, 9, None), 1, 2, None);
    world.send(vec![root, call(1, (2, 1), (1, 50), &said(0..3), "yes")]);
    assert_eq!(links(&world, &world.runs()[0]), []);
    world.send(vec![agent(9, (9, 0), "late", (0, 100))]);
    let found = links(&world, world.runs().iter().find(|run| run.name == "a").unwrap());
    assert_eq!(found, [RunLink { run_id: run_id(9, 9), why: None, is_before: true }]);
}
