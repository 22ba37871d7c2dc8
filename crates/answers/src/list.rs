//! Lists of runs and of sessions.

use crate::{
    AnswerError, Answers, Result, attributes,
    wire::{money, ms, run_link, total, usage, wire_run, wire_score},
};
use turnscope_api as api;
use turnscope_query::{Condition, Known, ListedRun, RunFilter, RunPageQuery, SessionCursor, TextField};

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
        Ok(api::Sessions {
            sessions: page.sessions.into_iter().map(wire_session).collect(),
            next_cursor: page.next.map(String::from),
            total: page.total,
        })
    }

    /// One session, and a page of its topmost runs by their start.
    pub fn session(&self, id: &str, page: &RunPageQuery) -> Result<api::SessionRuns> {
        let topmost = RunFilter::Not(Box::new(Condition::Has(Known::ParentInSession).into()));
        let filter = RunFilter::text(TextField::Session, id).and(topmost);
        let (session, page) = self.read(|reader| {
            let session = reader.session(id)?;
            Ok((session, reader.runs(&filter, page, self.moment)?))
        })?;
        if session.is_none() && page.total == Some(0) {
            return Err(AnswerError::not_found(
                format!("there is no session {id}"),
                "GET /v1/sessions lists the sessions there are",
            ));
        }
        Ok(api::SessionRuns {
            session_id: id.to_owned(),
            session: session.map(wire_session),
            runs: page.runs.into_iter().map(|listed| self.listed(listed)).collect(),
            next_cursor: page.next.map(String::from),
            total: page.total,
            unreadable: page.unreadable,
        })
    }
}

fn wire_session(session: turnscope_query::Session) -> api::Session {
    api::Session {
        session_id: session.session_id,
        user_id: session.user_id,
        run_count: session.run_count,
        turn_count: session.turn_count,
        tool_call_count: session.tool_call_count,
        error_count: session.error_count,
        duration_ms: ms(session.duration),
        usage: usage(&session.usage),
        money: money(&session.costs),
        started_at: session.start / 1_000_000,
        last_seen_at: session.last_seen / 1_000_000,
        input_preview: session.input_preview,
    }
}
