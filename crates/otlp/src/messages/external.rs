//! External contents: a producer stored them elsewhere, and its span holds the address under the usual key with `_ref`
//! appended, as OpenTelemetry's own GenAI instrumentation and the crate `turnscope` do.
//!
//! Not here: reading what is at the address.

use crate::cut;
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    trace::v1::Span,
};
use serde_json::json;
use turnscope_model::{Kind, Purpose};

const SUFFIX: &str = "_ref";

/// The span with the contents beside their addresses; `None` where it holds no address. `fetch` gives the text at an
/// address; where it has none, the address itself is shown.
pub fn fetched(span: &Span, kind: Kind, fetch: impl Fn(&str) -> Option<String>) -> Option<Span> {
    let found: Vec<KeyValue> =
        span.attributes.iter().filter_map(|attribute| content(span, kind, attribute, &fetch)).collect();
    if found.is_empty() {
        return None;
    }
    let mut span = span.clone();
    span.attributes.extend(found);
    Some(span)
}

fn content(
    span: &Span,
    kind: Kind,
    attribute: &KeyValue,
    fetch: &impl Fn(&str) -> Option<String>,
) -> Option<KeyValue> {
    let key = attribute.key.strip_suffix(SUFFIX)?;
    let (purpose, _) = cut::purpose_of(key, kind, "");
    let Some(Any::StringValue(address)) = attribute.value.as_ref()?.value.as_ref() else { return None };
    if purpose == Purpose::Other || span.attributes.iter().any(|other| other.key == key) {
        return None;
    }
    let text = fetch(address).unwrap_or_else(|| as_link(purpose, address));
    let value = Some(AnyValue { value: Some(Any::StringValue(text)) });
    Some(KeyValue { key: key.to_owned(), value, ..KeyValue::default() })
}

/// An address as a message with a link.
fn as_link(purpose: Purpose, address: &str) -> String {
    let part = json!({"type": "uri", "modality": "text", "uri": address});
    match purpose {
        Purpose::Input => json!([{"role": "user", "parts": [part]}]).to_string(),
        Purpose::Output => json!([{"role": "assistant", "parts": [part]}]).to_string(),
        Purpose::System => json!([part]).to_string(),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Content;
    use turnscope_model::Part;

    fn span(attributes: &[(&str, &str)]) -> Span {
        let attribute = |(key, text): &(&str, &str)| KeyValue {
            key: (*key).to_owned(),
            value: Some(AnyValue { value: Some(Any::StringValue((*text).to_owned())) }),
            ..KeyValue::default()
        };
        Span { attributes: attributes.iter().map(attribute).collect(), ..Span::default() }
    }

    #[test]
    fn what_is_found_is_read_as_if_it_had_been_sent() {
        let sent =
            span(&[("gen_ai.input.messages_ref", "s3://b/in"), ("gen_ai.output.messages_ref", "s3://b/out")]);
        let said = r#"[{"role":"user","parts":[{"type":"text","content":"hi"}]}]"#;
        let read =
            fetched(&sent, Kind::Llm, |address| (address == "s3://b/in").then(|| said.to_owned())).unwrap();
        let content = Content::of_span(&read, &[], Kind::Llm);
        assert_eq!(content.input[0].parts, [Part::Text { content: "hi".into() }]);
        let uri = Part::Uri { modality: "text".into(), mime_type: None, uri: "s3://b/out".into() };
        assert_eq!(
            (content.output[0].role.as_str(), &content.output[0].parts[..]),
            ("assistant", &[uri][..])
        );
    }

    #[test]
    fn what_was_sent_is_not_fetched_and_other_keys_are_not_addresses() {
        let sent = span(&[
            ("gen_ai.input.messages", "[]"),
            ("gen_ai.input.messages_ref", "s3://b"),
            ("git_ref", "main"),
        ]);
        assert_eq!(fetched(&sent, Kind::Llm, |_| unreachable!()), None);
        let tool = span(&[("gen_ai.tool.call.arguments_ref", "file:///a")]);
        let read = fetched(&tool, Kind::Tool, |_| None).unwrap();
        assert_eq!(Content::of_span(&read, &[], Kind::Tool).arguments, Some("file:///a".into()));
    }
}
