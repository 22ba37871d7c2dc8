//! `GET /v1/search`: messages, tool arguments and results, errors; each hit with its runs, turns and steps.

use super::parameters::limit;
use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Query, State},
};
use std::sync::Arc;
use turnscope_api::{SearchQuery, SearchReply};
use turnscope_query::{Clock, Condition, RunFilter, SearchCursor, parse};

/// Searches messages, tool arguments and results, and errors.
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    Query(query): Query<SearchQuery>,
) -> Result<Json<SearchReply>, Problem> {
    let RunFilter::Is(Condition::Content(phrases)) = parse(&query.q, &Clock::utc(app.moment().now_ms))?
    else {
        return Err(Problem::bad_request("q must hold words to search for, and nothing else")
            .detail("to filter runs by content and more, ask GET /v1/runs?q="));
    };
    let limit = limit(query.limit, 20, 200)?;
    let after = query.cursor.map(SearchCursor::new);
    Ok(Json(app.ask(move |answers| answers.search(&phrases, limit, after.as_ref())).await?))
}
