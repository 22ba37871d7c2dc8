//! `GET /v1/search`: messages, tool arguments and results, errors; each hit with its runs, turns and steps.

use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Query, State},
};
use std::sync::Arc;
use turnscope_api::{SearchQuery, SearchReply};
use turnscope_query::{SearchCursor, parse};

/// Searches messages, tool arguments and results, and errors.
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    Query(query): Query<SearchQuery>,
) -> Result<Json<SearchReply>, Problem> {
    let parsed = parse(&query.q, app.moment().now_ms)?;
    if parsed.search.is_empty() || !parsed.conditions.is_empty() {
        return Err(Problem::bad_request("q must hold words to search for, and nothing else")
            .detail("to filter runs by content and more, ask GET /v1/runs?q="));
    }
    let limit = query.limit.unwrap_or(20).clamp(1, 200);
    let after = query.cursor.map(SearchCursor::new);
    Ok(Json(app.ask(move |answers| answers.search(&parsed.search, limit, after.as_ref())).await?))
}
