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
pub use join::join_keys;
pub use projection::{Projection, RecordFacts, RunView, StepView, TurnView};
pub use trace_group::TraceGroup;

use turnscope_model::{GroupKey, RunId};

/// What these records make. `group` names what they have in common; where groups were merged ([`join_keys`]), any of
/// them. The same records in another order give the same result.
pub fn project(group: GroupKey, records: &[RecordFacts]) -> Projection {
    let group = in_traces(group, records);
    let mut steps = tree::build(records);
    calls::mark(&mut steps, records);
    let runs = runs::assign(group, &mut steps, records);
    let starts = runs::starts(&runs, &steps);
    let runs = runs::sort(&runs, &mut steps, &starts);
    tools::mark(&mut steps);
    assemble::assemble(steps, &runs, records)
}

/// What is said later of an answer names no run: the records that it is about are in traces.
fn in_traces(group: GroupKey, records: &[RecordFacts]) -> GroupKey {
    let GroupKey::Assembled(id) = group else { return group };
    let is_later = records.iter().any(|record| {
        let answer = record.facts.response_id.as_deref().filter(|_| record.trace_id.is_none());
        answer.is_some_and(|answer| RunId::of_answer(answer) == id)
    });
    let trace = records.iter().find_map(|record| record.trace_id).filter(|_| is_later);
    trace.map_or(group, GroupKey::Trace)
}
