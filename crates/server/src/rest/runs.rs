//! `GET /v1/runs` and `GET /v1/runs/{id}`.

use super::parameters::limit;
use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Path, Query, RawQuery, State},
};
use std::sync::Arc;
use turnscope_api::{OneQuery, RunDetail, RunList, RunQuery};
use turnscope_query::{
    Clock, Condition, Field, Known, NumberField, Order, QueryError, RunCursor, RunFilter, RunPageQuery,
    TextField, parameter, within_limits,
};

/// The filter that these parameters ask for.
pub(super) fn filter(query: &RunQuery, now_ms: i64) -> Result<RunFilter, Problem> {
    let clock = clock(query.tz.as_deref(), now_ms)?;
    let mut filter = match &query.q {
        Some(q) => turnscope_query::parse(q, &clock)?,
        None => RunFilter::default(),
    };
    let mut add =
        |name: &str, value: &Option<String>, read: &dyn Fn(&str) -> Result<RunFilter, QueryError>| {
            let Some(value) = value else { return Ok(()) };
            if value.is_empty() {
                return Err(empty(name));
            }
            let read = read(value).map_err(|error| of_parameter(name, error))?;
            filter = std::mem::take(&mut filter).and(read);
            Ok(())
        };
    for (name, field, value) in [
        ("status", Field::Status, &query.status),
        ("user_id", Field::Text(TextField::User), &query.user_id),
        ("session_id", Field::Text(TextField::Session), &query.session_id),
        ("agent", Field::Text(TextField::Agent), &query.agent),
        ("service", Field::Text(TextField::Service), &query.service),
        ("model", Field::Text(TextField::Model), &query.model),
        ("tool", Field::Text(TextField::Tool), &query.tool),
        ("provider", Field::Text(TextField::Provider), &query.provider),
        ("dialect", Field::Text(TextField::Dialect), &query.dialect),
        ("verdict", Field::Verdict, &query.verdict),
        ("risk_tier", Field::Text(TextField::RiskTier), &query.risk_tier),
        ("user_role", Field::Text(TextField::UserRole), &query.user_role),
        ("trigger_type", Field::Text(TextField::Trigger), &query.trigger_type),
        ("tag", Field::Text(TextField::Tag), &query.tag),
        ("parent_run_id", Field::ParentRunId, &query.parent_run_id),
        ("prompt_id", Field::Text(TextField::Prompt), &query.prompt_id),
        ("prompt_version", Field::Text(TextField::PromptVersion), &query.prompt_version),
        ("experiment_id", Field::Text(TextField::Experiment), &query.experiment_id),
        ("experiment_variant", Field::Text(TextField::ExperimentVariant), &query.experiment_variant),
        ("native_run_id", Field::Text(TextField::NativeRunId), &query.native_run_id),
        ("trace_id", Field::TraceId, &query.trace_id),
    ] {
        add(name, value, &|value| parameter::parameter(field, value, &clock))?;
    }
    for (name, field, value) in [
        ("started_after", Field::Started, &query.started_after),
        ("min_duration_ms", Field::Number(NumberField::Duration), &query.min_duration_ms),
        ("min_tokens", Field::Number(NumberField::Tokens), &query.min_tokens),
        ("min_cost", Field::Number(NumberField::Cost), &query.min_cost),
    ] {
        add(name, value, &|value| parameter::at_least(field, value, &clock))?;
    }
    add("started_before", &query.started_before, &|value| parameter::started_before(value, &clock))?;
    add("score", &query.score, &|value| parameter::scores(value, &clock))?;
    add("search", &query.search, &parameter::words)?;
    if let Some(has_error) = query.has_error {
        let failed = RunFilter::from(Condition::Has(Known::Error));
        filter = filter.and(if has_error { failed } else { RunFilter::Not(Box::new(failed)) });
    }
    if query.roots_only == Some(true) {
        filter = filter.and(RunFilter::roots());
    }
    within_limits(&filter)?;
    Ok(filter)
}

/// What times in a request are read with.
fn clock(tz: Option<&str>, now_ms: i64) -> Result<Clock, Problem> {
    let Some(name) = tz else { return Ok(Clock::utc(now_ms)) };
    // A plus that was not encoded arrives as a space.
    let zone = turnscope_query::zone(&name.replacen(' ', "+", 1)).ok_or_else(|| {
        Problem::bad_request(format!("tz: there is no time zone {name:?}"))
            .detail("use UTC, an offset such as +02:00, or a name such as Europe/Berlin")
    })?;
    Ok(Clock { now_ms, zone })
}

fn empty(name: &str) -> Problem {
    Problem::bad_request(format!("{name} is empty"))
        .detail(format!("leave it out; {name}=\"\" asks for an empty value"))
}

/// What is wrong with the value of a parameter.
fn of_parameter(name: &str, error: QueryError) -> Problem {
    Problem::bad_request(format!("{name}: {error}")).detail(error.help)
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
            .detail("use started_at, duration, cost or tokens, with a minus in front for the largest first")
    })?;
    let limit = limit(query.limit, 50, 1000)?;
    let after = query.cursor.as_deref().map(RunCursor::new);
    Ok(RunPageQuery { limit, offset: query.offset.unwrap_or(0), after, order, descending })
}

/// The attributes that a query string asks for with `attr.KEY=VALUE`.
pub(super) fn attributes(query: &str) -> Result<RunFilter, Problem> {
    let mut filter = RunFilter::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some(key) = name.strip_prefix("attr.") else { continue };
        if value.is_empty() {
            return Err(empty(&name));
        }
        let one = parameter::attribute(key, &value).map_err(|error| of_parameter(&name, error))?;
        filter = filter.and(one);
    }
    Ok(filter)
}

/// Every run, newest first; child runs too unless `roots_only=true`. Any attribute of a run's root span, or of its
/// resource, can be asked for with `attr.KEY=VALUE`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<RunQuery>,
    RawQuery(raw): RawQuery,
) -> Result<Json<RunList>, Problem> {
    let filter = filter(&query, app.moment().now_ms)?.and(attributes(raw.as_deref().unwrap_or(""))?);
    within_limits(&filter)?;
    let page = page(&query)?;
    Ok(Json(app.ask(move |answers| answers.runs(&filter, &page)).await?))
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
    use turnscope_query::{AttributeCondition, AttributeTest, Pattern};

    #[test]
    fn attributes_are_taken_out_of_the_query_string() {
        let filter = super::attributes("limit=3&attr.deployment.environment=prod%20eu&attr.n=5").unwrap();
        let asked = |key: &str, value: &str| AttributeCondition {
            key: key.to_owned(),
            test: AttributeTest::OneOf(vec![Pattern::literal(value)]),
        };
        let (environment, n) = (asked("deployment.environment", "prod eu"), asked("n", "5"));
        assert_eq!(filter.attributes(), [&environment, &n]);
        assert!(super::attributes("attr.=5").is_err() && super::attributes("attr.n=").is_err());
    }
}
