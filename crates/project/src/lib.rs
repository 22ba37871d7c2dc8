//! Derives runs, turns and steps from the records of one trace group (usually: one trace).
//!
//! In: the records' facts, in any order, each once. Out: the runs they make, every record's place in them, and
//! steps for which no span came. Not here: SQL, bodies, messages, prices, the clock. Open runs are fine.
//!
//! The way through, one file for each idea: `tree` (records → steps in pre-order, `events` joined) → `calls` (each
//! model call once) → `runs` (which steps make runs) → `tools` (each tool call once, also without a span) → `approvals`
//! (questions to people, and which runs wait) → `turns` → `figures` and `assemble` (what is shown). `join` says which
//! groups must be projected together.

mod approvals;
mod asked;
mod assemble;
#[cfg(test)]
mod builder;
mod calls;
mod events;
mod figures;
mod join;
mod projection;
#[cfg(test)]
mod properties;
mod runs;
mod step;
#[cfg(test)]
mod tests;
mod tools;
mod trace_group;
mod tree;
mod turns;

pub use asked::Asked;
pub use join::{join_keys, sought_key};
pub use projection::{Projection, RecordFacts, RunView, StepView, TurnView};
pub use trace_group::TraceGroup;

use turnscope_model::{GroupKey, RunId};

/// What these records make. `groups` name what they have in common: one, or several that were merged ([`join_keys`]). The
/// same groups and records in another order give the same result.
pub fn project(groups: &[GroupKey], records: &[RecordFacts]) -> Projection {
    let group = in_common(groups, records);
    let mut steps = tree::build(records);
    calls::mark(&mut steps, records);
    let runs = runs::assign(group, &mut steps, records);
    let starts = runs::starts(&runs, &steps);
    let runs = runs::sort(&runs, &mut steps, &starts);
    tools::mark(&mut steps, &runs);
    assemble::assemble(steps, &runs, records)
}

/// The one of these groups by which runs are told apart: a trace before a name. What is said later of an answer names
/// nothing but the answer, so it counts only where nothing else is known.
fn in_common(groups: &[GroupKey], records: &[RecordFacts]) -> GroupKey {
    let names_an_answer = |group: &GroupKey| {
        let GroupKey::Assembled(id) = group else { return false };
        records.iter().filter(|record| record.trace_id.is_none()).any(|record| {
            record.facts.response_id.as_deref().is_some_and(|answer| RunId::of_answer(answer) == *id)
        })
    };
    let best = groups.iter().filter(|group| !names_an_answer(group)).min();
    let trace = || records.iter().find_map(|record| record.trace_id).map(GroupKey::Trace);
    best.copied().or_else(trace).or_else(|| groups.iter().min().copied()).unwrap_or(GroupKey::None)
}
