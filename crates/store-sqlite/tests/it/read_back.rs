//! Exactness: whatever was sent is read back equal, in any order, sent twice, and after the store was closed.

use crate::{any_otlp, world::*};
use opentelemetry_proto::tonic::{logs::v1::LogRecord, trace::v1::Span};
use proptest::{collection::vec, prelude::*};
use prost::Message;
use turnscope_otlp::redact::Redactor;
use turnscope_store::{Maintenance as _, commit_and_wait};

/// What a run of requests looks like: random spans that get ids of their own within a few traces, some of which carry
/// a history that grows or slides.
fn requests() -> impl Strategy<Value = Vec<Vec<Span>>> {
    let history = (0_usize..6, 1_usize..12, any::<bool>());
    let one = (any_otlp::span(), 1_u8..4, prop::option::weighted(0.5, history));
    vec(vec(one, 0..6), 1..6).prop_map(|requests| {
        let mut next = 0_u64;
        let number = |(mut span, trace, history): (Span, u8, Option<(usize, usize, bool)>)| {
            next += 1;
            span.trace_id = vec![trace; 16];
            span.span_id = next.to_be_bytes().to_vec();
            if let Some((from, count, first)) = history {
                let texts = said(if first { 0..count } else { from..from + count });
                span.attributes.extend(call(1, (1, 0), (0, 1), &texts, "yes").attributes);
            }
            span
        };
        let mut number = number;
        requests.into_iter().map(|spans| spans.into_iter().map(&mut number).collect()).collect()
    })
}

fn sorted<T: Message>(messages: impl IntoIterator<Item = T>) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = messages.into_iter().map(|message| message.encode_to_vec()).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_spans_are_read_back_equal(requests in requests(), order in any::<prop::sample::Index>()) {
        let mut world = World::new();
        for spans in &requests {
            world.send(spans.clone());
        }
        // Once more, from somewhere in the middle: nothing is stored twice.
        let again = order.index(requests.len());
        prop_assert_eq!(world.send(requests[again].clone()).records, 0);
        let sent = sorted(requests.into_iter().flatten());
        prop_assert!(sorted(world.spans()) == sent, "read back beside the writer");
        world.reopen();
        prop_assert!(sorted(world.spans()) == sent, "read back after reopening");
        world.store().vacuum().unwrap();
        prop_assert!(sorted(world.spans()) == sent, "read back after vacuum");
    }

    #[test]
    fn random_log_records_are_read_back_equal(logs in vec(any_otlp::log(), 1..8)) {
        let mut world = World::new();
        let numbered: Vec<LogRecord> = logs
            .into_iter()
            .enumerate()
            .map(|(n, mut log)| {
                log.attributes.push(text("n", n.to_string()));
                log
            })
            .collect();
        let (first, second) = numbered.split_at(numbered.len() / 2);
        world.send_logs(first.to_vec());
        world.send_logs(second.to_vec());
        prop_assert_eq!(world.send_logs(second.to_vec()).records, 0);
        world.reopen();
        prop_assert!(sorted(world.logs()) == sorted(numbered));
    }

    #[test]
    fn with_redaction_only_what_is_secret_differs(spans in vec(any_otlp::span(), 1..5)) {
        let world = World::new();
        let mut sent: Vec<Span> = spans
            .into_iter()
            .enumerate()
            .map(|(n, mut span)| {
                span.trace_id = vec![1; 16];
                span.span_id = (n as u64 + 1).to_be_bytes().to_vec();
                // The generator writes secret keys among others: those are asked for apart, below.
                drop_secret_keys(&mut span);
                span
            })
            .collect();
        let plain = sorted(sent.clone());
        for span in &mut sent {
            span.attributes.push(text("http.request.header.authorization", "Bearer very-secret-indeed"));
        }
        commit_and_wait(world.store(), batch(sent, &Redactor::default())).unwrap();
        let mut back = world.spans();
        for span in &mut back {
            let last = span.attributes.pop().expect("what was added");
            let shown = format!("{last:?}");
            prop_assert!(shown.contains("[redacted:") && !shown.contains("very-secret-indeed"), "{shown}");
        }
        prop_assert!(sorted(back) == plain);
    }
}

fn drop_secret_keys(span: &mut Span) {
    let is_secret = |text: &str| text.contains("authorization");
    span.attributes.retain(|kv| !is_secret(&format!("{kv:?}")));
    for event in &mut span.events {
        event.attributes.retain(|kv| !is_secret(&format!("{kv:?}")));
    }
    for link in &mut span.links {
        link.attributes.retain(|kv| !is_secret(&format!("{kv:?}")));
    }
}

#[test]
fn twins_of_one_request_are_both_kept_and_a_second_delivery_adds_nothing() {
    let world = World::new();
    let log = LogRecord { time_unix_nano: at(1), trace_id: vec![1; 16], ..LogRecord::default() };
    let request = vec![log.clone(), log];
    assert_eq!(world.send_logs(request.clone()).records, 2);
    assert_eq!(world.send_logs(request).records, 0);
    assert_eq!(world.logs().len(), 2);
}

#[test]
fn a_history_that_is_sent_again_costs_a_few_bytes() {
    let world = World::new();
    world.send(vec![agent(1, (1, 0), "a", (0, 1000))]);
    for turn in 1..30 {
        let times = (turn as u64 * 10, turn as u64 * 10 + 5);
        world.send(vec![call(1, (turn as u8 + 1, 1), times, &said(0..turn * 2), "yes")]);
    }
    assert_eq!(world.count("SELECT count(*) FROM contexts WHERE purpose = 0 AND length(ops) > 16"), 0);
    assert_eq!(world.spans().len(), 30);
}
