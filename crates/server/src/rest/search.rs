//! `GET /v1/search`: messages, tool arguments and results, errors; each hit with its runs, turns and steps.

use super::parameters::limit;
use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Query, State},
};
use std::sync::Arc;
use turnscope_api::{SearchQuery, SearchReply};
use turnscope_model::Purpose;
use turnscope_query::{Clock, RunFilter, SearchCursor, parse, plain_text};

/// Searches messages, tool arguments and results, and errors.
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    Query(query): Query<SearchQuery>,
) -> Result<Json<SearchReply>, Problem> {
    let moment = app.moment();
    let filter = match &query.filter {
        Some(filter) => parse(filter, &Clock::utc(moment.now_ms))?,
        None => RunFilter::default(),
    };
    if !filter.attributes().is_empty() {
        return Err(Problem::bad_request("a search cannot be filtered by attributes")
            .detail("leave attr.KEY out of filter; GET /v1/runs?q= takes words and attributes together"));
    }
    let query = turnscope_query::SearchQuery {
        phrases: plain_text(&query.q)?,
        filter,
        purposes: purposes(query.purpose.as_deref())?,
        limit: limit(query.limit, 20, 200)?,
        after: query.cursor.map(SearchCursor::new),
    };
    Ok(Json(app.ask(move |answers| answers.search(&query, moment)).await?))
}

/// The purposes that are asked for, by their names.
fn purposes(names: Option<&str>) -> Result<Vec<Purpose>, Problem> {
    let one = |name: &str| {
        Purpose::by_name(name.trim()).filter(|purpose| purpose.is_searched()).ok_or_else(|| {
            Problem::bad_request(format!("nothing is searched as {name:?}")).detail(
                "use input, output, system, arguments, result or error; several are separated by commas",
            )
        })
    };
    names.map_or_else(|| Ok(Vec::new()), |names| names.split(',').map(one).collect())
}
