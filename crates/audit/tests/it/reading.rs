//! Reading with filters.

use crate::world::{World, at, entry};
use turnscope_audit::{Filter, Source};

fn seqs(world: &World, filter: &Filter) -> Vec<u64> {
    world.reader().records(filter).expect("read").iter().map(|record| record.seq).collect()
}

#[test]
fn records_are_read_back_as_written() {
    let world = World::with(7);
    for record in world.reader().records(&Filter::default()).expect("read") {
        assert_eq!(record.entry, entry(record.seq));
        assert_eq!(record.source, "agent");
        assert_eq!(record.recorded_at, at(record.seq));
        assert_eq!(world.reader().record(record.seq).expect("read"), Some(record));
    }
    assert_eq!(world.reader().record(8).expect("read"), None);
}

#[test]
fn filters_narrow_by_time_agent_run_and_denial() {
    let world = World::with(9);
    world.trail().append(&entry(1), Source::Server, at(10)).expect("appended");
    let all = Filter::default();
    assert_eq!(seqs(&world, &all), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(
        seqs(&world, &Filter { since: Some(at(8)), ..all.clone() }),
        [8, 9],
        "the time of the event counts"
    );
    assert_eq!(seqs(&world, &Filter { until: Some(at(2)), ..all.clone() }), [1, 10]);
    assert_eq!(seqs(&world, &Filter { agent: Some("billing".into()), ..all.clone() }), [2, 4, 6, 8]);
    assert_eq!(seqs(&world, &Filter { of: Some("run-4".into()), ..all.clone() }), [4, 5, 6]);
    assert_eq!(seqs(&world, &Filter { of: Some("trace-1".into()), ..all.clone() }), [1, 10]);
    assert_eq!(
        seqs(&world, &Filter { denied: true, ..all.clone() }),
        [2, 6, 9],
        "includes calls rejected by a human"
    );
    assert_eq!(seqs(&world, &Filter { last: Some(3), ..all }), [8, 9, 10]);
}
