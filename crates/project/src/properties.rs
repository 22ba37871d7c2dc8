//! Laws that hold for any records: order does not matter, nothing panics, every span has its place once.

use super::{Projection, RecordFacts, project};
use proptest::prelude::*;
use std::sync::Arc;
use turnscope_model::{
    Facts, GroupKey, Kind, RequestedTool, Role, RunId, SpanId, Status, TraceId, Usage, Verdict,
};

fn facts() -> impl Strategy<Value = Facts> {
    let small = || proptest::option::weighted(0.4, 0_u64..4);
    let name = || prop_oneof![Just("find"), Just("sum"), Just("call_tool")];
    let ids = (small(), small(), small(), proptest::option::weighted(0.2, 0_u64..6));
    let asked = proptest::collection::vec((name(), small()), 0..3);
    let rest =
        (proptest::option::weighted(0.3, name()), any::<bool>(), proptest::option::weighted(0.1, Just(())));
    (0..Kind::ALL.len(), ids, asked, rest, small()).prop_map(|(kind, ids, asked, rest, tokens)| {
        let (response, call, context, turn) = ids;
        let (tool, agent, verdict) = rest;
        Facts {
            name: Kind::ALL[kind].as_str().to_owned(),
            kind: Kind::ALL[kind],
            response_id: response.map(|id| format!("r{id}")),
            tool_call_id: call.map(|id| format!("t{id}")),
            context,
            turn_index: turn,
            requested_tools: asked
                .into_iter()
                .map(|(name, id)| RequestedTool {
                    name: name.to_owned(),
                    id: id.map(|id| format!("t{id}")),
                    ran: false,
                })
                .collect(),
            tool_name: tool.map(str::to_owned),
            agent_name: agent.then(|| "bot".to_owned()),
            verdict: verdict.map(|()| Verdict::Hitl),
            usage: Usage { input_tokens: tokens, ..Usage::default() },
            ..Facts::default()
        }
    })
}

fn record() -> impl Strategy<Value = RecordFacts> {
    let role = prop_oneof![
        8 => Just(Role::Span),
        1 => Just(Role::Open),
        1 => Just(Role::Log),
        2 => (0..5_u8, proptest::option::of(0..5_u8)).prop_map(|(key, parent)| Role::Event {
            key: format!("k{key}"),
            parent: parent.map(|parent| format!("k{parent}")),
        }),
    ];
    let times = (0_u64..60, proptest::option::weighted(0.9, 0_u64..30));
    (role, 1..3_u8, 1..24_i64, proptest::option::weighted(0.8, 1..24_i64), times, any::<bool>(), facts())
        .prop_map(|(role, trace, span, parent, (start, length), failed, facts)| RecordFacts {
            id: turnscope_model::RecordId(0),
            role,
            trace_id: TraceId::try_from(&[trace; 16][..]).ok(),
            span_id: SpanId::from_i64(span),
            parent_span_id: parent.and_then(SpanId::from_i64),
            remote_parent: false,
            start,
            end: length.map(|length| start + length),
            status: if failed && span % 5 == 0 { Status::Error } else { Status::Unset },
            service_name: Arc::from("app"),
            scope_name: Arc::from(if failed { "one" } else { "other" }),
            facts: Arc::new(facts),
        })
}

/// Each span once, as the store gives them; of events and logs no two at one time, which no order could tell apart.
fn records() -> impl Strategy<Value = Vec<RecordFacts>> {
    proptest::collection::vec(record(), 0..40).prop_map(|mut records| {
        let mut seen = std::collections::HashSet::new();
        records.retain(|record| match record.role {
            Role::Span | Role::Open => seen.insert((record.trace_id, record.span_id, 0)),
            _ => seen.insert((None, None, record.start + 1)),
        });
        records
    })
}

/// The projection with records named by what they are instead of where they stood.
fn named(made: &Projection, records: &[RecordFacts]) -> String {
    let mut made = made.clone();
    let name = |i: usize| {
        let record = &records[i];
        format!(
            "{:?} {:?} {:?} {} {:?}",
            record.role, record.trace_id, record.span_id, record.start, record.facts.kind
        )
    };
    let names: Vec<_> = made
        .steps
        .iter_mut()
        .map(|step| {
            let mut joined: Vec<_> = step.joined.drain(..).map(name).collect();
            joined.sort();
            (step.record.take().map(name), joined)
        })
        .collect();
    let roots: Vec<_> = made.runs.iter_mut().map(|run| run.root.take().map(name)).collect();
    format!("{made:#?} {names:#?} {roots:#?}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_order_gives_the_same(records in records(), assembled in any::<bool>(), seed in any::<u64>()) {
        let group = if assembled {
            GroupKey::Assembled(RunId::assembled("d", "s", "n"))
        } else {
            GroupKey::Trace(TraceId::try_from(&[1; 16][..]).unwrap())
        };
        let mut shuffled = records.clone();
        let mut state = seed;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        let (one, other) = (project(&[group], &records), project(&[group], &shuffled));
        prop_assert_eq!(named(&one, &records), named(&other, &shuffled));

        for (i, run) in one.runs.iter().enumerate() {
            prop_assert!(run.parent.is_none_or(|parent| parent < i), "a child comes after its parent");
            prop_assert!(run.turns.windows(2).all(|pair| pair[0].n < pair[1].n), "numbers of turns rise");
            let ids = one.runs.iter().filter(|other| other.run_id == run.run_id).count();
            prop_assert_eq!(ids, 1, "no two runs share an id");
        }
        for (i, record) in records.iter().enumerate() {
            let places = one.steps.iter().filter(|s| s.record == Some(i) || s.joined.contains(&i)).count();
            let span = matches!(record.role, Role::Span | Role::Open);
            prop_assert!(places >= usize::from(span), "every span has a place");
        }
        for step in &one.steps {
            prop_assert!(!(step.counted && step.same_as.is_some()), "a second report never counts");
            prop_assert_eq!(step.depth, step.parent.map_or(0, |p| one.steps[p].depth + 1));
        }
    }
}
