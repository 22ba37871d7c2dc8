//! `GET /v1/runs` and `GET /v1/runs/{id}`.

use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Path, Query, RawQuery, State},
};
use std::sync::Arc;
use turnscope_answers::AttributeFilter;
use turnscope_api::{OneQuery, RunDetail, RunList, RunQuery};
use turnscope_query::{Filter, Order, RunCursor, RunFilter, RunPageQuery};

/// The filter that these parameters ask for.
pub(super) fn filter(query: &RunQuery, now_ms: i64) -> Result<RunFilter, Problem> {
    let mut filter = match &query.q {
        Some(q) => turnscope_query::parse(q, now_ms)?,
        None => RunFilter::default(),
    };
    for (field, value) in [
        (Filter::Status, &query.status),
        (Filter::User, &query.user_id),
        (Filter::Session, &query.session_id),
        (Filter::Agent, &query.agent),
        (Filter::Service, &query.service),
        (Filter::Model, &query.model),
        (Filter::Tool, &query.tool),
        (Filter::Provider, &query.provider),
        (Filter::Dialect, &query.dialect),
        (Filter::Verdict, &query.verdict),
        (Filter::RiskTier, &query.risk_tier),
        (Filter::UserRole, &query.user_role),
        (Filter::Trigger, &query.trigger_type),
        (Filter::Tag, &query.tag),
        (Filter::ParentRunId, &query.parent_run_id),
        (Filter::Prompt, &query.prompt_id),
        (Filter::PromptVersion, &query.prompt_version),
        (Filter::Experiment, &query.experiment_id),
        (Filter::ExperimentVariant, &query.experiment_variant),
        (Filter::NativeRunId, &query.native_run_id),
        (Filter::TraceId, &query.trace_id),
    ] {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            filter.is(field, value.split(',').map(str::to_owned).collect());
        }
    }
    add_scores(query, &mut filter, now_ms)?;
    for (field, low) in [
        (Filter::Started, query.started_after),
        (Filter::Duration, query.min_duration_ms),
        (Filter::Tokens, query.min_tokens),
        (Filter::Cost, query.min_cost),
    ] {
        if let Some(low) = low {
            filter.at_least(field, low);
        }
    }
    if let Some(before) = query.started_before {
        filter.below(Filter::Started, before);
    }
    match query.has_error {
        Some(true) => filter.is(Filter::Error, vec!["true".into()]),
        Some(false) => filter.is(Filter::Error, vec!["false".into()]),
        None => {}
    }
    if let Some(search) = &query.search {
        filter.search.extend(search.split_whitespace().map(str::to_owned));
    }
    filter.roots_only |= query.roots_only.unwrap_or(false);
    Ok(filter)
}

/// Names or labels, of which one must be there, and bounds, which must all hold.
fn add_scores(query: &RunQuery, filter: &mut RunFilter, now_ms: i64) -> Result<(), Problem> {
    let all = query.score.iter().flat_map(|scores| scores.split(',')).filter(|score| !score.is_empty());
    let (bounds, names): (Vec<&str>, Vec<&str>) = all.partition(|score| score.contains(['<', '>']));
    if !names.is_empty() {
        filter.is(Filter::Score, names.into_iter().map(str::to_owned).collect());
    }
    for bound in bounds {
        let bound = turnscope_query::parse(&format!("score.{bound}"), now_ms)
            .map_err(|error| Problem::bad_request(error.to_string()))?;
        filter.conditions.extend(bound.conditions);
    }
    Ok(())
}

/// The part of the list that these parameters ask for.
pub(super) fn page(query: &RunQuery) -> Result<RunPageQuery, Problem> {
    let order = query.order.as_deref().unwrap_or("-started_at");
    let (name, descending) = match order.strip_prefix('-') {
        Some(name) => (name, true),
        None => (order, false),
    };
    let order = Order::by_name(name).ok_or_else(|| {
        Problem::bad_request(format!("there is no order {name:?}"))
            .detail("take started_at, duration, cost or tokens, with a minus in front for descending")
    })?;
    let limit = query.limit.unwrap_or(50);
    if !(1..=1000).contains(&limit) {
        return Err(Problem::bad_request(format!("limit {limit} is out of range")).detail("take 1 to 1000"));
    }
    let after = query.cursor.as_deref().map(RunCursor::new);
    Ok(RunPageQuery { limit, offset: query.offset.unwrap_or(0), after, order, descending })
}

/// The attributes that a query string asks for with `attr.KEY=VALUE`.
fn attributes(query: &str) -> AttributeFilter {
    let attribute = |(key, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        Some((key.strip_prefix("attr.")?.to_owned(), value.into_owned()))
    };
    AttributeFilter(form_urlencoded::parse(query.as_bytes()).filter_map(attribute).collect())
}

/// Every run, newest first; child runs too unless `roots_only=true`. Any attribute of a run's root span, or of its
/// resource, can be asked for with `attr.KEY=VALUE`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<RunQuery>,
    RawQuery(raw): RawQuery,
) -> Result<Json<RunList>, Problem> {
    let filter = filter(&query, app.moment().now_ms)?;
    let page = page(&query)?;
    let attributes = attributes(raw.as_deref().unwrap_or(""));
    Ok(Json(app.ask(move |answers| answers.runs(&filter, &page, &attributes)).await?))
}

/// One run, with its turns and child runs.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<OneQuery>,
) -> Result<Json<RunDetail>, Problem> {
    let prefixes = query.prefix.unwrap_or(false);
    Ok(Json(app.ask(move |answers| answers.run(&id, prefixes)).await?))
}

#[cfg(test)]
mod tests {
    #[test]
    fn attributes_are_taken_out_of_the_query_string() {
        let wanted = super::attributes("limit=3&attr.deployment.environment=prod%20eu&attr.n=5");
        assert_eq!(wanted.0, [("deployment.environment".into(), "prod eu".into()), ("n".into(), "5".into())]);
    }
}
