//! One function for each question: "the run with its turns", "this step", "what did it cost". Each works over a store and
//! answers with the wire types, so that REST handlers, the command line on a local directory, and MCP are thin.
//!
//! A question reads from one view of the store and lets go of it before anything else is waited for.
//!
//! Not here: HTTP, parameters as text, SQL.

mod attributes;
mod context;
mod cost;
mod dataset;
mod error;
mod explain;
mod export;
mod external;
mod json;
mod list;
mod loose;
mod otlp_json;
mod run;
mod search;
mod statistics;
mod stats;
mod step;
mod step_data;
mod summary;
mod telemetry;
mod timeline;
mod trace;
mod turn;
mod unmapped;
mod verdict;
mod wire;

pub use dataset::DatasetPage;
pub use error::AnswerError;
pub use external::{ExternalContents, NoExternalContents};
pub use json::text as attribute_text;
pub use run::find_run;
pub use stats::{Bucket, FiguresReply, fitting_bucket};
pub use timeline::StepFilter;
pub use wire::{wire_run, wire_score};

pub use verdict::verdict_info;

use external::Fetched;
use std::sync::Arc;
use turnscope_insight::cost::PriceList;
use turnscope_query::Moment;
use turnscope_store::{ReadLimit, Reader, Store};

/// Everything that answering needs: where to read, which prices hold, what time it is.
pub struct Answers {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The prices that hold.
    pub prices: Arc<PriceList>,
    /// Contents that producers put elsewhere.
    pub external: Arc<dyn ExternalContents>,
    /// The time of the question.
    pub moment: Moment,
    /// How long the question may be worked on.
    pub limit: ReadLimit,
}

/// What a question comes to.
type Result<T> = std::result::Result<T, AnswerError>;

impl Answers {
    /// Answers from one view of the store.
    fn read<T>(&self, question: impl FnOnce(&mut dyn Reader) -> Result<T>) -> Result<T> {
        let mut reader = self.store.reader(&self.limit)?;
        question(&mut *reader)
    }

    /// As [`Answers::read`], for questions whose contents may be kept elsewhere. What is missing is fetched after the view
    /// is let go of; then the question is asked again.
    fn read_with_contents<T>(&self, question: impl Fn(&mut dyn Reader, &Fetched) -> Result<T>) -> Result<T> {
        let mut fetched = Fetched::default();
        let answer = self.read(|reader| question(reader, &fetched))?;
        if fetched.fetch_missing(&*self.external, &self.limit)? {
            return self.read(|reader| question(reader, &fetched));
        }
        Ok(answer)
    }
}
