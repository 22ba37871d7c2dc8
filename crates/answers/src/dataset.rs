//! What people and evaluations marked, as an evaluation's dataset wants it: one line for each marked run, turn or step.

use crate::{Answers, Result, attributes, external::Fetched, step, telemetry::Telemetry, wire::wire_score};
use std::collections::BTreeMap;
use turnscope_api::DatasetLine;
use turnscope_model::{Kind, Message, Score};
use turnscope_project::TraceGroup;
use turnscope_query::{Condition, Run, RunCursor, RunFilter, RunPageQuery};
use turnscope_store::Reader;

/// A page of a dataset.
pub struct DatasetPage {
    /// Its lines.
    pub lines: Vec<DatasetLine>,
    /// Runs looked at.
    pub runs: usize,
    /// Where the next page goes on.
    pub next: Option<RunCursor>,
}

impl Answers {
    /// The marks of one page of runs. With conditions on scores, those that meet them.
    pub fn dataset(&self, filter: &RunFilter, page: &RunPageQuery) -> Result<DatasetPage> {
        self.read_with_contents(|reader, fetched| {
            let found = attributes::page(reader, filter, page, self.moment)?;
            let runs = found.runs.len();
            let mut lines = Vec::new();
            for listed in found.runs {
                lines.extend(lines_of(reader, fetched, &listed.run, listed.scores, filter)?);
            }
            Ok(DatasetPage { lines, runs, next: found.next })
        })
    }
}

/// The lines of one run: one for each thing in it that is marked.
fn lines_of(
    reader: &mut dyn Reader,
    fetched: &Fetched,
    run: &Run,
    scores: Vec<Score>,
    filter: &RunFilter,
) -> Result<Vec<DatasetLine>> {
    let mut marks: BTreeMap<(Option<u64>, Option<String>), Vec<Score>> = BTreeMap::new();
    for score in scores {
        let step = score.step_id.as_ref().map(ToString::to_string);
        let turn = score.turn.filter(|_| step.is_none());
        marks.entry((turn, step)).or_default().push(score);
    }
    marks.retain(|_, scores| is_asked_for(scores, filter));
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    let group = reader.group(run.group)?;
    let Some(index) = group.run_index(run.run_id) else { return Ok(Vec::new()) };
    let mut telemetry = Telemetry::new(reader, &group, fetched);
    let mut lines = Vec::with_capacity(marks.len());
    for ((turn, step_id), scores) in marks {
        let (input, output) = match (&step_id, turn) {
            (Some(id), _) => match step::find(&group, index, id) {
                Ok(step) => messages(&mut telemetry, step, step)?,
                Err(_) => continue, // its span is gone
            },
            (None, Some(n)) => of_turn(&mut telemetry, &group, index, n)?,
            (None, None) => of_run(&mut telemetry, &group, index)?,
        };
        lines.push(DatasetLine {
            run_id: run.run_id.to_string(),
            step_id,
            turn,
            input,
            output,
            scores: scores.into_iter().map(wire_score).collect(),
            tags: run.tags.clone(),
            metadata: run.metadata.iter().cloned().collect(),
        });
    }
    Ok(lines)
}

/// What went in, and what came out.
type Exchange = (Vec<Message>, Vec<Message>);

/// What went into one step and came out of another.
fn messages(telemetry: &mut Telemetry<'_>, first: usize, last: usize) -> Result<Exchange> {
    let content = telemetry.content(first)?;
    let mut input = Vec::new();
    if !content.system.is_empty() {
        input.push(Message { role: "system".into(), parts: content.system, ..Message::default() });
    }
    input.extend(content.input);
    let output = if first == last { content.output } else { telemetry.content(last)?.output };
    let plain = |json: Option<serde_json::Value>, role: &str| {
        json.map(|json| turnscope_otlp::messages::plain_message(role, &json))
    };
    let input = if input.is_empty() {
        plain(content.arguments.or(content.input_value), "user").into_iter().collect()
    } else {
        input
    };
    let output = if output.is_empty() && first == last {
        plain(content.result.or(content.output_value), "assistant").into_iter().collect()
    } else {
        output
    };
    Ok((input, output))
}

fn of_turn(telemetry: &mut Telemetry<'_>, group: &TraceGroup, run: usize, n: u64) -> Result<Exchange> {
    let turn = group.projection.runs[run].turns.iter().find(|turn| turn.n == n);
    let calls = turn.and_then(|turn| Some((*turn.llm_steps.first()?, *turn.llm_steps.last()?)));
    calls.map_or_else(|| Ok(Exchange::default()), |(first, last)| messages(telemetry, first, last))
}

/// The run's own input and output, where its span carries them; else those of its first and last call.
fn of_run(telemetry: &mut Telemetry<'_>, group: &TraceGroup, run: usize) -> Result<Exchange> {
    let steps = &group.projection.steps;
    let root = group.projection.runs[run].root.and_then(|record| group.step_of_record(record));
    let own = root.map(|root| messages(telemetry, root, root)).transpose()?.unwrap_or_default();
    let is_call = |step: &usize| {
        steps[*step].run == Some(run) && steps[*step].counted && steps[*step].kind == Kind::Llm
    };
    let calls: Vec<usize> = (0..steps.len()).filter(is_call).collect();
    let (Some(first), Some(last)) = (calls.first(), calls.last()) else { return Ok(own) };
    if !own.0.is_empty() && !own.1.is_empty() {
        return Ok(own);
    }
    let (input, output) = messages(telemetry, *first, *last)?;
    Ok((if own.0.is_empty() { input } else { own.0 }, if own.1.is_empty() { output } else { own.1 }))
}

/// Whether scores of one thing are among those that a filter of runs asks for. What it says of other things, and what it
/// negates, says nothing of them.
fn is_asked_for(scores: &[Score], filter: &RunFilter) -> bool {
    match filter {
        RunFilter::All(filters) => filters.iter().all(|filter| is_asked_for(scores, filter)),
        RunFilter::Any(filters) => filters.iter().any(|filter| is_asked_for(scores, filter)),
        RunFilter::Is(Condition::Score(pattern)) => scores.iter().any(|score| {
            pattern.matches(&score.name) || score.label.as_deref().is_some_and(|label| pattern.matches(label))
        }),
        RunFilter::Is(Condition::ScoreFigure(name, bounds)) => scores
            .iter()
            .any(|score| score.name == *name && score.value.is_some_and(|value| bounds.hold(value))),
        RunFilter::Is(_) | RunFilter::Not(_) => true,
    }
}
