//! Who speaks in an event.

/// Who speaks in an event of this name.
pub(super) fn event_role(event: &str) -> Option<&'static str> {
    match event {
        "gen_ai.system.message" => Some("system"),
        "gen_ai.user.message" | "gen_ai.content.prompt" => Some("user"),
        "gen_ai.assistant.message" | "gen_ai.choice" | "gen_ai.content.completion" => Some("assistant"),
        "gen_ai.tool.message" => Some("tool"),
        _ => None,
    }
}
