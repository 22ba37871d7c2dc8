//! `GET /v1/runs/{id}/audit`: what the audit trail of the data directory says of a run.

use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Path, State},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};
use turnscope_answers::find_run;
use turnscope_audit::{AuditError, Filter, Record};
use turnscope_query::Run;
use turnscope_store::Reader;

/// A run's audit records.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Audit {
    /// Whether the data directory has an audit trail at all.
    has_trail: bool,
    /// The records about this run, in the order of the chain. They are as they stand: `turnscope audit verify` says whether
    /// they are as they were written.
    records: Vec<Record>,
}

/// The audit records of a run: its own, and those of the policy's decisions in it.
pub(crate) async fn audit(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Audit>, Problem> {
    let data = app.data.clone();
    let records = app
        .ask(move |answers| {
            let mut reader = answers.store.reader(&answers.limit)?;
            let run = find_run(&mut *reader, &id, false)?;
            match turnscope_audit::Reader::open(&data) {
                Ok(trail) => Ok(of_run(&mut *reader, &trail, &run)),
                Err(error) => Ok(Err(error)),
            }
        })
        .await?;
    match records {
        Ok(records) => Ok(Json(Audit { has_trail: true, records })),
        Err(AuditError::NoTrail(_)) => Ok(Json(Audit { has_trail: false, records: Vec::new() })),
        Err(error) => Err(error.into()),
    }
}

/// The records that name this run, or a span that now belongs to it: an agent writes the ids that it knows while it runs.
fn of_run(
    reader: &mut dyn Reader,
    trail: &turnscope_audit::Reader,
    run: &Run,
) -> Result<Vec<Record>, AuditError> {
    let own = run.run_id.to_string();
    let mut candidates = BTreeMap::new();
    for of in std::iter::once(&own).chain(&run.trace_ids) {
        match trail.records(&Filter { of: Some(of.clone()), ..Filter::default() }) {
            Ok(records) => candidates.extend(records.into_iter().map(|record| (record.seq, record))),
            Err(error) => return Err(error),
        }
    }
    let mut known = BTreeMap::new();
    let mut records = Vec::new();
    for record in candidates.into_values() {
        let Some(named) = named(&record) else { continue };
        if !known.contains_key(&named) {
            let is_own =
                named == own || find_run(reader, &named, false).is_ok_and(|found| found.run_id == run.run_id);
            known.insert(named.clone(), is_own);
        }
        if known.get(&named) == Some(&true) {
            records.push(record);
        }
    }
    Ok(records)
}

/// The run, or the span, that a record is about.
fn named(record: &Record) -> Option<String> {
    let entry = &record.entry;
    let of_span = || Some(format!("{}-{}", entry.trace_id()?, entry.span_id()?));
    entry.run_id().map(str::to_owned).or_else(of_span).or_else(|| entry.trace_id().map(str::to_owned))
}
