//! How schemas of replies are made.

use schemars::Schema;
use serde_json::Value;

/// Replies are read with every field optional, so that another version's can be read too; they are written whole. The
/// schema describes what is written: fields have no defaults, and what is never null is always there.
pub(crate) fn written_whole(schema: &mut Schema) {
    let mut required = Vec::new();
    if let Some(Value::Object(properties)) = schema.ensure_object().get_mut("properties") {
        for (name, property) in properties {
            if let Value::Object(property) = property {
                property.remove("default");
                if !may_be_null(property) {
                    required.push(Value::String(name.clone()));
                }
            }
        }
    }
    if !required.is_empty() {
        schema.insert("required".into(), Value::Array(required));
    }
}

fn may_be_null(property: &serde_json::Map<String, Value>) -> bool {
    let names_null = |value: &Value| match value {
        Value::String(name) => name == "null",
        Value::Array(names) => names.iter().any(|name| name == "null"),
        _ => false,
    };
    let says_type = ["type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"];
    if !says_type.iter().any(|key| property.contains_key(*key)) {
        return true; // any JSON
    }
    let any_of = property.get("anyOf").and_then(Value::as_array);
    property.get("type").is_some_and(names_null)
        || any_of.is_some_and(|all| all.iter().any(|one| one.get("type").is_some_and(names_null)))
}
