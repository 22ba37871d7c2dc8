//! What was said, asked of tools, answered by them and went wrong is found, with its run, turn and step.

use crate::world::*;
use opentelemetry_proto::tonic::trace::v1::Status;
use std::time::{Duration, Instant};
use turnscope_model::{Purpose, StepId};
use turnscope_query::{Hit, SearchQuery};
use turnscope_store::Store as _;

impl World {
    /// Waits for the index, then searches.
    pub(crate) fn search(&self, words: &str) -> Vec<Hit> {
        let until = Instant::now() + Duration::from_secs(20);
        while self.store().counters().index_lag > 0 {
            assert!(Instant::now() < until, "the index never caught up");
            std::thread::sleep(Duration::from_millis(10));
        }
        let query = SearchQuery { phrases: vec![words.into()], limit: 10, ..SearchQuery::default() };
        self.reader().search(&query, moment()).unwrap().hits
    }
}

fn two_turns(world: &World) {
    let mut failed = tool(1, (5, 1), (55, 60), r#"{"where":"nowhere-land"}"#, "nothing");
    failed.status = Some(Status { code: 2, message: "the kumquat was rotten".into() });
    world.send(vec![
        agent(1, (1, 0), "a", (0, 100)),
        call(1, (2, 1), (1, 20), &["please find the zebra".to_owned()], "I will look for the walrus"),
        tool(1, (3, 1), (21, 30), r#"{"query":"stripes-of-pasture"}"#, "a herd of quaggas"),
        call(1, (4, 1), (31, 50), &["please find the zebra".to_owned()], "it is a tapir"),
        failed,
    ]);
}

#[test]
fn messages_arguments_results_and_errors_are_found_with_run_turn_and_step() {
    let mut world = World::new();
    two_turns(&world);
    for reopened in [false, true] {
        if reopened {
            world.reopen();
        }
        for (words, turn, span) in [
            ("zebra", 1, 2_u8),
            ("walrus", 1, 2),
            ("pasture", 1, 3),
            ("quaggas", 1, 3),
            ("tapir", 2, 4),
            ("nowhere", 2, 5),
            ("kumquat", 2, 5),
        ] {
            let hits = world.search(words);
            assert_eq!(hits.len(), 1, "{words}");
            let met = &hits[0].occurrences[0];
            assert_eq!((met.run_id, met.turn), (run_id(1, 1), Some(turn)), "{words}");
            assert_eq!(met.step_id, StepId::from_client(&format!("{span:02x}").repeat(8)), "{words}");
        }
        assert!(world.search("unsaid").is_empty());
    }
}

#[test]
fn content_first_met_where_nobody_searches_is_found_once_it_is_said() {
    let world = World::new();
    // A text that is a preview first (kept, not searched by itself), and later a tool's result.
    let words = "the marmoset sleeps in the afternoon, on a branch that was chosen with great care, and dreams of fruit";
    world.send(vec![call(1, (2, 0), (1, 20), &[words.to_owned()], "yes")]);
    assert_eq!(world.search("marmoset").len(), 1);
    world.send(vec![agent(2, (1, 0), "b", (0, 100)), tool(2, (3, 1), (1, 2), "{}", words)]);
    let hits = world.search("marmoset");
    let of_tool = hits.iter().find(|hit| hit.occurrences.iter().any(|place| place.run_id == run_id(2, 1)));
    assert!(of_tool.is_some(), "{hits:?}");
    assert!(hits.iter().any(|hit| hit.purpose == Purpose::Input));
}
