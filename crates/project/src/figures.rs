//! A run's sums, names, identity, error and previews, from its steps.
//!
//! Each figure is counted once: usage over the calls that count, failures at the step where they began. Not here:
//! which steps count, and prices.

use super::{
    RecordFacts, RunView,
    asked::{self, Asked},
    runs::{Run, service},
    step::{Step, fill_session},
    tools::Synthesised,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use turnscope_model::{ErrorFact, Facts, Kind, LinkFact, Usage, Verdict};

/// The parts of one run.
pub(super) struct Parts<'a> {
    pub(super) run: &'a Run,
    pub(super) steps: &'a [Step],
    pub(super) records: &'a [RecordFacts],
    /// Its steps in order of start.
    pub(super) own: &'a [usize],
    pub(super) synthesised: &'a [Synthesised],
    pub(super) verdicts: &'a [Verdict],
    /// What it waits for.
    pub(super) waiting: Option<&'a Asked>,
    /// The run that it goes on with.
    pub(super) continues: Option<&'a Run>,
    /// The number of its last turn.
    pub(super) last_turn: Option<u64>,
    /// Who and what the run above it is for.
    pub(super) above: Option<&'a Facts>,
}

impl Parts<'_> {
    /// The run as the surface knows it, still without its turns.
    pub(super) fn view(&self, facts: &Facts) -> RunView {
        let run = self.run;
        let root = run.root.map(|i| &self.steps[i]);
        let start = root.map(|s| s.start).or_else(|| self.own.first().map(|&i| self.steps[i].start));
        let last_seen = self.own().map(Step::end_or_start).max().unwrap_or_default();
        let open = self.own().any(|step| step.end.is_none());
        let end = match root {
            Some(root) => root.end,
            None => (!open).then_some(last_seen),
        };
        let failed = self.failed();
        let sums = self.sums();
        RunView {
            run_id: run.id,
            parent: run.parent,
            root: root.map(|step| step.record),
            trace_id: run.trace,
            span_id: root.and_then(|step| step.span),
            native_run_id: facts.native_run_id.clone().or_else(|| run.native_id.clone()),
            name: self.name(facts),
            agent_name: facts.agent_name.clone(),
            service_name: self.service(),
            dialect: self.dialect(),
            start: start.unwrap_or_default(),
            end,
            last_seen,
            failed,
            waiting: self.waiting.filter(|_| !failed).cloned(),
            turns: Vec::new(),
            llm_call_count: sums.calls,
            tool_call_count: (self.tool_steps().count() + self.made().count()) as u64,
            error_count: (self.failures().len()
                + self.made().filter(|tool| tool.failed && !tool.is_refused()).count())
                as u64,
            usage: sums.usage,
            usage_by_model: sums.by_model.into_iter().map(|((m, p), (n, usage))| (m, p, n, usage)).collect(),
            reported_cost: sums.cost,
            models: sums.models.into_iter().collect(),
            providers: sums.providers.into_iter().collect(),
            tools: self.tools(),
            session_id: facts.session_id.clone(),
            user_id: facts.user_id.clone(),
            user_role: facts.user_role.clone(),
            trigger_type: facts.trigger_type.clone(),
            tags: facts.tags.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect(),
            metadata: facts.metadata.clone(),
            verdicts: self.verdict_counts(),
            risk_tiers: self.risk_tiers(),
            error: self.error(failed),
            input_text: self.input_text(),
            output_text: self.output_text(failed),
            prompt_id: facts.prompt_id.clone(),
            prompt_version: facts.prompt_version.clone(),
            experiment_id: facts.experiment_id.clone(),
            experiment_variant: facts.experiment_variant.clone(),
            links: self.links(),
        }
    }

    fn own(&self) -> impl Iterator<Item = &Step> {
        self.own.iter().map(|&i| &self.steps[i])
    }

    /// The steps that are the run itself: its root, then wrappers from outside in.
    fn selves(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.run.root.iter().chain(&self.run.also).map(|&i| &self.steps[i])
    }

    fn is_self(&self, step: usize) -> bool {
        self.run.root == Some(step) || self.run.also.contains(&step)
    }

    fn calls(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.own.iter().map(|&i| &self.steps[i]).filter(|step| step.counted && step.kind != Kind::Tool)
    }

    /// Its tool calls without a span.
    fn made(&self) -> impl Iterator<Item = &Synthesised> {
        self.synthesised.iter().filter(|tool| tool.gave_way.is_none())
    }

    fn tool_steps(&self) -> impl Iterator<Item = &Step> {
        self.own().filter(|step| step.counted && step.kind == Kind::Tool)
    }

    /// Who and what the run is for: from itself, else from the spans above it, else from its steps.
    pub(super) fn identity(&self) -> Facts {
        let mut all = Facts::default();
        // Of several names the agent's own comes before one that only its span bears.
        let (strong, weak): (Vec<&Step>, Vec<&Step>) =
            self.selves().partition(|step| !step.facts.agent_name_is_weak || step.facts.agent_name.is_none());
        for step in strong.into_iter().chain(weak) {
            identify(&mut all, &step.facts, From::Itself);
        }
        let mut above = self.run.root.and_then(|i| self.steps[i].parent);
        while let Some(i) =
            above.filter(|_| all.session_id.is_none() || all.session_is_weak || all.user_id.is_none())
        {
            identify(&mut all, &self.steps[i].facts, From::Above);
            above = self.steps[i]
                .parent
                .filter(|_| self.above.is_none() || !self.steps[i].is_agent_or_workflow());
        }
        if let Some(facts) = self.above {
            identify(&mut all, facts, From::Above);
        }
        for step in self.own() {
            identify(&mut all, &step.facts, From::Steps);
        }
        all
    }

    fn name(&self, facts: &Facts) -> String {
        let own = |pick: fn(&Facts) -> &Option<String>| self.selves().find_map(|s| pick(&s.facts).clone());
        let strong = self.selves().find(|s| !s.facts.agent_name_is_weak && s.facts.agent_name.is_some());
        strong
            .and_then(|step| step.facts.agent_name.clone())
            .or_else(|| own(|f| &f.agent_name))
            .or_else(|| own(|f| &f.workflow_name))
            .or_else(|| facts.agent_name.clone().filter(|_| self.run.root.is_none()))
            // Events have names of their own, which name no run.
            .or_else(|| Some(self.service()).filter(|name| self.run.root.is_none() && !name.is_empty()))
            .or_else(|| self.selves().map(|s| s.facts.name.clone()).find(|name| !name.is_empty()))
            .or_else(|| facts.agent_name.clone())
            .or_else(|| facts.workflow_name.clone())
            .or_else(|| self.own().map(|s| s.facts.name.clone()).find(|name| !name.is_empty()))
            .unwrap_or_default()
    }

    fn service(&self) -> String {
        let service = service(self.run, self.steps, self.records);
        if service.is_empty()
            && let Some(&first) = self.own.first()
        {
            return self.records[self.steps[first].record].service_name.to_string();
        }
        service.to_string()
    }

    fn dialect(&self) -> String {
        if let Some(named) = self.selves().map(|s| &s.facts.dialect).find(|dialect| !dialect.is_empty()) {
            return named.clone();
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for step in self.own().filter(|s| !s.facts.dialect.is_empty()) {
            *counts.entry(&step.facts.dialect).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|&(name, count)| (count, std::cmp::Reverse(name)));
        most.map_or_else(String::new, |(name, _)| name.to_owned())
    }

    fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for step in self.own().filter(|step| step.is_call()) {
            let facts = &step.facts;
            sums.models.extend([&facts.request_model, &facts.response_model].into_iter().flatten().cloned());
            sums.providers.extend(facts.provider.clone());
        }
        for step in self.calls() {
            let facts = &step.facts;
            let calls = u64::from(!step.is_sum);
            sums.calls += calls;
            sums.usage.add(&facts.usage);
            if let Some(cost) = facts.reported_cost {
                sums.cost = Some(sums.cost.unwrap_or(0).saturating_add(cost));
            }
            let model = facts.response_model.clone().or_else(|| facts.request_model.clone());
            sums.models.extend(model.clone());
            let entry = sums.by_model.entry((model, facts.provider.clone())).or_default();
            entry.0 += calls;
            entry.1.add(&facts.usage);
        }
        sums
    }

    fn tools(&self) -> Vec<String> {
        let real = self.tool_steps().filter_map(|step| step.tool_name.clone());
        let made = self.made().map(|tool| tool.name.clone());
        real.chain(made).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The steps where failures began: those that failed with no failed step of the run below them. A refusal is no
    /// failure, neither of the gate nor of the tool that did not run; a second report is none either.
    fn failures(&self) -> Vec<usize> {
        let mut by_place = self.own.to_vec();
        by_place.sort_unstable();
        let mut below: HashMap<usize, bool> = HashMap::new();
        let mut began = Vec::new();
        for &i in by_place.iter().rev() {
            let step = &self.steps[i];
            let under = below.get(&i).copied().unwrap_or(false);
            let failed = step.failed() && !is_refusal(step) && step.same_as.is_none();
            // What fails around the agent's own work, a missing file or a request, is dealt with unless that work fails.
            let is_work = step.kind.is_agentic() || step.kind == Kind::Mcp || step.parent.is_none();
            let failed = failed && (is_work || self.is_self(i));
            if failed && !under {
                began.push(i);
            }
            if (failed || under)
                && let Some(parent) = step.parent
            {
                below.insert(parent, true);
            }
        }
        began.sort_by_key(|&i| (self.steps[i].start, i));
        began
    }

    /// The root ended with an error; or nothing came after a model call or turn that failed, and no answer was given.
    fn failed(&self) -> bool {
        if self.selves().any(Step::failed) {
            return true;
        }
        let answered = self.selves().any(|step| step.facts.output_text.is_some());
        let assembled = self.run.root.is_none();
        let went_on = self
            .own()
            .filter(|step| step.counted && !step.failed())
            .map(|step| step.start)
            .max()
            .unwrap_or_default();
        !answered
            && self.own().any(|step| {
                let decides = step.counted && step.kind != Kind::Tool
                    || step.kind == Kind::Turn && step.turn == self.last_turn
                    || assembled;
                decides && step.failed() && !is_refusal(step) && step.end_or_start() >= went_on
            })
    }

    fn error(&self, failed: bool) -> Option<ErrorFact> {
        let own = self.selves().find_map(|step| step.facts.error.clone());
        // An agent's span may only say that it failed: where it began says why.
        let (named, unnamed) = match own {
            Some(error) if error.r#type == "_OTHER" => (None, Some(error)),
            own => (own, None),
        };
        named
            .or_else(|| self.failures().into_iter().find_map(|i| self.steps[i].facts.error.clone()))
            .or(unnamed)
            .or_else(|| self.made().filter(|tool| !tool.is_refused()).find_map(Synthesised::error))
            .or_else(|| failed.then(|| ErrorFact { r#type: "_OTHER".to_owned(), message: None }))
    }

    /// What the run was asked: its own input where that is a text; else the last user message of its first call.
    fn input_text(&self) -> Option<String> {
        let own = self.selves().filter_map(|step| Some((step.kind, step.facts.input_text.as_ref()?)));
        let mut own: Vec<(bool, &String)> =
            own.map(|(kind, text)| (kind == Kind::Turn || is_structure(text), text)).collect();
        let first = self.calls().find_map(|step| step.facts.input_text.as_ref());
        own.extend(first.map(|text| (is_structure(text), text)));
        own.iter().find(|(structure, _)| !structure).or(own.last()).map(|(_, text)| (*text).clone())
    }

    /// What the run answered: its own output; else the answer of its last call, if that asked for nothing more.
    fn output_text(&self, failed: bool) -> Option<String> {
        let own = self.selves().find_map(|step| step.facts.output_text.as_ref());
        let last = self.calls().rev().find(|step| step.kind != Kind::Embedding && !step.is_sum);
        let last = last.filter(|call| !failed && call.facts.requested_tools.iter().all(|tool| tool.ran));
        let answer = last.and_then(|call| call.facts.output_text.as_ref());
        match (own, answer) {
            (Some(own), Some(answer)) if is_shortened(own, answer) => Some(answer.clone()),
            (own, answer) => own.or(answer).cloned(),
        }
    }

    /// What it points at, each span once; a batch worker's many links are no story of one run.
    fn links(&self) -> Vec<LinkFact> {
        let mut links: Vec<LinkFact> = Vec::new();
        if let Some(id) = self.continues.map(|run| run.id) {
            let why = Some("continues".to_owned());
            links.push(LinkFact { trace_id: id.trace_part(), span_id: id.span_part(), why });
        }
        for link in self.selves().chain(self.own()).flat_map(|step| &step.facts.links) {
            let known = links.iter().any(|l| (l.trace_id, l.span_id) == (link.trace_id, link.span_id));
            if !known && links.len() < LinkFact::MAX {
                links.push(link.clone());
            }
        }
        links
    }

    fn verdict_counts(&self) -> [u64; 3] {
        let mut counts = [0; 3];
        for verdict in self.verdicts {
            counts[match verdict {
                Verdict::Allow => 0,
                Verdict::Deny => 1,
                Verdict::Hitl => 2,
            }] += 1;
        }
        counts
    }

    fn risk_tiers(&self) -> Vec<String> {
        let tiers: BTreeSet<String> = self.own().filter_map(|step| step.facts.risk_tier.clone()).collect();
        tiers.into_iter().collect()
    }
}

#[derive(Default)]
struct Sums {
    calls: u64,
    usage: Usage,
    by_model: BTreeMap<(Option<String>, Option<String>), (u64, Usage)>,
    cost: Option<i64>,
    models: BTreeSet<String>,
    providers: BTreeSet<String>,
}

/// Whether a text is an object or a list as JSON: a function's arguments or a state, not what a user wrote.
fn is_structure(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('{') && (text.ends_with('}') || text.contains("\":"))
        || text.starts_with('[') && (text.ends_with(']') || text.starts_with("[{"))
}

/// Whether a framework cut the text and put dots for the rest.
fn is_shortened(text: &str, whole: &str) -> bool {
    let stem = text.strip_suffix("...").or_else(|| text.strip_suffix('…'));
    stem.is_some_and(|stem| whole.len() > stem.len() && whole.starts_with(stem))
}

/// Where facts about a run are found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Itself,
    Above,
    Steps,
}

/// Takes the facts that say who and what a run is for, where they are still unknown. An agent's names are not taken
/// from above, labels not from steps, which have their own.
fn identify(all: &mut Facts, facts: &Facts, from: From) {
    macro_rules! or {
        ($($field:ident)*) => {$(
            if all.$field.is_none() {
                all.$field.clone_from(&facts.$field);
            }
        )*};
    }
    fill_session(all, facts);
    or!(user_id user_role trigger_type prompt_id prompt_version experiment_id experiment_variant);
    if from != From::Above {
        or!(agent_name workflow_name native_run_id);
    }
    if from != From::Steps && all.tags.is_empty() {
        all.tags.clone_from(&facts.tags);
    }
    if from != From::Steps && all.metadata.is_empty() {
        all.metadata.clone_from(&facts.metadata);
    }
}

fn is_refusal(step: &Step) -> bool {
    asked::is_refusal(step.kind, &step.facts, step.verdict, step.asked.as_ref())
}
