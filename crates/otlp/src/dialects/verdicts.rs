//! The verdict of a policy gate or a human on a tool call.
//!
//! Here: attributes that say allow, deny or ask, and the words in which tools report decisions. Not here: counting a
//! call's verdicts once (the crate `project`).

use super::{field::Field, select::Selection, view::View};
use crate::person::{NO, YES};
use turnscope_model::{Facts, Kind, Resolution, Verdict};

const ASK: &[&str] =
    &["hitl", "ask", "ask_user", "require_approval", "requires_approval", "pending", "escalate"];

/// Fills the verdict in.
pub(super) fn fill(facts: &mut Facts, selection: &Selection<'_>, view: &View<'_>) {
    let by = |field, how| view.note_field("verdict", field, selection, how);
    if let Some((verdict, field)) = of_policy(selection) {
        by(field, "the gate says it");
        facts.verdict = Some(verdict);
    }
    if facts.verdict.is_none() && facts.kind == Kind::Policy {
        if let Some(triggered) = selection.truth(Field::Triggered) {
            by(Field::Triggered, "a guardrail that was triggered denies");
            facts.verdict = Some(if triggered { Verdict::Deny } else { Verdict::Allow });
        } else if let Some(decision) = selection.cow(Field::Decision) {
            by(Field::Decision, "the word for the decision");
            view.note_field("resolution", Field::Decision, selection, "a person decided");
            decide(facts, &decision, selection.cow(Field::DecidedBy).as_deref());
        }
    }
    if facts.verdict.is_none() && selection.cow(Field::Deferral).is_some_and(|name| name.contains("pproval"))
    {
        by(Field::Deferral, "the call is put off until it is approved");
        facts.verdict = Some(Verdict::Hitl);
    }
    // A question to a person has its verdict later, and says why it is asked here.
    if facts.verdict.is_some() || facts.kind == Kind::Policy {
        facts.decided_by = facts.decided_by.take().or_else(|| selection.text(Field::DecidedBy));
        facts.reason = selection.text(Field::Reason);
        facts.risk_tier = selection.text(Field::RiskTier);
    }
}

/// A gate that needs a human has neither allowed nor denied yet.
fn of_policy(selection: &Selection<'_>) -> Option<(Verdict, Field)> {
    if selection.truth(Field::PolicyDeny) == Some(true) {
        return Some((Verdict::Deny, Field::PolicyDeny));
    }
    if selection.truth(Field::PolicyHuman) == Some(true) {
        return Some((Verdict::Hitl, Field::PolicyHuman));
    }
    let verdict = if selection.truth(Field::PolicyAllow)? { Verdict::Allow } else { Verdict::Deny };
    Some((verdict, Field::PolicyAllow))
}

/// Takes a decision in words. Where the one who decided is the user, a human was asked.
pub(super) fn decide(facts: &mut Facts, decision: &str, source: Option<&str>) {
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(decision));
    let asked = source.is_some_and(|source| {
        source.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("user"))
            || source.eq_ignore_ascii_case("human")
    });
    let (verdict, resolution) = if is(ASK) {
        (Verdict::Hitl, None)
    } else if is(YES) {
        if asked { (Verdict::Hitl, Some(Resolution::Approved)) } else { (Verdict::Allow, None) }
    } else if is(NO) {
        if asked { (Verdict::Hitl, Some(Resolution::Rejected)) } else { (Verdict::Deny, None) }
    } else {
        return;
    };
    facts.verdict = Some(verdict);
    facts.resolution = resolution;
    facts.decided_by = source.map(str::to_owned);
}
