//! Figures that are kept are those that counting again gives, whatever happened to the runs.

use crate::world::*;
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{Span, Status, status::StatusCode},
};
use proptest::prelude::*;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use turnscope_query::{
    Clock, Condition, FigureKey, Figures, FiguresQuery, GroupBy, Moment, NumberField, Range, Retention,
    RunFilter, parse,
};
use turnscope_store::{Pricing, Store as _, retain};

const HOUR_MS: u64 = 3_600_000;
const HOUR: i64 = 3_600_000_000_000;

#[derive(Clone, Debug)]
enum Deed {
    /// A run begins: its root has not come yet.
    Begin {
        trace: u8,
        call: u8,
    },
    /// Its root comes.
    End {
        trace: u8,
        fails: bool,
    },
    /// A call of it comes late.
    Late {
        trace: u8,
        call: u8,
    },
    Delete(u8),
    /// Everything that was received so far goes.
    PruneAll,
    Reprice(i64),
    /// A person gives it a tag that telemetry may give too.
    Tag(u8),
    Restart,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let trace = || 1..9_u8;
    prop::collection::vec(
        prop_oneof![
            4 => (trace(), 2..5_u8).prop_map(|(trace, call)| Deed::Begin { trace, call }),
            4 => (trace(), any::<bool>()).prop_map(|(trace, fails)| Deed::End { trace, fails }),
            2 => (trace(), 2..5_u8).prop_map(|(trace, call)| Deed::Late { trace, call }),
            1 => trace().prop_map(Deed::Delete),
            1 => Just(Deed::PruneAll),
            1 => (1..4_i64).prop_map(Deed::Reprice),
            1 => trace().prop_map(Deed::Tag),
            1 => Just(Deed::Restart),
        ],
        1..14,
    )
}

/// When a run begins: a few of them share an hour, and some begin when it does.
fn began(trace: u8) -> u64 {
    u64::from(trace / 3) * HOUR_MS + u64::from(trace % 3) * 1_000_000
}

fn number(key: &str, value: i64) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::IntValue(value)) });
    KeyValue { key: key.to_owned(), value, key_strindex: 0 }
}

fn model_call(trace: u8, id: u8) -> Span {
    let start = began(trace) + u64::from(id) * 100;
    let mut span = call(trace, (id, 1), (start, start + 50), &[], "yes");
    span.attributes.retain(|attribute| attribute.key != "gen_ai.request.model");
    let model = ["m", "n", "o"][usize::from(id % 3)];
    let usage =
        [text("gen_ai.request.model", model), number("gen_ai.usage.input_tokens", i64::from(id) * 10)];
    let output = (id != 3).then(|| number("gen_ai.usage.output_tokens", i64::from(trace)));
    with(span, usage.into_iter().chain(output))
}

fn root(trace: u8, fails: bool) -> Span {
    let name = ["a", "b"][usize::from(trace % 2)];
    let span = agent(trace, (1, 0), name, (began(trace), began(trace) + 900 + u64::from(trace)));
    let mut facts = vec![text("user.id", ["ann", "bob"][usize::from(trace / 4 % 2)])];
    facts.extend(trace.is_multiple_of(3).then(|| text("tag.tags", "vip")));
    let mut span = with(span, facts);
    if fails {
        span.status = Some(Status { code: StatusCode::Error as i32, message: "no".into() });
    }
    span
}

fn prices(key: i64) -> Pricing {
    let price_of = Arc::new(move |facts: &turnscope_model::Facts, _| {
        (facts.request_model.as_deref() != Some("o")).then_some(key * 1000)
    });
    Pricing { key, price_of }
}

fn do_deed(world: &mut World, deed: &Deed) {
    match *deed {
        Deed::Begin { trace, call } | Deed::Late { trace, call } => {
            world.send(vec![model_call(trace, call)]);
        }
        Deed::End { trace, fails } => {
            world.send(vec![root(trace, fails)]);
        }
        Deed::Delete(trace) => {
            world.store().delete_run(run_id(trace, 1)).unwrap();
        }
        Deed::PruneAll => {
            let everything = Retention { max_age: Some(Duration::ZERO), max_bytes: None };
            retain(world.store(), everything, i64::MAX / 1_000_000).unwrap();
        }
        Deed::Reprice(key) => {
            world.store().set_pricing(prices(key)).unwrap();
            let began = Instant::now();
            while world.store().counters().is_repricing {
                assert!(began.elapsed() < Duration::from_secs(20), "the prices never came through");
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        Deed::Tag(trace) => {
            world.store().change_tags(run_id(trace, 1), vec!["vip".into(), "odd".into()], vec![]).unwrap();
        }
        Deed::Restart => world.reopen(),
    }
}

/// Questions that the roll-ups answer.
fn questions() -> Vec<FiguresQuery> {
    let from = i64::try_from(at(0)).unwrap();
    let filter = |query: &str| parse(query, &Clock::utc(moment().now_ms)).unwrap();
    let between =
        |first: i64, last: i64| RunFilter::Is(Condition::Number(NumberField::Started, Range { first, last }));
    let mut all = Vec::new();
    for filter in [
        RunFilter::default(),
        filter("agent:a"),
        filter("service:shop"),
        between(from + HOUR / 3, from + 3 * HOUR),
        between(from - HOUR, from + 2 * HOUR + HOUR / 2).and(filter("agent:b")),
    ] {
        for group_by in [vec![], vec![GroupBy::Agent], vec![GroupBy::Service], vec![GroupBy::Model]] {
            for bucket in [None, Some(HOUR), Some(24 * HOUR)] {
                all.push(FiguresQuery { filter: filter.clone(), group_by: group_by.clone(), bucket });
            }
        }
    }
    all
}

type Groups = BTreeMap<FigureKey, Figures>;

/// The same figures, with percentiles within a hundredth.
fn compare(rolled: &Groups, counted: &Groups) -> Result<(), TestCaseError> {
    prop_assert_eq!(rolled.keys().collect::<Vec<_>>(), counted.keys().collect::<Vec<_>>());
    for (rolled, counted) in rolled.values().zip(counted.values()) {
        let sorted = |figures: &Figures| {
            let mut figures = figures.clone();
            figures.durations.sort_unstable();
            figures
        };
        let (rolled, counted) = (sorted(rolled), sorted(counted));
        let bare = |figures: &Figures| Figures { durations: Vec::new(), ..figures.clone() };
        prop_assert_eq!(bare(&rolled), bare(&counted));
        for share in [0.01, 0.5, 0.95, 1.0] {
            let (given, exact) = (rolled.percentile(share), counted.percentile(share));
            prop_assert_eq!(given.is_some(), exact.is_some());
            let (given, exact) = (given.unwrap_or(0), exact.unwrap_or(0));
            prop_assert!(given.abs_diff(exact) as f64 <= exact as f64 * 0.01, "{} for {}", given, exact);
        }
    }
    Ok(())
}

fn check(world: &World) -> Result<(), TestCaseError> {
    let mut answered = 0;
    // Now, and when everything that is open has been silent for long.
    for moment in [moment(), Moment { now_ms: i64::MAX / 2_000_000, ..moment() }] {
        for question in questions() {
            if let Some([rolled, counted]) = world.store().figures_both_ways(&question, moment).unwrap() {
                answered += 1;
                compare(&rolled, &counted)?;
            }
        }
    }
    for (of, _) in GroupBy::NAMES {
        if let Some([kept, counted]) = world.store().values_both_ways(*of).unwrap() {
            prop_assert_eq!(kept, counted, "values of {:?}", of);
        }
    }
    let is_empty = world.count("SELECT count(*) FROM runs") == 0;
    prop_assert!(is_empty || answered > 20, "{} questions were answered", answered);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn figures_that_are_kept_equal_a_recount(deeds in deeds()) {
        let mut world = World::with_options(turnscope_store_sqlite::Options { pricing: Some(prices(1)), ..options() });
        for deed in &deeds {
            do_deed(&mut world, deed);
        }
        check(&world)?;
    }
}

#[test]
fn runs_of_an_earlier_version_are_taken_in_behind_everything_else() {
    let mut world = World::new();
    for trace in 1..=8 {
        world.send(vec![model_call(trace, 2), model_call(trace, 3), root(trace, trace == 4)]);
    }
    // As it is after the migration of a file that was written without.
    world.change_file(|db| {
        db.execute_batch(
            "DELETE FROM rollups; DELETE FROM value_counts;
             UPDATE state SET value = (SELECT max(id) FROM runs) WHERE key IN ('rollups_above', 'value_counts_above');",
        )
        .unwrap();
    });
    world.send(vec![model_call(9, 2), root(9, false)]);
    world.send(vec![model_call(3, 4)]);
    world.store().delete_run(run_id(5, 1)).unwrap();
    let began = Instant::now();
    while world.count("SELECT max(value) FROM state WHERE key IN ('rollups_above', 'value_counts_above')") > 0
    {
        assert!(began.elapsed() < Duration::from_secs(20), "they were never taken in");
        std::thread::sleep(Duration::from_millis(1));
    }
    check(&world).unwrap();
}
