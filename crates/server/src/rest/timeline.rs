//! The steps of a run: in order with child runs (`timeline`), flat (`steps`), one whole (`data`).

use super::{
    problem::Problem,
    runs::exactly_one,
    step::{self, Step},
    step_data::{self, StepData},
};
use crate::state::App;
use axum::{
    Json,
    extract::{Path, Query, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as AnyJson;
use std::sync::Arc;
use turnscope_model::Kind;
use turnscope_store::{
    Reader, StoreError,
    query::{Found, Run, UnitView},
};

/// What of a timeline is wanted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct TimelineQuery {
    /// The first step of the window.
    from: Option<usize>,
    /// The most steps in the window.
    limit: Option<usize>,
    /// Child runs' steps too; default true.
    children: Option<bool>,
    /// Each step whole; needs a window of at most 200 steps.
    include_data: Option<bool>,
    /// `columns` for the compact skeleton of large runs.
    format: Option<String>,
}

/// The steps of a run in order.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Timeline {
    run_id: String,
    /// Where offsets count from, milliseconds since the epoch.
    started_at: i64,
    steps: Vec<Step>,
    /// How many steps there are in all.
    total: usize,
    /// Pass it as `from` for the next window; null on the last.
    next_from: Option<usize>,
}

/// The skeleton of a timeline: one array a column, all of the same length. Names are indices into `names`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Columns {
    run_id: String,
    started_at: i64,
    total: usize,
    next_from: Option<usize>,
    names: Vec<String>,
    /// The kinds that `kind` is an index into.
    kinds: Vec<&'static str>,
    step_id: Vec<String>,
    /// The place of the parent in the whole timeline; null at the top.
    parent: Vec<Option<usize>>,
    depth: Vec<u32>,
    name: Vec<usize>,
    kind: Vec<u8>,
    /// 0 running, 1 ok, 2 error.
    status: Vec<u8>,
    start_offset_ms: Vec<f64>,
    duration_ms: Vec<Option<f64>>,
    turn: Vec<Option<u64>>,
    outer: Vec<bool>,
    /// The runs that `run` is an index into: the one asked for and its child runs.
    runs: Vec<String>,
    run: Vec<Option<usize>>,
    /// The services that `service` is an index into.
    services: Vec<String>,
    service: Vec<Option<usize>>,
    /// 0 none, 1 allow, 2 deny, 3 hitl.
    verdict: Vec<u8>,
}

/// Either form of a timeline.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum TimelineReply {
    Steps(Timeline),
    Columns(Box<Columns>),
}

/// Steps with data that one window may hold.
const WITH_DATA: usize = 200;
/// Steps that one window holds when nothing is said, and at most.
const WINDOW: usize = 10_000;
const MAX_WINDOW: usize = 100_000;

/// The steps of a run in order, child runs' steps too.
pub(crate) async fn timeline(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<TimelineQuery>,
) -> Result<Json<TimelineReply>, Problem> {
    let with_data = query.include_data.unwrap_or(false);
    let limit = query.limit.unwrap_or(if with_data { WITH_DATA } else { WINDOW });
    if limit == 0 || limit > if with_data { WITH_DATA } else { MAX_WINDOW } {
        return Err(Problem::bad_request(format!("limit {limit} is out of range")).detail(format!(
            "take 1 to {WITH_DATA} with include_data=true, else 1 to {MAX_WINDOW}, and go on with from="
        )));
    }
    let columns = match query.format.as_deref() {
        None | Some("steps") => false,
        Some("columns") => true,
        Some(other) => {
            return Err(Problem::bad_request(format!("there is no format {other:?}"))
                .detail("take columns, or leave it out"));
        }
    };
    let children = query.children.unwrap_or(true);
    let from = query.from.unwrap_or(0);
    let (prices, places) = (app.prices.list(), Arc::clone(&app.places));
    let (found, reply) = with_run(&app, id.clone(), move |reader, run, view, index| {
        let wanted = wanted(view, index, children);
        let zero = run.start as u64;
        let window = &wanted[from.min(wanted.len())..from.saturating_add(limit).min(wanted.len())];
        let next_from = (from + window.len() < wanted.len()).then_some(from + window.len());
        let started_at = run.start / 1_000_000;
        if columns {
            return Ok(TimelineReply::Columns(Box::new(to_columns(run, view, &wanted, window, next_from))));
        }
        let mut steps = Vec::with_capacity(window.len());
        for &place in window {
            let mut one = Step::of(view, &prices, place, zero);
            if with_data {
                one.data = Some(Box::new(step_data::data(reader, view, &prices, &places, place)?));
            }
            steps.push(one);
        }
        Ok(TimelineReply::Steps(Timeline {
            run_id: run.run_id.to_string(),
            started_at,
            steps,
            total: wanted.len(),
            next_from,
        }))
    })
    .await?;
    reply.map(Json).ok_or_else(|| not_one(&id, found))
}

/// Which steps of the run's own are wanted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct StepsQuery {
    limit: Option<usize>,
    offset: Option<usize>,
    /// A kind, several separated by commas.
    kind: Option<String>,
    /// Accepted for `kind`: `llm_call tool_call memory_read memory_write final_answer error custom`.
    event_type: Option<String>,
}

/// Some of a run's own steps.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Steps {
    steps: Vec<Step>,
    total: usize,
}

/// The run's own steps, flat.
pub(crate) async fn steps(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<StepsQuery>,
) -> Result<Json<Steps>, Problem> {
    let wanted_kinds = kinds(&query)?;
    let errors_only = query.event_type.as_deref() == Some("error");
    let final_only = query.event_type.as_deref() == Some("final_answer");
    let (limit, offset) = (query.limit.unwrap_or(WINDOW).min(MAX_WINDOW), query.offset.unwrap_or(0));
    let prices = app.prices.list();
    let (found, reply) = with_run(&app, id.clone(), move |_, run, view, index| {
        let mut own: Vec<usize> = wanted(view, index, false)
            .into_iter()
            .filter(|place| {
                let step = &view.projection.steps[*place];
                !step.outer
                    && wanted_kinds.as_ref().is_none_or(|kinds| kinds.contains(&step.kind))
                    && (!errors_only || step.error.is_some())
            })
            .collect();
        if final_only {
            own = own.pop().into_iter().collect();
        }
        let steps = own
            .iter()
            .skip(offset)
            .take(limit)
            .map(|place| Step::of(view, &prices, *place, run.start as u64))
            .collect();
        Ok(Steps { steps, total: own.len() })
    })
    .await?;
    reply.map(Json).ok_or_else(|| not_one(&id, found))
}

fn kinds(query: &StepsQuery) -> Result<Option<Vec<Kind>>, Problem> {
    if let Some(kinds) = &query.kind {
        let parsed: Result<Vec<Kind>, ()> = kinds.split(',').map(str::parse).collect();
        return parsed.map(Some).map_err(|()| {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            Problem::bad_request(format!("there is no kind {kinds:?}"))
                .detail(format!("take {}", known.join(", ")))
        });
    }
    match query.event_type.as_deref() {
        None | Some("error") => Ok(None),
        Some("llm_call" | "final_answer") => Ok(Some(vec![Kind::Llm])),
        Some("tool_call") => Ok(Some(vec![Kind::Tool])),
        Some("memory_read" | "memory_write") => Ok(Some(vec![Kind::Memory])),
        Some("custom") => Ok(Some(vec![Kind::Other])),
        Some(other) => Err(Problem::bad_request(format!("there is no event_type {other:?}"))
            .detail("take llm_call, tool_call, memory_read, memory_write, final_answer, error or custom")),
    }
}

/// One step whole.
pub(crate) async fn data(
    State(app): State<Arc<App>>,
    Path((id, step_id)): Path<(String, String)>,
) -> Result<Json<StepData>, Problem> {
    let asked = step_id.clone();
    let (prices, places) = (app.prices.list(), Arc::clone(&app.places));
    let (found, reply) = with_run(&app, id.clone(), move |reader, _, view, index| {
        Ok(match step::find(view, index, &asked) {
            Ok(place) => Ok(step_data::data(reader, view, &prices, &places, place)?),
            Err(problem) => Err(problem),
        })
    })
    .await?;
    match reply {
        Some(data) => data.map(Json),
        None => Err(not_one(&id, found)),
    }
}

/// The run that an id means with everything that it is seen together with; `None` beside `found` when there is not one.
pub(crate) async fn with_run<T: Send + 'static>(
    app: &Arc<App>,
    id: String,
    answer: impl FnOnce(&mut Reader, &Run, &UnitView, usize) -> Result<T, StoreError> + Send + 'static,
) -> Result<(Option<Found>, Option<T>), StoreError> {
    let store = app.store.clone();
    app.ask(move |reader| {
        let found = match find(reader, &id)? {
            // A very large unit is brought up to date at intervals: now, when its runs are not those that are written.
            Place::Stale => {
                store.bring_up_to_date()?;
                reader.renew()?;
                find(reader, &id)?
            }
            found => found,
        };
        match found {
            Place::Here(run, view, index) => Ok((None, Some(answer(reader, &run, &view, index)?))),
            Place::NotOne(found) => Ok((Some(found), None)),
            Place::Stale => Ok((Some(Found::None), None)),
        }
    })
    .await
}

/// Where a run is.
enum Place {
    Here(Box<Run>, Arc<UnitView>, usize),
    NotOne(Found),
    /// The span is there, but the runs that are written are not those of now.
    Stale,
}

fn find(reader: &mut Reader, id: &str) -> Result<Place, StoreError> {
    let run = match reader.find_run(id, false)? {
        Found::One(run) => run,
        Found::None => {
            let is_span = id.parse().map_or(Ok(false), |id| reader.holds_span_of(id))?;
            return Ok(if is_span { Place::Stale } else { Place::NotOne(Found::None) });
        }
        several @ Found::Several(_) => return Ok(Place::NotOne(several)),
    };
    let view = reader.unit_of_run(&run)?;
    Ok(match view.run_index(run.run_id) {
        Some(index) => Place::Here(run, view, index),
        None => Place::Stale,
    })
}

/// The problem for what [`with_run`] did not find.
pub(crate) fn not_one(id: &str, found: Option<Found>) -> Problem {
    exactly_one(id, found.unwrap_or(Found::None))
        .err()
        .unwrap_or_else(|| Problem::not_found(format!("there is no run {id}")))
}

/// The steps that a run's timeline shows, in order: those above it, its own, and its child runs'.
pub(crate) fn wanted(view: &UnitView, run: usize, children: bool) -> Vec<usize> {
    let steps = &view.projection.steps;
    let root = steps.iter().position(|step| {
        step.run == Some(run) && step.node.is_some() && step.node == view.projection.runs[run].root
    });
    let mut above = std::collections::HashSet::new();
    let mut next = root.and_then(|root| steps[root].parent);
    while let Some(place) = next {
        above.insert(place);
        next = steps[place].parent;
    }
    (0..steps.len())
        .filter(|place| match steps[*place].run {
            Some(own) if own == run => true,
            Some(other) => children && view.is_within(other, run),
            None => steps[*place].outer && above.contains(place),
        })
        .collect()
}

fn to_columns(
    run: &Run,
    view: &UnitView,
    wanted: &[usize],
    window: &[usize],
    next_from: Option<usize>,
) -> Columns {
    let places: std::collections::HashMap<usize, usize> =
        wanted.iter().enumerate().map(|(at, place)| (*place, at)).collect();
    let steps = || window.iter().map(|place| &view.projection.steps[*place]);
    let mut names = Dictionary::default();
    let mut runs = Dictionary::default();
    let mut services = Dictionary::default();
    let name = steps().map(|step| names.place(&*step.name)).collect();
    let run_of = steps().map(|step| step.run.map(|run| runs.place(run))).collect();
    let service = steps()
        .map(|step| {
            let name = &*view.nodes[step.node?].service_name;
            (!name.is_empty()).then(|| services.place(name))
        })
        .collect();
    Columns {
        run_id: run.run_id.to_string(),
        started_at: run.start / 1_000_000,
        total: wanted.len(),
        next_from,
        name,
        names: names.known.into_iter().map(str::to_owned).collect(),
        run: run_of,
        runs: runs.known.into_iter().map(|run| view.projection.runs[run].run_id.to_string()).collect(),
        service,
        services: services.known.into_iter().map(str::to_owned).collect(),
        kinds: Kind::ALL.iter().map(|kind| kind.as_str()).collect(),
        step_id: steps().map(|step| step.step_id.to_string()).collect(),
        parent: steps().map(|step| step.parent.and_then(|parent| places.get(&parent).copied())).collect(),
        depth: steps().map(|step| step.depth).collect(),
        kind: steps().map(|step| step.kind as u8).collect(),
        status: steps()
            .map(|step| match step.status {
                turnscope_model::StepStatus::Running => 0,
                turnscope_model::StepStatus::Ok => 1,
                turnscope_model::StepStatus::Error => 2,
            })
            .collect(),
        start_offset_ms: steps()
            .map(|step| (step.start as i64).wrapping_sub(run.start) as f64 / 1e6)
            .collect(),
        duration_ms: steps()
            .map(|step| step.end.map(|end| end.saturating_sub(step.start) as f64 / 1e6))
            .collect(),
        turn: steps().map(|step| step.turn).collect(),
        outer: steps().map(|step| step.outer).collect(),
        verdict: steps()
            .map(|step| match step.verdict {
                None => 0,
                Some(turnscope_model::Verdict::Allow) => 1,
                Some(turnscope_model::Verdict::Deny) => 2,
                Some(turnscope_model::Verdict::Hitl) => 3,
            })
            .collect(),
    }
}

/// Values that stand in a column by their place among those seen.
struct Dictionary<T> {
    known: Vec<T>,
    places: std::collections::HashMap<T, usize>,
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self { known: Vec::new(), places: std::collections::HashMap::new() }
    }
}

impl<T: Copy + Eq + std::hash::Hash> Dictionary<T> {
    fn place(&mut self, value: T) -> usize {
        *self.places.entry(value).or_insert_with(|| {
            self.known.push(value);
            self.known.len() - 1
        })
    }
}

/// A step's JSON, for exports.
pub(crate) fn to_json(value: &impl Serialize) -> AnyJson {
    serde_json::to_value(value).unwrap_or(AnyJson::Null)
}
