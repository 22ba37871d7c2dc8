//! Tool definitions: OpenAI, Anthropic, Gemini, Bedrock, pydantic-ai, Vercel and MCP write them differently.

use super::{
    json::{first, first_text, of_structure},
    part::parsed,
};
use serde_json::{Map, Value as Json};
use turnscope_model::ToolDefinition;

/// The definitions that this value holds.
pub(super) fn definitions(json: &Json) -> Vec<ToolDefinition> {
    match json {
        Json::Array(list) => list.iter().flat_map(definitions).collect(),
        Json::String(text) => match of_structure(text) {
            Some(inner) => definitions(&inner),
            None => vec![ToolDefinition { name: text.clone(), description: None, parameters: None }],
        },
        Json::Object(map) => definition(map),
        _ => Vec::new(),
    }
}

fn definition(map: &Map<String, Json>) -> Vec<ToolDefinition> {
    let lists = ["function_declarations", "functionDeclarations", "function_tools", "output_tools", "tools"];
    let found: Vec<ToolDefinition> =
        lists.iter().filter_map(|key| map.get(*key)).flat_map(definitions).collect();
    if !found.is_empty() {
        return found;
    }
    let inner = first(map, &["function", "toolSpec", "tool_spec", "tool", "json_schema"]);
    if !map.contains_key("name")
        && let Some(inner) = inner
    {
        return definitions(inner);
    }
    let Some(name) = first_text(map, &["name"]) else { return Vec::new() };
    let schemas =
        ["parameters", "input_schema", "inputSchema", "parameters_json_schema", "json_schema", "args"];
    let schema = first(map, &schemas).map(parsed).map(|schema| match schema {
        Json::Object(mut inner) if inner.len() == 1 && inner.contains_key("json") => {
            inner.remove("json").unwrap_or_default()
        }
        other => other,
    });
    vec![ToolDefinition { name, description: first_text(map, &["description"]), parameters: schema }]
}
