//! Derives runs, turns and steps from the records of one unit (usually: one trace).
//!
//! In: the records' facts, in any order, each once. Out: the runs they make, every record's place in them, and
//! steps for which no span came. Not here: SQL, bodies, messages, prices, the clock. Open runs are fine.

mod view;

pub use view::{Node, Projection, RunView, StepView, TurnView};
