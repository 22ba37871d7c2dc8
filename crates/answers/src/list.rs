//! Lists of runs and of sessions.

use crate::{
    AnswerError, Answers, AttributeFilter, Result, attributes,
    wire::{money, run_link, total, usage, wire_run, wire_score},
};
use turnscope_api as api;
use turnscope_query::{Filter, ListedRun, RunFilter, RunPageQuery};

/// Runs of a session that are shown.
const SESSION_RUNS: u32 = 1000;

impl Answers {
    /// One page of the runs that match a filter.
    pub fn runs(
        &self,
        filter: &RunFilter,
        page: &RunPageQuery,
        attributes: &AttributeFilter,
    ) -> Result<api::RunList> {
        let page = self.read(|reader| {
            if attributes.is_empty() {
                Ok(reader.runs(filter, page, self.moment)?)
            } else {
                attributes::page(reader, filter, page, self.moment, attributes)
            }
        })?;
        Ok(api::RunList {
            runs: page.runs.into_iter().map(|listed| self.listed(listed)).collect(),
            next_cursor: page.next.map(String::from),
            total: page.total,
            unreadable: page.unreadable,
        })
    }

    fn listed(&self, listed: ListedRun) -> api::ListedRun {
        api::ListedRun {
            run: wire_run(&listed.run, self.moment),
            total: total(&listed.total),
            scores: listed.scores.into_iter().map(wire_score).collect(),
            links: listed.links.into_iter().map(run_link).collect(),
        }
    }

    /// Sessions, the one with the latest run first.
    pub fn sessions(&self, user: Option<&str>, limit: u32, offset: u32) -> Result<api::Sessions> {
        let sessions = self.read(|reader| Ok(reader.sessions(user, limit, offset)?))?;
        let wire = |session: turnscope_query::Session| api::Session {
            session_id: session.session_id,
            user_id: session.user_id,
            run_count: session.run_count,
            turn_count: session.turn_count,
            error_count: session.error_count,
            usage: usage(&session.usage),
            money: money(&session.costs),
            started_at: session.start / 1_000_000,
            last_seen_at: session.last_seen / 1_000_000,
            input_preview: session.input_preview,
        };
        Ok(api::Sessions { sessions: sessions.into_iter().map(wire).collect() })
    }

    /// One session's runs, oldest first.
    pub fn session(&self, id: &str) -> Result<api::SessionRuns> {
        let mut filter = RunFilter { roots_only: true, ..RunFilter::default() };
        filter.is(Filter::Session, vec![id.to_owned()]);
        let page = RunPageQuery { limit: SESSION_RUNS, ..RunPageQuery::default() };
        let runs = self.read(|reader| Ok(reader.runs(&filter, &page, self.moment)?))?.runs;
        if runs.is_empty() {
            return Err(AnswerError::not_found(
                format!("there is no session {id}"),
                "GET /v1/sessions lists the sessions there are",
            ));
        }
        let runs = runs.iter().map(|listed| wire_run(&listed.run, self.moment)).collect();
        Ok(api::SessionRuns { session_id: id.to_owned(), runs })
    }
}
