//! Checks what any OpenTelemetry backend may rely on. Decoding has already checked that strings are UTF-8.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::KeyValue,
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

/// Checks a request: its resource, its scopes, each span, and that no span is sent twice.
pub(crate) fn check(request: &ExportTraceServiceRequest) {
    let mut ids = BTreeSet::new();
    for resource in &request.resource_spans {
        let attributes = &resource.resource.as_ref().expect("a resource").attributes;
        check_attributes("the resource", attributes);
        for key in ["service.name", "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version"] {
            assert!(attributes.iter().any(|attribute| attribute.key == key), "the resource has no {key}");
        }
        for scope in &resource.scope_spans {
            assert!(!scope.scope.as_ref().expect("a scope").name.is_empty());
            for span in &scope.spans {
                check_span(span);
                assert!(ids.insert((&span.trace_id, &span.span_id)), "{} was sent twice", span.name);
            }
        }
    }
    assert!(!ids.is_empty(), "a request without spans");
}

fn check_span(span: &Span) {
    let name = &span.name;
    assert!(!name.is_empty() && is_id(&span.trace_id, 16) && is_id(&span.span_id, 8), "{span:?}");
    assert!(span.parent_span_id.is_empty() || is_id(&span.parent_span_id, 8), "{span:?}");
    assert_ne!(span.parent_span_id, span.span_id, "{name} is its own parent");
    assert!(span.kind() != SpanKind::Unspecified, "{name} has no kind");
    let soon = SystemTime::now() + Duration::from_secs(60);
    let soon = soon.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
    assert!(0 < span.start_time_unix_nano && span.end_time_unix_nano < soon, "{span:?}");
    assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{name} ends before it begins");
    check_attributes(name, &span.attributes);
    for event in &span.events {
        assert!(
            !event.name.is_empty() && 0 < event.time_unix_nano && event.time_unix_nano < soon,
            "{event:?}"
        );
        check_attributes(&event.name, &event.attributes);
    }
    for link in &span.links {
        assert!(is_id(&link.trace_id, 16) && is_id(&link.span_id, 8), "{link:?}");
        check_attributes("a link", &link.attributes);
    }
    if let Some(status) = &span.status {
        assert!(status.code() == StatusCode::Error || status.message.is_empty(), "{name}: {status:?}");
    }
}

fn is_id(bytes: &[u8], length: usize) -> bool {
    bytes.len() == length && bytes.iter().any(|byte| *byte != 0)
}

fn check_attributes(of: &str, attributes: &[KeyValue]) {
    let mut keys = BTreeSet::new();
    for attribute in attributes {
        let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
        assert!(!attribute.key.is_empty() && value.is_some(), "{of}: {attribute:?}");
        assert!(keys.insert(&attribute.key), "{of} has {} twice", attribute.key);
    }
}

/// Checks that spans form one complete trace: one root, no missing parent, and no span that begins before its
/// parent.
pub(crate) fn check_trace<'a>(spans: impl IntoIterator<Item = &'a Span>) {
    let spans: BTreeMap<_, _> = spans.into_iter().map(|span| (&span.span_id[..], span)).collect();
    let roots: Vec<_> = spans.values().filter(|span| span.parent_span_id.is_empty()).collect();
    assert_eq!(roots.len(), 1, "{spans:?}");
    for span in spans.values().filter(|span| !span.parent_span_id.is_empty()) {
        let parent = spans.get(&span.parent_span_id[..]).unwrap_or_else(|| panic!("{span:?} has no parent"));
        assert_eq!(span.trace_id, parent.trace_id, "{} and {}", span.name, parent.name);
        assert!(
            span.start_time_unix_nano >= parent.start_time_unix_nano,
            "{} and {}",
            span.name,
            parent.name
        );
    }
}
