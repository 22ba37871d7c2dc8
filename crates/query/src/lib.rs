//! The questions that a store answers, and its answers: the query language, filters, pages, cursors, figures and result
//! types.
//!
//! Here: plain data and the parser of `q=`. Not here: SQL, stores, wire types.

// Counts and times have one width here and another at a client or in a database: each conversion is checked where it
// stands.
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss)]

mod annotation;
mod field;
mod figures;
mod filter;
mod language;
mod page;
mod pattern;
mod range;
mod retention;
mod run;
mod search;
mod session;
mod text;
mod time;
mod trace;

pub use annotation::{NewScore, ScoreChange};
pub use field::{Field, NumberField, TextField};
pub use figures::{FigureKey, Figures, FiguresQuery, GroupBy, StoreSize, UnpricedModel, ValuePage};
pub use filter::{AttributeCondition, AttributeTest, Condition, Known, Moment, Phrase, RunFilter};
pub use language::{MAX_LENGTH, MAX_VALUES, QueryError, parameter, parse, plain_text, quoted, within_limits};
pub use page::{Order, RunCursor, RunPageQuery, SearchCursor, SessionCursor, TraceCursor, ValueCursor};
pub use pattern::Pattern;
pub use range::{Bounds, Operator, Range};
pub use retention::{AgedGroup, Fate, PIN, Pruned, Retention, RetentionRule, RetentionRules, RuleOutcome};
pub use run::{Found, ListedRun, Run, RunLink, RunPage, SpanLink, Totals, Waiting};
pub use search::{Hit, Matches, Occurrence, SearchPage, SearchQuery};
pub use session::{Session, SessionPage};
pub use text::{TextQuery, folded};
pub use time::{Clock, length_of_time, zone};
pub use trace::{Trace, TracePage};

use range::Decimal;
