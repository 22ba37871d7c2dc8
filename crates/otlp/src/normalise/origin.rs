//! The resource and scope that records came under.

use crate::redact::Redactor;
use opentelemetry_proto::tonic::{
    common::v1::{InstrumentationScope, any_value::Value as Any},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans},
};
use prost::Message as _;
use std::sync::Arc;
use turnscope_model::{ContentHash, Form, Origin};

/// The origin of records. Traces, logs and metrics of one process have the same.
pub(super) fn of(
    resource: Option<&Resource>,
    resource_schema: &str,
    scope: Option<&InstrumentationScope>,
    scope_schema: &str,
) -> Arc<Origin> {
    let scope_spans =
        vec![ScopeSpans { scope: scope.cloned(), spans: Vec::new(), schema_url: scope_schema.to_owned() }];
    let resource_spans =
        ResourceSpans { resource: resource.cloned(), scope_spans, schema_url: resource_schema.to_owned() };
    let bytes = resource_spans.encode_to_vec();
    Arc::new(Origin {
        service_name: resource.map_or("", service_name).to_owned(),
        scope_name: scope.map_or("", |scope| &scope.name).to_owned(),
        hash: ContentHash::of(Form::Bytes, &bytes),
        bytes,
    })
}

fn service_name(resource: &Resource) -> &str {
    let named =
        resource.attributes.iter().find(|kv| kv.key == "service.name").and_then(|kv| kv.value.as_ref());
    match named.and_then(|any| any.value.as_ref()) {
        Some(Any::StringValue(name)) => name,
        _ => "",
    }
}

/// Secrets in what a process says of itself, such as its command line.
pub(super) fn redact_resource(resource: Option<&mut Resource>, redactor: &Redactor) {
    if let Some(resource) = resource {
        redactor.attributes(&mut resource.attributes);
    }
}

/// Secrets in a scope's attributes.
pub(super) fn redact_scope(scope: Option<&mut InstrumentationScope>, redactor: &Redactor) {
    if let Some(scope) = scope {
        redactor.attributes(&mut scope.attributes);
    }
}
