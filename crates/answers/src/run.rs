//! One run with its turns and child runs, and how a run is found.

use crate::{
    AnswerError, Answers, Result, cost,
    external::Fetched,
    turn,
    wire::{run_link, total, wire_run, wire_score},
};
use turnscope_api as api;
use turnscope_model::{RunId, Score, TraceGroupId};
use turnscope_project::TraceGroup;
use turnscope_query::{Found, Run, Totals};
use turnscope_store::Reader;

/// A run, the trace group that it is projected from, and its index there.
pub(crate) struct FoundRun {
    pub(crate) run: Run,
    pub(crate) group: std::sync::Arc<TraceGroup>,
    pub(crate) index: usize,
}

/// The one run that a name means: a run id, a bare trace id, the application's own id or, with `prefixes`, an
/// unambiguous beginning of a run id.
pub fn find_run(
    reader: &mut dyn Reader,
    name: &str,
    prefixes: bool,
) -> std::result::Result<Run, AnswerError> {
    match reader.find_run(name, prefixes)? {
        Found::One(run) => Ok(*run),
        Found::Several(runs) => Err(AnswerError::Ambiguous {
            name: name.to_owned(),
            run_ids: runs.iter().map(|run| run.run_id.to_string()).collect(),
        }),
        Found::None => Err(AnswerError::no_run(name)),
    }
}

/// A run whole, or the trace group of which what is written is not up to date.
pub(crate) type RunOrStale = std::result::Result<FoundRun, TraceGroupId>;

/// The run that a name means.
pub(crate) fn find(reader: &mut dyn Reader, name: &str, prefixes: bool) -> Result<RunOrStale> {
    let run = match find_run(reader, name, prefixes) {
        Err(missing @ AnswerError::NotFound { .. }) => {
            return group_of_span(reader, name)?.map(Err).ok_or(missing);
        }
        run => run?,
    };
    let group = reader.group(run.group)?;
    Ok(match group.run_index(run.run_id) {
        Some(index) => Ok(FoundRun { run, group, index }),
        None => Err(run.group),
    })
}

/// The trace group of a name, if it is that of a span that was received.
fn group_of_span(reader: &mut dyn Reader, name: &str) -> Result<Option<TraceGroupId>> {
    let Ok(id) = name.parse::<RunId>() else { return Ok(None) };
    let is_there = reader.spans(&[(id.trace_part(), id.span_part())])?.iter().any(Option::is_some);
    if is_there { Ok(reader.group_of_trace(id.trace_part())?) } else { Ok(None) }
}

impl Answers {
    /// Answers a question about one run. When the runs that are written of its trace group are not those of now, that group
    /// is brought up to date, and no other.
    pub(crate) fn about_run<T>(
        &self,
        name: &str,
        question: impl Fn(&mut dyn Reader, &FoundRun) -> Result<T>,
    ) -> Result<T> {
        self.about_run_with_prefix(name, false, question)
    }

    pub(crate) fn about_run_with_prefix<T>(
        &self,
        name: &str,
        prefixes: bool,
        question: impl Fn(&mut dyn Reader, &FoundRun) -> Result<T>,
    ) -> Result<T> {
        let ask = |reader: &mut dyn Reader| match find(reader, name, prefixes)? {
            Ok(found) => question(reader, &found).map(Ok),
            Err(stale) => Ok(Err(stale)),
        };
        match self.read(ask)? {
            Ok(answer) => return Ok(answer),
            Err(stale) => self.store.bring_up_to_date(stale)?,
        }
        self.read(ask)?.map_err(|_| AnswerError::no_run(name))
    }

    /// As [`Answers::about_run`], for questions whose contents may be kept elsewhere.
    pub(crate) fn about_run_with_contents<T>(
        &self,
        name: &str,
        question: impl Fn(&mut dyn Reader, &FoundRun, &Fetched) -> Result<T>,
    ) -> Result<T> {
        let ask = |reader: &mut dyn Reader, fetched: &Fetched| match find(reader, name, false)? {
            Ok(found) => question(reader, &found, fetched).map(Ok),
            Err(stale) => Ok(Err(stale)),
        };
        match self.read_with_contents(ask)? {
            Ok(answer) => return Ok(answer),
            Err(stale) => self.store.bring_up_to_date(stale)?,
        }
        self.read_with_contents(ask)?.map_err(|_| AnswerError::no_run(name))
    }

    /// A run with its turns, child runs, scores and links.
    pub fn run(&self, name: &str, prefixes: bool) -> Result<api::RunDetail> {
        self.about_run_with_prefix(name, prefixes, |reader, found| {
            let mut run = found.run.clone();
            let mut children = reader.descendants(&run)?;
            let all = std::iter::once(&mut run).chain(&mut children);
            cost::at_current_prices(&found.group, &self.prices, all);
            let scores: Vec<Score> = reader.scores(&[run.run_id])?;
            Ok(api::RunDetail {
                run: wire_run(&run, self.moment),
                turns: turn::all(reader, &found.group, &self.prices, found.index)?,
                children: children.iter().map(|child| wire_run(child, self.moment)).collect(),
                total: total(&Totals::of(std::iter::once(&run).chain(&children))),
                scores: scores.into_iter().map(wire_score).collect(),
                links: reader.links(&run)?.into_iter().map(run_link).collect(),
            })
        })
    }

    /// The one run that a name means.
    pub fn find_run(&self, name: &str) -> Result<Run> {
        self.read(|reader| find_run(reader, name, false))
    }

    /// The scores of a run, of its turns and of its steps.
    pub fn scores(&self, name: &str) -> Result<api::Scores> {
        self.read(|reader| {
            let run = find_run(reader, name, false)?;
            let scores = reader.scores(&[run.run_id])?;
            Ok(api::Scores { scores: scores.into_iter().map(wire_score).collect() })
        })
    }
}
