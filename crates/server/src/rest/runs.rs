//! `GET /v1/runs` and `GET /v1/runs/{id}`.

use super::{
    attributes, cost,
    problem::Problem,
    scores::Score,
    timeline::{not_one, with_run},
    turns::{self, Turn},
    wire::{Figures, Money, Run, RunLink},
};
use crate::state::App;
use axum::{
    Json,
    extract::{Path, Query, RawQuery, State},
};
use base64::Engine as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use turnscope_store::query::{self, Filter, Found, Order, Page, RunFilter};

/// Filters of runs; several values of one filter are separated by commas, `*` stands for anything.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RunQuery {
    pub(crate) limit: Option<u32>,
    pub(crate) offset: Option<u32>,
    pub(crate) cursor: Option<String>,
    /// `started_at`, `duration`, `cost` or `tokens`; a minus in front for the largest first. Default `-started_at`.
    pub(crate) order: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) tool: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) dialect: Option<String>,
    pub(crate) verdict: Option<String>,
    pub(crate) risk_tier: Option<String>,
    pub(crate) user_role: Option<String>,
    pub(crate) trigger_type: Option<String>,
    /// Words that the run's content must hold.
    pub(crate) search: Option<String>,
    /// Milliseconds since the epoch, exclusive.
    pub(crate) started_after: Option<f64>,
    /// Milliseconds since the epoch, exclusive.
    pub(crate) started_before: Option<f64>,
    pub(crate) min_duration_ms: Option<f64>,
    pub(crate) min_tokens: Option<f64>,
    pub(crate) min_cost: Option<f64>,
    pub(crate) has_error: Option<bool>,
    /// A score's name or label, or its name with a bound such as `helpful>=0.5`.
    pub(crate) score: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) parent_run_id: Option<String>,
    pub(crate) roots_only: Option<bool>,
    pub(crate) prompt_id: Option<String>,
    pub(crate) prompt_version: Option<String>,
    pub(crate) experiment_id: Option<String>,
    pub(crate) experiment_variant: Option<String>,
    pub(crate) native_run_id: Option<String>,
    pub(crate) trace_id: Option<String>,
    /// The query language: `agent:triage cost>0.5 verdict:deny error:* "refund"`.
    pub(crate) q: Option<String>,
}

impl RunQuery {
    /// The filter that these parameters ask for.
    pub(crate) fn filter(&self, now_ms: i64) -> Result<RunFilter, Problem> {
        let mut filter = match &self.q {
            Some(q) => query::parse(q, now_ms)?,
            None => RunFilter::default(),
        };
        for (field, value) in [
            (Filter::Status, &self.status),
            (Filter::User, &self.user_id),
            (Filter::Session, &self.session_id),
            (Filter::Agent, &self.agent),
            (Filter::Service, &self.service),
            (Filter::Model, &self.model),
            (Filter::Tool, &self.tool),
            (Filter::Provider, &self.provider),
            (Filter::Dialect, &self.dialect),
            (Filter::Verdict, &self.verdict),
            (Filter::RiskTier, &self.risk_tier),
            (Filter::UserRole, &self.user_role),
            (Filter::Trigger, &self.trigger_type),
            (Filter::Tag, &self.tag),
            (Filter::ParentRunId, &self.parent_run_id),
            (Filter::Prompt, &self.prompt_id),
            (Filter::PromptVersion, &self.prompt_version),
            (Filter::Experiment, &self.experiment_id),
            (Filter::ExperimentVariant, &self.experiment_variant),
            (Filter::NativeRunId, &self.native_run_id),
            (Filter::TraceId, &self.trace_id),
        ] {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                filter.is(field, value.split(',').map(str::to_owned).collect());
            }
        }
        self.add_scores(&mut filter, now_ms)?;
        for (field, low) in [
            (Filter::Started, self.started_after),
            (Filter::Duration, self.min_duration_ms),
            (Filter::Tokens, self.min_tokens),
            (Filter::Cost, self.min_cost),
        ] {
            if let Some(low) = low {
                filter.at_least(field, low);
            }
        }
        if let Some(before) = self.started_before {
            filter.below(Filter::Started, before);
        }
        match self.has_error {
            Some(true) => filter.is(Filter::Error, vec!["true".into()]),
            Some(false) => filter.is(Filter::Error, vec!["false".into()]),
            None => {}
        }
        if let Some(search) = &self.search {
            filter.search.extend(search.split_whitespace().map(str::to_owned));
        }
        filter.roots_only |= self.roots_only.unwrap_or(false);
        Ok(filter)
    }

    /// Names or labels, of which one must be there, and bounds, which must all hold.
    fn add_scores(&self, filter: &mut RunFilter, now_ms: i64) -> Result<(), Problem> {
        let all = self.score.iter().flat_map(|scores| scores.split(',')).filter(|score| !score.is_empty());
        let (bounds, names): (Vec<&str>, Vec<&str>) = all.partition(|score| score.contains(['<', '>']));
        if !names.is_empty() {
            filter.is(Filter::Score, names.into_iter().map(str::to_owned).collect());
        }
        for bound in bounds {
            let bound = query::parse(&format!("score.{bound}"), now_ms)
                .map_err(|error| Problem::bad_request(error.to_string()))?;
            filter.conditions.extend(bound.conditions);
        }
        Ok(())
    }

    pub(crate) fn page(&self) -> Result<Page, Problem> {
        let order = self.order.as_deref().unwrap_or("-started_at");
        let (name, descending) = match order.strip_prefix('-') {
            Some(name) => (name, true),
            None => (order, false),
        };
        let order = match name {
            "started_at" => Order::StartedAt,
            "duration" => Order::Duration,
            "cost" => Order::Cost,
            "tokens" => Order::Tokens,
            _ => {
                return Err(Problem::bad_request(format!("there is no order {name:?}")).detail(
                    "take started_at, duration, cost or tokens, with a minus in front for descending",
                ));
            }
        };
        let limit = self.limit.unwrap_or(50);
        if !(1..=1000).contains(&limit) {
            return Err(
                Problem::bad_request(format!("limit {limit} is out of range")).detail("take 1 to 1000")
            );
        }
        let after = self.cursor.as_deref().map(read_cursor).transpose()?;
        Ok(Page { limit, offset: self.offset.unwrap_or(0), after, order, descending })
    }
}

/// A page of runs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunList {
    runs: Vec<ListedRun>,
    /// Pass it as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
    /// How many there are in all: exact up to 10,000, then null.
    total: Option<u64>,
}

/// A run with its totals and scores.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ListedRun {
    #[serde(flatten)]
    run: Run,
    /// The same figures with all child runs.
    total: Total,
    scores: Vec<Score>,
    /// The runs before and after this one.
    links: Vec<RunLink>,
}

/// Every run, newest first; child runs too unless `roots_only=true`. Any attribute of a run's root span, or of its
/// resource, can be asked for with `attr.KEY=VALUE`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<RunQuery>,
    RawQuery(raw): RawQuery,
) -> Result<Json<RunList>, Problem> {
    let moment = app.moment();
    let filter = query.filter(moment.now_ms)?;
    let page = query.page()?;
    let wanted = attributes::wanted(raw.as_deref().unwrap_or(""));
    let list = app
        .ask(move |reader| {
            let found = if wanted.is_empty() {
                reader.runs(&filter, &page, moment)?
            } else {
                attributes::runs(reader, &filter, &page, moment, &wanted)?
            };
            let mut runs = Vec::with_capacity(found.runs.len());
            for run in &found.runs {
                runs.push(ListedRun {
                    run: Run::of(run, moment),
                    total: Total::of(run, &reader.descendants(run)?),
                    scores: reader.scores(run.run_id)?.into_iter().map(Score::from).collect(),
                    links: reader.links(run)?.into_iter().map(RunLink::from).collect(),
                });
            }
            Ok(RunList { runs, next_cursor: found.next.map(write_cursor), total: found.total })
        })
        .await?;
    Ok(Json(list))
}

/// A run with its turns and its child runs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunDetail {
    #[serde(flatten)]
    run: Run,
    turns: Vec<Turn>,
    /// Its child runs, all levels, by start.
    children: Vec<Run>,
    /// The same figures with all child runs.
    total: Total,
    scores: Vec<Score>,
    /// The runs before and after this one.
    links: Vec<RunLink>,
}

/// Figures with all child runs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Total {
    run_count: u64,
    #[serde(flatten)]
    figures: Figures,
    #[serde(flatten)]
    money: Money,
}

/// How a run is named.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct OneQuery {
    /// An unambiguous beginning of the id, of four characters or more, will do.
    prefix: Option<bool>,
}

impl Total {
    fn of(run: &query::Run, below: &[query::Run]) -> Self {
        let (mut figures, mut costs) = (Figures::of(run), run.costs);
        for child in below {
            figures.add(&Figures::of(child));
            costs.add(&child.costs);
        }
        Self { run_count: 1 + below.len() as u64, figures, money: Money::of(&costs) }
    }
}

/// One run, with its turns and child runs.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<OneQuery>,
) -> Result<Json<RunDetail>, Problem> {
    let moment = app.moment();
    let id = if query.prefix.unwrap_or(false) {
        let asked = id.clone();
        let found = app.ask(move |reader| reader.find_run(&asked, true)).await?;
        exactly_one(&id, found)?.run_id.to_string()
    } else {
        id
    };
    let prices = app.prices.list();
    let (found, reply) = with_run(&app, id.clone(), move |reader, run, view, index| {
        let mut run = run.clone();
        let mut children = reader.descendants(&run)?;
        cost::at_todays_prices(view, &prices, std::iter::once(&mut run).chain(&mut children));
        let total = Total::of(&run, &children);
        Ok(RunDetail {
            run: Run::of(&run, moment),
            turns: turns::of_run(reader, view, &prices, index)?,
            children: children.iter().map(|child| Run::of(child, moment)).collect(),
            total,
            scores: reader.scores(run.run_id)?.into_iter().map(Score::from).collect(),
            links: reader.links(&run)?.into_iter().map(RunLink::from).collect(),
        })
    })
    .await?;
    reply.map(Json).ok_or_else(|| not_one(&id, found))
}

/// The one run that an id means, or the problem that says why there is none.
pub(crate) fn exactly_one(id: &str, found: Found) -> Result<Box<query::Run>, Problem> {
    match found {
        Found::One(run) => Ok(run),
        Found::Several(runs) => Err(Problem::ambiguous(
            format!("{id} means {} runs", runs.len()),
            runs.iter().map(|run| run.run_id.to_string()).collect(),
        )),
        Found::None => Err(Problem::not_found(format!("there is no run {id}"))
            .detail("GET /v1/runs lists the runs there are; a run may have been pruned")),
    }
}

fn write_cursor((value, row): (i64, i64)) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("{value},{row}"))
}

fn read_cursor(text: &str) -> Result<(i64, i64), Problem> {
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|pair| pair.split_once(',').and_then(|(v, r)| Some((v.parse().ok()?, r.parse().ok()?))))
        .ok_or_else(|| {
            Problem::bad_request("the cursor is none of ours").detail("pass next_cursor of the page before")
        })
}
