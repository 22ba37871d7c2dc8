//! A run taken out: everything of it, importable again, or as plain OTLP/JSON.

use crate::{
    Answers, Result,
    external::Fetched,
    otlp_json::OtlpJson,
    telemetry::Telemetry,
    timeline::steps_of,
    wire::{wire_run, wire_score},
};
use serde::Serialize;
use serde_json::{Value as Json, json};
use turnscope_model::RunId;
use turnscope_project::TraceGroup;
use turnscope_store::Reader;

/// Steps whose records are read at once.
const AT_ONCE: usize = 500;

impl Answers {
    /// Everything of a run, its child runs and the spans above it, as OTLP/JSON.
    pub fn export_otlp(&self, run: &str) -> Result<Json> {
        self.about_run(run, |reader, found| Ok(otlp(reader, &found.group, found.index)?.into_json()))
    }

    /// The same with what was derived, and with scores and tags: it can be imported again. `contents_deleted`, where it is there, says that
    /// spans or log records are not in it, because a rule of retention deleted what they held.
    pub fn export(&self, run: &str) -> Result<Json> {
        self.about_run(run, |reader, found| {
            let group = &found.group;
            let otlp = otlp(reader, group, found.index)?;
            let mut runs = vec![wire(&wire_run(&found.run, self.moment))];
            runs.extend(reader.descendants(&found.run)?.iter().map(|run| wire(&wire_run(run, self.moment))));
            let within = group.projection.runs.iter().enumerate();
            let within = within.filter(|(index, _)| group.is_within(*index, found.index));
            let ids: Vec<RunId> = within.map(|(_, run)| run.run_id).collect();
            let scores: Vec<Json> =
                reader.scores(&ids)?.into_iter().map(|score| wire(&wire_score(score))).collect();
            let mut export =
                json!({ "format": "turnscope/1", "runs": runs, "scores": scores, "tags": found.run.tags });
            if otlp.lacks_contents {
                export["contents_deleted"] = true.into();
            }
            export["otlp"] = otlp.into_json();
            Ok(export)
        })
    }
}

fn otlp(reader: &mut dyn Reader, group: &TraceGroup, run: usize) -> Result<OtlpJson> {
    let mut otlp = OtlpJson::default();
    let fetched = Fetched::default();
    for steps in steps_of(group, run, true).chunks(AT_ONCE) {
        let mut telemetry = Telemetry::new(reader, group, &fetched);
        telemetry.load(steps.iter().copied())?;
        for record in steps.iter().flat_map(|step| group.records_of_step(*step)) {
            otlp.record(record, telemetry.body(record)?)?;
        }
    }
    Ok(otlp)
}

fn wire(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}
