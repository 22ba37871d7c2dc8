//! What was sent, over many records, that no rule understood.
//!
//! Stored records are searched again, newest runs and traces first, a bounded number of them. Not here: what counts as
//! understood (`turnscope_otlp::explain`).

use crate::{
    Answers, Result, attributes,
    telemetry::{Restored, restore},
};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use turnscope_api::{Unmapped, UnmappedEntry};
use turnscope_model::{RecordId, TraceGroupId};
use turnscope_otlp::explain::{self, Shape, Unknown, What};
use turnscope_project::{RecordFacts, TraceGroup};
use turnscope_query::{ListedRun, RunFilter, RunPageQuery, Trace, TraceCursor};
use turnscope_store::{Reader, StoreError, StoredBody};

/// Runs, or traces, of one page.
const PAGE: u32 = 100;
/// Records read at once.
const AT_ONCE: usize = 100;
/// Shapes that are told of one entry.
const MOST_SHAPES: usize = 4;
/// Entries that are counted; what comes beyond them is new only in its name.
const MOST_ENTRIES: usize = 10_000;

impl Answers {
    /// What no rule understood in the records of these runs; without a filter, in all records. At most `most` records are
    /// looked at, and `limit` entries are told.
    pub fn unmapped(&self, filter: Option<&RunFilter>, most: usize, limit: usize) -> Result<Unmapped> {
        self.read(|reader| {
            let mut tally = Tally::new(self, most);
            let mut sources = Sources::new(self, filter);
            while tally.has_room()
                && let Some(next) = sources.next(reader)?
            {
                tally.look_at(reader, next, filter.is_some())?;
            }
            let complete = tally.has_room() && !tally.was_cut;
            let runs_total = sources.runs_total;
            Ok(Unmapped { complete, runs_total, ..tally.told(limit) })
        })
    }
}

/// What is looked at next.
enum Next {
    Run(Box<ListedRun>),
    Trace(Trace),
}

/// Runs, and traces without runs, the newest first.
struct Sources<'a> {
    answers: &'a Answers,
    filter: RunFilter,
    runs: Vec<ListedRun>,
    runs_at: Option<RunPageQuery>,
    runs_total: Option<u64>,
    traces: Vec<Trace>,
    traces_after: Option<TraceCursor>,
    has_more_traces: bool,
}

impl<'a> Sources<'a> {
    fn new(answers: &'a Answers, filter: Option<&RunFilter>) -> Self {
        let first = RunPageQuery { limit: PAGE, descending: true, ..RunPageQuery::default() };
        Self {
            answers,
            filter: filter.cloned().unwrap_or_default(),
            runs: Vec::new(),
            runs_at: Some(first),
            runs_total: None,
            traces: Vec::new(),
            traces_after: None,
            // A filter is about runs.
            has_more_traces: filter.is_none(),
        }
    }

    fn next(&mut self, reader: &mut dyn Reader) -> Result<Option<Next>> {
        self.fill(reader)?;
        let is_newer = |run: &ListedRun, trace: &Trace| run.run.start >= trace.start;
        let takes_run = match (self.runs.last(), self.traces.last()) {
            (Some(run), Some(trace)) => is_newer(run, trace),
            (run, _) => run.is_some(),
        };
        Ok(if takes_run {
            self.runs.pop().map(|run| Next::Run(Box::new(run)))
        } else {
            self.traces.pop().map(Next::Trace)
        })
    }

    /// Reads further pages where one has run out. Pages are kept with the next entry last.
    fn fill(&mut self, reader: &mut dyn Reader) -> Result<()> {
        while self.runs.is_empty()
            && let Some(at) = self.runs_at.take()
        {
            let is_first = at.after.is_none();
            let page = attributes::page(reader, &self.filter, &at, self.answers.moment)?;
            if is_first {
                self.runs_total = page.total;
            }
            self.runs_at = page.next.map(|after| RunPageQuery { after: Some(after), ..at });
            self.runs = page.runs;
            self.runs.reverse();
        }
        while self.traces.is_empty() && self.has_more_traces {
            let page = reader.traces(self.traces_after.as_ref(), PAGE)?;
            self.has_more_traces = page.next.is_some();
            self.traces_after = page.next;
            self.traces = page.traces.into_iter().filter(|trace| !trace.has_runs).collect();
            self.traces.reverse();
        }
        Ok(())
    }
}

/// What names an entry: what it is, its key, the service and the scope.
type Key = (What, String, Arc<str>, Arc<str>);

struct Counted {
    count: u64,
    shapes: Vec<Shape>,
    newest: Unknown,
    run_id: Option<String>,
    step_id: Option<String>,
}

/// What was counted so far.
struct Tally<'a> {
    answers: &'a Answers,
    most: usize,
    seen: HashSet<TraceGroupId>,
    entries: HashMap<Key, Counted>,
    records: usize,
    runs: usize,
    traces: usize,
    unreadable: usize,
    /// A run had more records than there was room for.
    was_cut: bool,
}

impl<'a> Tally<'a> {
    fn new(answers: &'a Answers, most: usize) -> Self {
        Self {
            answers,
            most,
            seen: HashSet::new(),
            entries: HashMap::new(),
            records: 0,
            runs: 0,
            traces: 0,
            unreadable: 0,
            was_cut: false,
        }
    }

    fn has_room(&self) -> bool {
        self.records < self.most
    }

    fn look_at(&mut self, reader: &mut dyn Reader, next: Next, only_this_run: bool) -> Result<()> {
        let (group_id, run) = match next {
            Next::Run(listed) => {
                self.runs += 1;
                (listed.run.group, Some(listed.run.run_id))
            }
            Next::Trace(trace) => {
                let Some(group) = reader.group_of_trace(trace.trace_id)? else { return Ok(()) };
                self.traces += 1;
                (group, None)
            }
        };
        if !only_this_run && !self.seen.insert(group_id) {
            return Ok(());
        }
        let group = reader.group(group_id)?;
        let index = run.filter(|_| only_this_run).and_then(|run| group.run_index(run));
        let mut wanted: Vec<usize> =
            if only_this_run { of_run(&group, index) } else { (0..group.records.len()).collect() };
        wanted.retain(|place| !group.records[*place].facts.contents_deleted);
        let room = self.most - self.records;
        self.was_cut |= wanted.len() > room;
        for places in wanted[..wanted.len().min(room)].chunks(AT_ONCE) {
            if self.answers.limit.is_over() {
                return Err(StoreError::Interrupted.into());
            }
            let ids: Vec<RecordId> = places.iter().map(|place| group.records[*place].id).collect();
            for (place, body) in places.iter().zip(reader.bodies(&ids)?) {
                self.records += 1;
                let unknown = body.ok().and_then(|body| unknown_in(&group.records[*place], &body));
                match unknown {
                    Some(unknown) => self.count(&group, *place, unknown),
                    None => self.unreadable += 1,
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, group: &TraceGroup, place: usize, unknown: Vec<Unknown>) {
        let record = &group.records[place];
        let mut told = HashSet::new();
        for one in unknown {
            let key =
                (one.what, one.key.clone(), Arc::clone(&record.service_name), Arc::clone(&record.scope_name));
            if let Some(known) = self.entries.get_mut(&key) {
                known.count += u64::from(told.insert(key));
                known.add(&one.shape);
            } else if self.entries.len() < MOST_ENTRIES {
                told.insert(key.clone());
                let step = group.step_of_record(place).map(|step| &group.projection.steps[step]);
                let run = step.and_then(|step| step.run).map(|run| &group.projection.runs[run]);
                self.entries.insert(
                    key,
                    Counted {
                        count: 1,
                        shapes: vec![one.shape.clone()],
                        newest: one,
                        run_id: run.map(|run| run.run_id.to_string()),
                        step_id: step.filter(|_| run.is_some()).map(|step| step.step_id.to_string()),
                    },
                );
            }
        }
    }

    fn told(self, limit: usize) -> Unmapped {
        let mut entries: Vec<(Key, Counted)> = self.entries.into_iter().collect();
        entries.sort_by(|(key, one), (other_key, other)| {
            let rank = |one: &Counted| (-one.newest.weight, std::cmp::Reverse(one.count));
            rank(one).cmp(&rank(other)).then_with(|| key.cmp(other_key))
        });
        Unmapped {
            total: entries.len(),
            entries: entries.into_iter().take(limit).map(|(key, one)| one.wire(key)).collect(),
            records: self.records,
            runs: self.runs,
            traces: self.traces,
            unreadable: self.unreadable,
            ..Unmapped::default()
        }
    }
}

impl Counted {
    fn add(&mut self, shape: &Shape) {
        let merged = self.shapes.iter_mut().any(|known| known.merge(shape));
        if !merged && self.shapes.len() < MOST_SHAPES {
            self.shapes.push(shape.clone());
        }
    }

    fn wire(self, (what, key, service, scope): Key) -> UnmappedEntry {
        UnmappedEntry {
            what: what.as_str().to_owned(),
            key,
            service_name: service.to_string(),
            scope_name: scope.to_string(),
            count: self.count,
            shapes: self.shapes.iter().map(ToString::to_string).collect(),
            example: self.newest.example,
            run_id: self.run_id,
            step_id: self.step_id,
            looks_like: self.newest.looks_like.map(str::to_owned),
            of_no_interest: self.newest.of_no_interest.map(str::to_owned),
        }
    }
}

/// The records of a run's steps, each once.
fn of_run(group: &TraceGroup, run: Option<usize>) -> Vec<usize> {
    let steps = group.projection.steps.iter().filter(|step| step.run.is_some() && step.run == run);
    let mut seen = HashSet::new();
    steps
        .flat_map(|step| step.record.iter().chain(&step.joined).copied())
        .filter(|record| seen.insert(*record))
        .collect()
}

/// What of a stored record no rule understood; `None` where it cannot be restored.
fn unknown_in(record: &RecordFacts, stored: &StoredBody) -> Option<Vec<Unknown>> {
    let origin: ResourceSpans = prost::Message::decode(&stored.origin[..]).ok()?;
    Some(match restore(record, stored).ok()? {
        Restored::Span(span) => explain::unknown_in_span(&span, &origin),
        Restored::Log(log) => explain::unknown_in_log(&log, &origin),
    })
}
