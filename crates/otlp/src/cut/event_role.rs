//! Who speaks in an event.

/// Who speaks in an event of this name.
pub(crate) fn event_role(event: &str) -> Option<&'static str> {
    match event {
        "gen_ai.system.message" => Some("system"),
        "gen_ai.user.message" | "gen_ai.content.prompt" => Some("user"),
        "gen_ai.assistant.message" | "gen_ai.choice" | "gen_ai.content.completion" => Some("assistant"),
        "gen_ai.tool.message" => Some("tool"),
        _ => by_ending(event),
    }
}

/// Events of other producers, by how their names end: `guardrails.user_message`, `acme.assistant.message`. Log events of
/// coding agents have rules of their own.
fn by_ending(event: &str) -> Option<&'static str> {
    let (before, last) = event.rsplit_once('.')?;
    match last {
        "user_message" | "user_input" => Some("user"),
        "assistant_message" | "bot_message" | "ai_message" => Some("assistant"),
        "message" => match before.rsplit('.').next()? {
            "user" | "human" => Some("user"),
            "assistant" | "bot" | "ai" => Some("assistant"),
            _ => None,
        },
        "started" if before.ends_with(".utterance.bot") => Some("assistant"),
        _ => None,
    }
}
