//! Lets a client read what it has just written, and tells every other how far reads are behind.
//!
//! Runs are derived behind the commit that is acknowledged. No read waits for that for long, unless its client says which
//! commits it must show.

use crate::{problem::Problem, state::App};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use turnscope_store::{CommitToken, Store};

/// Names the commit that an acknowledgement stands for.
const COMMIT: HeaderName = HeaderName::from_static("turnscope-commit");
/// What a request must show: commits with commas between them, or `all` for everything acknowledged so far.
const WAIT_FOR: HeaderName = HeaderName::from_static("turnscope-wait-for");
/// The age of the oldest acknowledged commit that a reply may not show, in milliseconds; 0 when it shows all.
const LAG: HeaderName = HeaderName::from_static("turnscope-lag-ms");

/// How long a request waits for the commits that it names. Then it is answered from what is there.
const PATIENCE: Duration = Duration::from_secs(5);
/// A read that names no commit waits for the last ones, where there are no more than so many and they are no older.
const LAST: u64 = 2;
const MOMENT: Duration = Duration::from_millis(250);
/// Commits that a request can name.
const MOST: usize = 256;
/// The first and the longest time between two looks at how far the store is.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// The headers that pages of other origins may read.
pub(crate) const EXPOSED: [HeaderName; 2] = [COMMIT, LAG];

/// Adds the name of the commit to an acknowledgement.
pub(crate) fn name_commit(headers: &mut HeaderMap, token: CommitToken) {
    if let Ok(value) = HeaderValue::try_from(token.to_string()) {
        headers.insert(COMMIT, value);
    }
}

/// Waits for the commits that a request names, answers it, and says how far behind the answer may be.
pub(crate) async fn wait(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match awaited(request.headers(), &*app.store) {
        Ok(Some(awaited)) => awaited.wait(&*app.store, PATIENCE).await,
        Ok(None) => wait_for_the_last(&*app.store).await,
        Err(problem) => return problem.into_response(),
    }
    // Before the answer reads: what is projected now is in it.
    let lag = app.store.lag().as_millis();
    let mut response = next.run(request).await;
    response.headers_mut().insert(LAG, HeaderValue::from(u64::try_from(lag).unwrap_or(u64::MAX)));
    response
}

/// Waits until everything acknowledged so far can be read, or patience ends.
pub(crate) async fn wait_for_all(store: &dyn Store) {
    Awaited::AllTo(store.newest_commit()).wait(store, PATIENCE).await;
}

/// Somebody who sends a run to a server that has little to do, and then looks, sees it. Where more comes in, or something
/// large, nothing is waited for.
async fn wait_for_the_last(store: &dyn Store) {
    let newest = store.newest_commit();
    let before = CommitToken { number: newest.number.saturating_sub(LAST), ..newest };
    let left = MOMENT.saturating_sub(store.lag());
    if store.can_read_all_to(before) && !left.is_zero() {
        Awaited::AllTo(newest).wait(store, left).await;
    }
}

/// What a request must show.
enum Awaited {
    /// These commits, and no others.
    Commits(Vec<CommitToken>),
    /// This commit and all before it.
    AllTo(CommitToken),
}

impl Awaited {
    async fn wait(mut self, store: &dyn Store, patience: Duration) {
        let began = Instant::now();
        let mut pause = FIRST_LOOK;
        while !self.is_shown(store) && began.elapsed() < patience && store.health().failed.is_none() {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn is_shown(&mut self, store: &dyn Store) -> bool {
        match self {
            Self::Commits(commits) => {
                commits.retain(|commit| !store.can_read(*commit));
                commits.is_empty()
            }
            Self::AllTo(commit) => store.can_read_all_to(*commit),
        }
    }
}

fn awaited(headers: &HeaderMap, store: &dyn Store) -> Result<Option<Awaited>, Problem> {
    let Some(value) = headers.get(WAIT_FOR) else { return Ok(None) };
    let refused = |why: String| {
        Err(Problem::bad_request(format!("{WAIT_FOR}: {why}")).detail(format!(
            "send back the values of {COMMIT} that acknowledgements came with, at most {MOST} with commas between them, or all"
        )))
    };
    let Ok(text) = value.to_str() else { return refused("it is no text".into()) };
    if text.trim() == "all" {
        return Ok(Some(Awaited::AllTo(store.newest_commit())));
    }
    match text.split(',').take(MOST + 1).map(|token| token.trim().parse()).collect::<Result<Vec<_>, _>>() {
        Ok(commits) if commits.len() <= MOST => Ok(Some(Awaited::Commits(commits))),
        Ok(_) => refused("it names too many commits".into()),
        Err(error) => refused(error.to_string()),
    }
}
