//! Further dimensions of the span metrics: the attributes that `--span-metric-dimension` names.
//!
//! Here: their labels, and a span's values. Not here: counting (`spanmetrics`).

use opentelemetry_proto::tonic::{common::v1::KeyValue, trace::v1::ResourceSpans};
use std::sync::Arc;
use turnscope_answers::attribute_text;
use turnscope_model::{Facts, Origin, Record, Verdict};
use turnscope_otlp::cut;

/// The labels that every series has; `le` is the histogram's.
const OWN_LABELS: [&str; 5] = ["service_name", "span_name", "span_kind", "status_code", "le"];

/// The dimensions that are asked for.
#[derive(Debug, Default)]
pub(crate) struct Dimensions(Vec<Dimension>);

#[derive(Debug)]
struct Dimension {
    attribute: String,
    label: String,
    fact: Option<Fact>,
}

/// What Turnscope knows of a span under the name of an attribute, whatever its dialect calls it.
type Fact = fn(&Facts) -> Option<String>;

impl Dimensions {
    /// The dimensions of these attributes.
    ///
    /// # Errors
    /// One is named twice, or its name holds nothing that a label can.
    pub(crate) fn new(attributes: &[String]) -> Result<Self, String> {
        let mut all: Vec<Dimension> = Vec::new();
        for attribute in attributes {
            let wanted = label_name(attribute).ok_or_else(|| {
                format!(
                    "--span-metric-dimension {attribute:?} makes no label: give the name of an attribute that has letters from A to Z or digits"
                )
            })?;
            if all.iter().any(|dimension| dimension.attribute == *attribute) {
                return Err(format!("--span-metric-dimension {attribute:?} is given twice: leave one out"));
            }
            let is_taken =
                |name: &str| OWN_LABELS.contains(&name) || all.iter().any(|other| other.label == name);
            // Prometheus refuses a whole page for one label name that appears twice.
            let mut label = wanted.clone();
            let mut n = 2;
            while is_taken(&label) {
                label = format!("{wanted}_{n}");
                n += 1;
            }
            all.push(Dimension { attribute: attribute.clone(), label, fact: fact_named(attribute) });
        }
        Ok(Self(all))
    }

    /// Says in the log which of them have another label than their names suggest.
    pub(crate) fn log_renamed(&self) {
        for Dimension { attribute, label, .. } in &self.0 {
            if label_name(attribute).as_ref() != Some(label) {
                tracing::warn!("--span-metric-dimension {attribute:?}: its label is taken, so it is {label}");
            }
        }
    }

    /// Their labels.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|dimension| &*dimension.label)
    }

    /// Reads the values of one request's spans.
    pub(crate) fn reader(&self) -> DimensionReader<'_> {
        DimensionReader { dimensions: self, resource: None }
    }
}

/// Reads values. A resource is decoded once for the spans that follow one another under it.
pub(crate) struct DimensionReader<'a> {
    dimensions: &'a Dimensions,
    resource: Option<(Arc<Origin>, Vec<KeyValue>)>,
}

impl DimensionReader<'_> {
    /// A span's values, one for each dimension: what is known, else the span's attribute, else its resource's; empty
    /// where there is none.
    pub(crate) fn of(&mut self, record: &Record) -> Vec<String> {
        let dimensions = &self.dimensions.0;
        let known = dimensions.iter().map(|dimension| dimension.fact.and_then(|fact| fact(&record.facts)));
        let mut values: Vec<Option<String>> = known.collect();
        let mut fill = |find: &mut dyn FnMut(&[&str]) -> Vec<Option<String>>| {
            let missing: Vec<usize> = (0..values.len()).filter(|n| values[*n].is_none()).collect();
            if !missing.is_empty() {
                let names: Vec<&str> = missing.iter().map(|n| &*dimensions[*n].attribute).collect();
                for (n, found) in missing.into_iter().zip(find(&names)) {
                    values[n] = found;
                }
            }
        };
        fill(&mut |names| {
            let own = cut::attributes_named(&record.body, names).unwrap_or_default();
            names.iter().map(|name| text_of(&own, name).or_else(|| metadata(&record.facts, name))).collect()
        });
        fill(&mut |names| {
            let resource = resource(&mut self.resource, &record.origin);
            names.iter().map(|name| text_of(resource, name)).collect()
        });
        values.into_iter().map(Option::unwrap_or_default).collect()
    }
}

fn resource<'a>(last: &'a mut Option<(Arc<Origin>, Vec<KeyValue>)>, origin: &Arc<Origin>) -> &'a [KeyValue] {
    let is_last = last.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, origin));
    if !is_last {
        *last = None;
    }
    let (_, attributes) = last.get_or_insert_with(|| {
        let decoded: ResourceSpans = prost::Message::decode(&origin.bytes[..]).unwrap_or_default();
        (Arc::clone(origin), decoded.resource.unwrap_or_default().attributes)
    });
    attributes
}

/// The value of an attribute. Of a repeated key the last value counts, as everywhere.
fn text_of(attributes: &[KeyValue], name: &str) -> Option<String> {
    let value = attributes.iter().rfind(|kv| kv.key == name)?.value.as_ref()?;
    value.value.as_ref().map(|_| attribute_text(value))
}

fn metadata(facts: &Facts, name: &str) -> Option<String> {
    facts.metadata.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

/// An attribute's name as a label: its letters and digits with underscores for the rest. Prometheus refuses a name that
/// starts with a digit, and drops labels that start with two underscores.
fn label_name(attribute: &str) -> Option<String> {
    if !attribute.contains(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let name: String = attribute.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let rest = name.trim_start_matches('_');
    let is_plain = rest.len() == name.len() && !name.starts_with(|c: char| c.is_ascii_digit());
    Some(if is_plain { name } else { format!("_{rest}") })
}

fn fact_named(attribute: &str) -> Option<Fact> {
    Some(match attribute {
        "kitelogik.policy.allow" => |facts| is_verdict(facts, Verdict::Allow),
        "kitelogik.policy.deny" => |facts| is_verdict(facts, Verdict::Deny),
        "kitelogik.policy.requires_hitl" => |facts| is_verdict(facts, Verdict::Hitl),
        "verdict" => |facts| facts.verdict.map(|verdict| verdict.as_str().to_owned()),
        "risk_tier" | "kitelogik.policy.risk_tier" => |facts| facts.risk_tier.clone(),
        "tool_name" | "gen_ai.tool.name" => |facts| facts.tool_name.clone(),
        "agent_name" | "gen_ai.agent.name" => |facts| facts.agent_name.clone(),
        "model" | "gen_ai.request.model" => |facts| facts.request_model.clone(),
        "provider" | "gen_ai.provider.name" => |facts| facts.provider.clone(),
        "session_id" | "session.id" => |facts| facts.session_id.clone(),
        "user_role" | "kitelogik.user_role" => |facts| facts.user_role.clone(),
        "dialect" => |facts| Some(facts.dialect.clone()),
        _ => return None,
    })
}

fn is_verdict(facts: &Facts, wanted: Verdict) -> Option<String> {
    facts.verdict.map(|verdict| (verdict == wanted).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use opentelemetry_proto::tonic::{
        collector::trace::v1::ExportTraceServiceRequest,
        common::v1::{AnyValue, ArrayValue, any_value::Value},
        resource::v1::Resource,
        trace::v1::{ScopeSpans, Span},
    };
    use prost::Message as _;
    use turnscope_otlp::{
        decode::{Budget, Format},
        receive,
        redact::Redactor,
    };

    fn dimensions(attributes: &[&str]) -> Result<Dimensions, String> {
        Dimensions::new(&attributes.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    fn attribute(key: &str, value: Value) -> KeyValue {
        KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
    }

    fn text(key: &str, value: &str) -> KeyValue {
        attribute(key, Value::StringValue(value.into()))
    }

    /// The values of spans with these attributes, received together under resources with these.
    fn values(asked: &[&str], sent: &[(Vec<KeyValue>, Vec<KeyValue>)]) -> Vec<Vec<String>> {
        let resource_spans = sent.iter().zip(1_u8..).map(|((resource, span), n)| {
            let span = Span {
                trace_id: vec![n; 16],
                span_id: vec![n; 8],
                name: "call".into(),
                start_time_unix_nano: clock::now_ns(),
                attributes: span.clone(),
                ..Span::default()
            };
            ResourceSpans {
                resource: Some(Resource { attributes: resource.clone(), ..Resource::default() }),
                scope_spans: vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }],
                ..ResourceSpans::default()
            }
        });
        let body = ExportTraceServiceRequest { resource_spans: resource_spans.collect() }.encode_to_vec();
        let grant = |_| true;
        let received =
            receive::traces(&body.into(), Format::Protobuf, &Redactor::default(), &Budget::new(&grant))
                .unwrap();
        let dimensions = dimensions(asked).unwrap();
        let mut reader = dimensions.reader();
        received.records.iter().map(|record| reader.of(record)).collect()
    }

    #[test]
    fn a_dimension_takes_any_attribute_of_the_span_else_of_its_resource() {
        let asked = ["deployment.environment", "tenant", "http.status", "ratio", "cached", "tags", "long"];
        let long = "x".repeat(5000);
        let span = vec![
            text("tenant", "acme"),
            attribute("http.status", Value::IntValue(429)),
            attribute("ratio", Value::DoubleValue(f64::NAN)),
            attribute("cached", Value::BoolValue(false)),
            attribute(
                "tags",
                Value::ArrayValue(ArrayValue { values: vec![text("", "a").value.unwrap_or_default()] }),
            ),
            text("long", &long),
        ];
        let found = values(
            &asked,
            &[
                (vec![text("deployment.environment", "prod"), text("tenant", "none")], span),
                (vec![text("tenant", "other")], vec![]),
            ],
        );
        assert_eq!(found[0], ["prod", "acme", "429", "NaN", "false", r#"["a"]"#, &long]);
        assert_eq!(found[1], ["", "other", "", "", "", "", ""]);
    }

    #[test]
    fn a_value_in_a_flattened_list_is_found_too() {
        let long = "y".repeat(300);
        let span = vec![text("llm.input_messages.0.message.content", &long), text("llm.tag", "z")];
        let found = values(&["llm.input_messages.0.message.content", "llm.tag"], &[(vec![], span)]);
        assert_eq!(found, [[long, "z".into()]]);
    }

    #[test]
    fn what_a_dialect_calls_otherwise_is_known_by_the_standard_name() {
        let span = vec![
            text("openinference.span.kind", "TOOL"),
            text("tool.name", "refund"),
            text("kitelogik.policy.deny", "True"),
            text("metadata", r#"{"team": "billing"}"#),
        ];
        let asked =
            ["gen_ai.tool.name", "tool_name", "kitelogik.policy.deny", "verdict", "team", "tool.name"];
        let found = values(&asked, &[(vec![], span)]);
        assert_eq!(found, [["refund", "refund", "true", "deny", "billing", "refund"]]);
    }

    #[test]
    fn no_label_name_appears_twice_or_is_one_that_prometheus_refuses_or_drops() {
        let asked = [
            "service.name",
            "gen_ai.tool.name",
            "gen_ai_tool_name",
            "2nd.tier",
            "le",
            "__name__",
            "..x",
            "prénom",
        ];
        let dimensions = dimensions(&asked).unwrap();
        let labels: Vec<&str> = dimensions.labels().collect();
        let expected = [
            "service_name_2",
            "gen_ai_tool_name",
            "gen_ai_tool_name_2",
            "_2nd_tier",
            "le_2",
            "_name__",
            "_x",
            "pr_nom",
        ];
        assert_eq!(labels, expected);
    }

    #[test]
    fn what_makes_no_label_or_is_there_twice_is_refused() {
        for (asked, why) in [
            (&[""][..], r#""" makes no label"#),
            (&["  "], "makes no label"),
            (&["._-"], "makes no label"),
            (&["日本"], "makes no label"),
            (&["tenant", "region", "tenant"], r#""tenant" is given twice"#),
        ] {
            let refused = dimensions(asked).expect_err("it is refused");
            assert!(refused.contains(why), "{refused}");
        }
    }
}
