//! Spans: the tables first, then what a dialect needs beyond them.

use super::{
    agent_events, agent_inspector, facts,
    field::Field,
    logfire, printed,
    select::{self, Selection},
    view::{Found, View},
};
use turnscope_model::Role;

type Adjust = fn(&View<'_>, &Selection<'_>, &mut Found);

/// Dialects that need more than tables.
static ADJUST: &[(&str, Adjust)] = &[
    ("agent-inspector", agent_inspector::adjust),
    ("claude-code", agent_events::adjust_span),
    ("codex", agent_events::adjust_codex),
    ("gemini-cli", agent_events::adjust_gemini),
    ("qwen-code", agent_events::adjust_gemini),
    ("openinference", printed::adjust),
    ("llama-index", printed::adjust),
];

/// The facts of a span.
pub(super) fn find(view: &View<'_>) -> Found {
    let mut selection = select::select(view.attributes, view.resource);
    let kind = facts::kind_of(view, &selection);
    selection.settle(kind);
    view.note_selection(&selection, kind);
    let mut found = Found::plain(view);
    found.facts = facts::build(view, &selection, kind);
    if view.end == 0 {
        found.role = Role::Open;
        found.end = None;
    }
    // Logfire's processor works on the spans of any library.
    if selection.get(Field::SpanType).is_some() {
        logfire::adjust(view, &selection, &mut found);
    }
    if let Some((_, adjust)) = ADJUST.iter().find(|(dialect, _)| *dialect == found.facts.dialect) {
        adjust(view, &selection, &mut found);
    }
    found
}
