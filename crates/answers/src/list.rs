//! Lists of runs and of sessions.

use crate::{
    AnswerError, Answers, Result, attributes,
    wire::{money, run_link, total, usage, wire_run, wire_score},
};
use turnscope_api as api;
use turnscope_query::{
    Condition, Known, ListedRun, RunCursor, RunFilter, RunPageQuery, SessionCursor, TextField,
};

impl Answers {
    /// One page of the runs that match a filter.
    pub fn runs(&self, filter: &RunFilter, page: &RunPageQuery) -> Result<api::RunList> {
        let page = self.read(|reader| attributes::page(reader, filter, page, self.moment))?;
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
    pub fn sessions(
        &self,
        user: Option<&str>,
        after: Option<&SessionCursor>,
        limit: u32,
        offset: u32,
    ) -> Result<api::Sessions> {
        let page = self.read(|reader| Ok(reader.sessions(user, after, limit, offset)?))?;
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
        Ok(api::Sessions {
            sessions: page.sessions.into_iter().map(wire).collect(),
            next_cursor: page.next.map(String::from),
            total: page.total,
        })
    }

    /// One session's topmost runs, newest first.
    pub fn session(&self, id: &str, after: Option<RunCursor>, limit: u32) -> Result<api::SessionRuns> {
        let topmost = RunFilter::Not(Box::new(Condition::Has(Known::ParentInSession).into()));
        let filter = RunFilter::text(TextField::Session, id).and(topmost);
        let page = RunPageQuery { limit, after, descending: true, ..RunPageQuery::default() };
        let page = self.read(|reader| Ok(reader.runs(&filter, &page, self.moment)?))?;
        if page.total == Some(0) {
            return Err(AnswerError::not_found(
                format!("there is no session {id}"),
                "GET /v1/sessions lists the sessions there are",
            ));
        }
        Ok(api::SessionRuns {
            session_id: id.to_owned(),
            runs: page.runs.iter().map(|listed| wire_run(&listed.run, self.moment)).collect(),
            next_cursor: page.next.map(String::from),
            total: page.total,
            unreadable: page.unreadable,
        })
    }
}
