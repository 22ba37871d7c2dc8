//! Claude Code's spans: what tables cannot say of them. Its log events are in `agent_events`.

use super::{agent_events, gather::Picks, view::{Found, View}};

/// Corrects what its attributes mean otherwise elsewhere.
pub(super) fn adjust(view: &View<'_>, _: &Picks<'_>, found: &mut Found) {
    agent_events::prefer_account(view, found);
    // Here the key names the turn of the user, not a prompt's template.
    if let Some(prompt) = found.facts.prompt_id.take() {
        found.facts.native_run_id.get_or_insert(prompt);
    }
}
