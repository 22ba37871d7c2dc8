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

/// The process that records came from.
pub(super) struct Source {
    pub(super) resource: Option<Resource>,
    schema_url: String,
    /// Secrets that were taken out of the resource and of its scopes so far.
    pub(super) redacted: u64,
}

impl Source {
    /// Without the secrets in what a process says of itself, such as its command line.
    pub(super) fn of(mut resource: Option<Resource>, mut schema_url: String, redactor: &Redactor) -> Self {
        let mut redacted = redactor.text(&mut schema_url);
        if let Some(resource) = &mut resource {
            redacted += redactor.attributes(&mut resource.attributes);
            for entity in &mut resource.entity_refs {
                let keys = entity.id_keys.iter_mut().chain(&mut entity.description_keys);
                for text in keys.chain([&mut entity.schema_url, &mut entity.r#type]) {
                    redacted += redactor.text(text);
                }
            }
        }
        Self { resource, schema_url, redacted: redacted.into() }
    }

    /// The origin of records under this scope. Traces, logs and metrics of one process have the same.
    pub(super) fn origin(
        &mut self,
        mut scope: Option<InstrumentationScope>,
        scope_schema: &str,
        redactor: &Redactor,
    ) -> Arc<Origin> {
        let mut schema_url = scope_schema.to_owned();
        let mut redacted = redactor.text(&mut schema_url);
        if let Some(scope) = &mut scope {
            redacted += redactor.attributes(&mut scope.attributes);
            redacted += redactor.text(&mut scope.name) + redactor.text(&mut scope.version);
        }
        self.redacted += u64::from(redacted);
        let service_name = self.resource.as_ref().map_or("", service_name).to_owned();
        let scope_name = scope.as_ref().map_or_else(String::new, |scope| scope.name.clone());
        let scope_spans = vec![ScopeSpans { scope, spans: Vec::new(), schema_url }];
        let resource_spans = ResourceSpans {
            resource: self.resource.clone(),
            scope_spans,
            schema_url: self.schema_url.clone(),
        };
        let bytes = resource_spans.encode_to_vec();
        Arc::new(Origin { service_name, scope_name, hash: ContentHash::of(Form::Bytes, &bytes), bytes })
    }
}

/// The name of the service, or empty.
pub(crate) fn service_name(resource: &Resource) -> &str {
    let named =
        resource.attributes.iter().find(|kv| kv.key == "service.name").and_then(|kv| kv.value.as_ref());
    match named.and_then(|any| any.value.as_ref()) {
        Some(Any::StringValue(name)) => name,
        _ => "",
    }
}
