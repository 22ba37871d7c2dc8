//! Builds groups of records in a line or two, and names what came of them.
//!
//! `group().run("a").llm("c1").tool("t")`: each call adds a span below the one that `run`, `workflow`, `turn`, `under`
//! opened last; `up` closes it. Time goes on by ten at each span; what is opened lasts until `done`.

use super::{Projection, RecordFacts, RunView, StepView, project};
use std::sync::Arc;
use turnscope_model::{
    ErrorFact, Facts, GroupKey, Kind, RequestedTool, Role, SpanId, Status, TraceId, Usage, Verdict,
};

/// A group of records under construction.
pub(super) struct Build {
    records: Vec<RecordFacts>,
    open: Vec<usize>,
    trace: u8,
    now: u64,
    group: Option<GroupKey>,
}

/// A new group.
pub(super) fn group() -> Build {
    Build { records: Vec::new(), open: Vec::new(), trace: 1, now: 0, group: None }
}

pub(super) fn trace_id(n: u8) -> TraceId {
    TraceId::try_from(&[n; 16][..]).unwrap()
}

pub(super) fn span_id(n: usize) -> SpanId {
    SpanId::from_i64(n as i64 + 1).unwrap()
}

impl Build {
    fn add(mut self, kind: Kind, name: &str) -> Self {
        self.now += 10;
        let parent = self.open.last().map(|&i| self.records[i].span_id.unwrap());
        let facts = Facts { name: name.to_owned(), kind, ..Facts::default() };
        self.records.push(RecordFacts {
            id: turnscope_model::RecordId(self.records.len() as i64),
            role: Role::Span,
            trace_id: Some(trace_id(self.trace)),
            span_id: Some(span_id(self.records.len())),
            parent_span_id: parent,
            remote_parent: false,
            start: self.now,
            end: Some(self.now + 5),
            status: Status::Unset,
            service_name: Arc::from("app"),
            scope_name: Arc::from("scope"),
            facts: Arc::new(facts),
        });
        self
    }
    fn opened(mut self) -> Self {
        self.open.push(self.records.len() - 1);
        self
    }

    /// An agent's span, with its name; what follows is below it.
    pub(super) fn run(self, name: &str) -> Self {
        let named = name.to_owned();
        self.add(Kind::Run, name).opened().facts(|f| f.agent_name = Some(named))
    }
    /// A workflow's span; what follows is below it.
    pub(super) fn workflow(self, name: &str) -> Self {
        self.add(Kind::Workflow, name).opened()
    }
    /// A turn's span; what follows is below it.
    pub(super) fn turn(self, name: &str) -> Self {
        self.add(Kind::Turn, name).opened()
    }
    /// Any span; what follows is below it.
    pub(super) fn under(self, kind: Kind, name: &str) -> Self {
        self.add(kind, name).opened()
    }
    /// Any span.
    pub(super) fn span(self, kind: Kind, name: &str) -> Self {
        self.add(kind, name)
    }
    /// A model call of 10 tokens in and 1 out.
    pub(super) fn llm(self, name: &str) -> Self {
        self.add(Kind::Llm, name).tokens(10, 1).facts(|f| f.finish_reason = Some("stop".to_owned()))
    }
    /// A tool's span.
    pub(super) fn tool(self, name: &str) -> Self {
        let named = name.to_owned();
        self.add(Kind::Tool, name).facts(|f| f.tool_name = Some(named))
    }
    /// A policy gate's span about a tool.
    pub(super) fn gate(self, tool: &str, verdict: Verdict) -> Self {
        let named = (!tool.is_empty()).then(|| tool.to_owned());
        self.add(Kind::Policy, "gate").facts(|f| {
            f.tool_name = named;
            f.verdict = Some(verdict);
        })
    }
    /// What is opened last ends here; further spans are beside it.
    pub(super) fn up(mut self) -> Self {
        if let Some(i) = self.open.pop() {
            self.now += 10;
            self.records[i].end = Some(self.now);
        }
        self
    }
    /// From here on in another trace.
    pub(super) fn trace(mut self, n: u8) -> Self {
        while !self.open.is_empty() {
            self = self.up();
        }
        self.trace = n;
        self
    }
    /// The last span's facts.
    pub(super) fn facts(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(Arc::make_mut(&mut self.records.last_mut().unwrap().facts));
        self
    }
    /// The last record itself.
    pub(super) fn record(mut self, change: impl FnOnce(&mut RecordFacts)) -> Self {
        change(self.records.last_mut().unwrap());
        self
    }
    pub(super) fn tokens(self, input: u64, output: u64) -> Self {
        self.facts(|f| {
            f.usage = Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() };
        })
    }
    pub(super) fn response(self, id: &str) -> Self {
        let id = id.to_owned();
        self.facts(|f| f.response_id = Some(id))
    }
    pub(super) fn context(self, context: u64) -> Self {
        self.facts(|f| f.context = Some(context))
    }
    /// The last call asked for these tools: `name` or `name#id`.
    pub(super) fn asks(self, tools: &[&str]) -> Self {
        let asked = tools.iter().map(|tool| match tool.split_once('#') {
            Some((name, id)) => RequestedTool { id: Some(id.to_owned()), name: name.to_owned(), ran: false },
            None => RequestedTool { id: None, name: (*tool).to_owned(), ran: false },
        });
        let asked = asked.collect();
        self.facts(|f| f.requested_tools = asked)
    }
    pub(super) fn call_id(self, id: &str) -> Self {
        let id = id.to_owned();
        self.facts(|f| f.tool_call_id = Some(id))
    }
    pub(super) fn fails(self, kind: &str) -> Self {
        let error = ErrorFact { r#type: kind.to_owned(), message: None };
        self.facts(|f| f.error = Some(error)).record(|n| n.status = Status::Error)
    }
    /// The last span is still going on.
    pub(super) fn still_open(self) -> Self {
        self.record(|n| {
            n.role = Role::Open;
            n.end = None;
        })
    }
    /// The last span has no parent that was received.
    pub(super) fn orphan(self) -> Self {
        self.record(|n| n.parent_span_id = SpanId::from_i64(-1))
    }
    /// A log event that stands for a step.
    pub(super) fn event(self, kind: Kind, key: &str, parent: Option<&str>) -> Self {
        let role = Role::Event { key: key.to_owned(), parent: parent.map(str::to_owned) };
        self.add(kind, key).record(|n| {
            n.role = role;
            n.span_id = None;
            n.end = Some(n.start);
        })
    }
    /// A log record about the last span.
    pub(super) fn log(self, change: impl FnOnce(&mut Facts)) -> Self {
        let about = self.records.last().unwrap().span_id;
        self.add(Kind::Other, "log").facts(change).record(|n| {
            n.role = Role::Log;
            n.span_id = about;
        })
    }
    /// Time goes on by as much as two spans take, and nothing is received.
    pub(super) fn node_gap(mut self) -> Self {
        self.now += 20;
        self
    }
    /// The records are of this group.
    pub(super) fn of(mut self, group: GroupKey) -> Self {
        self.group = Some(group);
        self
    }

    /// The records as they are.
    pub(super) fn records(mut self) -> (GroupKey, Vec<RecordFacts>) {
        while !self.open.is_empty() {
            self = self.up();
        }
        (self.group.unwrap_or(GroupKey::Trace(trace_id(1))), self.records)
    }
    /// What comes of it.
    pub(super) fn project(self) -> Projection {
        let (group, records) = self.records();
        project(&[group], &records)
    }
}

impl Projection {
    pub(super) fn run(&self, name: &str) -> &RunView {
        self.runs
            .iter()
            .find(|run| run.name == name)
            .unwrap_or_else(|| panic!("no run {name}: {:?}", self.names()))
    }
    pub(super) fn names(&self) -> Vec<&str> {
        self.runs.iter().map(|run| run.name.as_str()).collect()
    }
    pub(super) fn step(&self, name: &str) -> &StepView {
        self.steps.iter().find(|step| step.name == name).unwrap()
    }
    /// The turn of each step of this name.
    pub(super) fn turn_of(&self, name: &str) -> Option<u64> {
        self.step(name).turn
    }
    /// The name of the run that a step belongs to.
    pub(super) fn run_of(&self, step: &str) -> Option<&str> {
        self.step(step).run.map(|run| self.runs[run].name.as_str())
    }
}
