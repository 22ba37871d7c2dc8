//! Derives runs, turns and steps from the records of one unit (usually: one trace).
//!
//! In: the records' facts, in any order, each once. Out: the runs they make, every record's place in them, and
//! steps for which no span came. Not here: SQL, bodies, messages, prices, the clock. Open runs are fine.

mod view;

pub use view::{Node, Projection, RunView, StepView, TurnView};

/// What joins the unit of this record with others: a call reported in two traces has the same response id in both.
pub fn join_keys(record: &turnscope_model::Record) -> Vec<String> {
    match &record.facts.response_id {
        Some(id) if record.facts.kind.is_model_call() => vec![format!("response:{id}")],
        _ => Vec::new(),
    }
}

/// Derives everything from the nodes of one unit.
pub fn project(unit: turnscope_model::Unit, nodes: &[Node]) -> Projection {
    let _ = (unit, nodes);
    Projection::default()
}
