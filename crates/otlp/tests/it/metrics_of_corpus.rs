//! Metrics are kept as they came, and say which sessions and users they belong to.

use crate::corpus::{self, Request};
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use turnscope_otlp::{normalise, redact::Redactor};

#[test]
fn metrics_are_kept_and_name_their_sessions() {
    let mut sessions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut cost = 0.0;
    let requests = corpus::requests();
    if requests.is_empty() {
        return;
    }
    for (producer, _, request) in requests {
        let Request::Metrics(request) = request else { continue };
        let sent: Vec<Metric> = request.resource_metrics.iter().flat_map(metrics_of).cloned().collect();
        let found = normalise::metrics(request, &Redactor::off());
        let back: Vec<Metric> = found
            .records
            .iter()
            .map(|record| Metric::decode(&record.bytes[..]).expect("it decodes"))
            .collect();
        assert_eq!(back, sent);
        for record in &found.records {
            assert!(
                record.points == 0 || (record.start > 0 && record.start <= record.end),
                "{}",
                record.name
            );
            for fact in &record.facts {
                sessions.entry(producer.clone()).or_default().extend(fact.session_id.clone());
                users.entry(producer.clone()).or_default().extend(fact.user_id.clone());
                if record.name == "claude_code.cost.usage" {
                    assert!(fact.is_delta && fact.model.is_some());
                    cost += fact.value;
                }
            }
        }
    }
    assert!(sessions["mlflow"].contains("sess-7f3a") && users["mlflow"].contains("user-42"));
    assert!(sessions["traceloop-sdk"].contains("sess-7f3b") && users["traceloop-sdk"].contains("user-43"));
    assert_eq!(sessions["claude-agent-sdk"].len(), 8);
    assert!(cost > 0.0);
}

fn metrics_of(resource: &ResourceMetrics) -> impl Iterator<Item = &Metric> {
    resource.scope_metrics.iter().flat_map(|scope| &scope.metrics)
}
