//! Families of attributes that share a prefix: free metadata, and scores that carry their name in the key.
//!
//! Not here: keys of such a family that mean something (`…metadata.session_id`); those are in `fields`.

use super::value::RawValue;
use std::borrow::Cow;

/// What the attributes under a prefix are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Free key-value metadata.
    Metadata,
    /// A whole map of metadata, as JSON text or as a map.
    MetadataMap,
    /// `eval.score.<name>`.
    Score,
    /// `<prefix><N>.annotation.<part>` and the like.
    NumberedScore,
}

impl Family {
    /// Whether an attribute that the tables know by its whole name belongs to the family all the same.
    pub(super) fn keeps_known(self) -> bool {
        self == Self::MetadataMap
    }
}

/// The prefixes.
pub(super) static FAMILIES: &[(&str, Family)] = &[
    ("ai.telemetry.metadata.", Family::Metadata),
    ("ai.settings.context.", Family::Metadata),
    ("ai.settings.runtimeContext.", Family::Metadata),
    ("annotations.", Family::NumberedScore),
    ("eval.score.", Family::Score),
    ("evaluations.", Family::NumberedScore),
    ("langfuse.trace.metadata", Family::MetadataMap),
    ("langfuse.observation.metadata", Family::MetadataMap),
    ("langsmith.metadata.", Family::Metadata),
    ("litellm.metadata.", Family::Metadata),
    ("lmnr.association.properties.", Family::Metadata),
    ("lmnr.trace.metadata", Family::MetadataMap),
    ("metadata", Family::MetadataMap),
    ("mlflow.traceTag.", Family::Metadata),
    ("session.annotations.", Family::NumberedScore),
    ("session.evaluations.", Family::NumberedScore),
    ("trace.annotations.", Family::NumberedScore),
    ("trace.evaluations.", Family::NumberedScore),
    ("traceloop.association.properties.", Family::Metadata),
    ("turnscope.metadata.", Family::Metadata),
];

/// The family that a key belongs to.
pub(super) fn family_of(key: &str) -> Option<Family> {
    let found = FAMILIES.iter().find_map(|(prefix, family)| Some((key.strip_prefix(prefix)?, *family)));
    found
        .filter(|(rest, family)| *family != Family::MetadataMap || rest.is_empty() || rest.starts_with('.'))
        .map(|(_, family)| family)
}

/// What frameworks put among the application's metadata for their own use, and what is a fact of its own.
const INTERNAL: &[&str] = &[
    "langgraph_",
    "ls_",
    "lc_",
    "checkpoint_ns",
    "versions",
    "session_id",
    "thread_id",
    "user_id",
    "sessionId",
    "userId",
    "__pregel",
    "user_api_key",
    "usage_object",
    "spend_logs_metadata",
    "requester_",
    "applied_guardrails",
    "mlflow.trace_schema",
    "mlflow.trace.size",
];

/// Adds what an attribute of a metadata family holds.
pub(super) fn collect(family: Family, rest: &str, raw_value: RawValue<'_>, into: &mut Vec<(String, String)>) {
    let (name, raw_value) = match (family, rest.strip_prefix('.')) {
        (Family::MetadataMap, None) if rest.is_empty() => {
            for (name, raw_value) in raw_value.members() {
                add(name, raw_value, into);
            }
            return;
        }
        (Family::MetadataMap, Some(name)) => (name, raw_value),
        (Family::Metadata, _) => (rest, raw_value),
        _ => return,
    };
    add(name, raw_value, into);
}

fn add(name: &str, raw_value: RawValue<'_>, into: &mut Vec<(String, String)>) {
    if INTERNAL.iter().any(|internal| name.starts_with(internal)) || into.iter().any(|(held, _)| held == name)
    {
        return;
    }
    if let Some(text) = raw_value.is_meaningful().then(|| raw_value.whole_text()).flatten() {
        into.push((Cow::Borrowed(name).into_owned(), text));
    }
}
