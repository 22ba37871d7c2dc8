//! Derives runs, turns and steps from the records of one unit (usually: one trace).
//!
//! In: the records' facts, in any order, each once. Out: the runs they make, every record's place in them, and
//! steps for which no span came. Not here: SQL, bodies, messages, prices, the clock. Open runs are fine.
//!
//! The way through, one file for each idea: `tree` (records → steps in pre-order, `events` joined) → `calls` (each
//! model call once) → `runs` (which steps make runs) → `tools` (each tool call once, also without a span) → `turns`
//! → `figures` and `assemble` (what is shown). `join` says which units must be seen together.

mod assemble;
mod calls;
mod events;
mod figures;
mod join;
#[cfg(test)]
mod laws;
mod runs;
mod step;
#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tests;
mod tools;
mod tree;
mod turns;
mod view;

pub use join::join_keys;
pub use view::{Node, Projection, RunView, StepView, TurnView};

use turnscope_model::Unit;

/// What these records make. `unit` is what they have in common; where units were merged ([`join_keys`]), any one of
/// them. The same records in another order give the same result.
pub fn project(unit: Unit, nodes: &[Node]) -> Projection {
    let mut steps = tree::build(nodes);
    calls::mark(&mut steps, nodes);
    let runs = runs::assign(unit, &mut steps, nodes);
    let starts = runs::starts(&runs, &steps);
    let runs = runs::sort(&runs, &mut steps, &starts);
    tools::mark(&mut steps);
    assemble::assemble(steps, &runs, nodes)
}
