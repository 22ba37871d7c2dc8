//! The questions that a store answers, and its answers: the query language, filters, pages, cursors, figures and result
//! types.
//!
//! Here: plain data and the parser of `q=`. Not here: SQL, stores, wire types.

// Counts and times have one width here and another at a client or in a database: each conversion is checked where it
// stands.
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss)]

mod annotation;
mod figures;
mod filter;
mod language;
mod page;
mod retention;
mod run;
mod search;
mod session;
mod trace;

pub use annotation::{NewScore, ScoreChange};
pub use figures::{FigureKey, Figures, FiguresQuery, GroupBy, StoreSize, UnpricedModel};
pub use filter::{Comparison, Condition, Filter, Moment, RunFilter};
pub use language::{QueryError, parse};
pub use page::{Order, RunCursor, RunPageQuery, SearchCursor, TraceCursor};
pub use retention::{Pruned, Retention};
pub use run::{Found, ListedRun, Run, RunLink, RunPage, SpanLink, Totals};
pub use search::{Hit, Occurrence, SearchPage};
pub use session::Session;
pub use trace::{Trace, TracePage};
