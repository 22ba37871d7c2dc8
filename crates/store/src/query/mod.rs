//! The questions that the store answers, each over one consistent view.

mod figures;
mod filter;
mod language;
mod links;
mod list;
mod run;
mod search;
mod sessions;
mod stats;
mod traces;
mod unit;
mod views;

pub use crate::store::Reader;
pub use figures::StoreFigures;
pub use filter::{Comparison, Condition, Filter, Moment, Order, RunFilter};
pub use language::{QueryError, parse};
pub use links::RunLink;
pub use list::{Page, Runs};
pub use run::{Found, Run};
pub use search::{Hit, Place};
pub use sessions::Session;
pub use stats::{Figures, GroupBy, GroupKey, UnpricedModel};
pub use traces::Trace;
pub use unit::{List, UnitView};
pub(crate) use views::Views;
