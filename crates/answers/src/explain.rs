//! Why the facts of a step are what they are: what its records say, and what follows from its place in the run.

use crate::{
    AnswerError, Answers, Result, cost,
    run::FoundRun,
    step,
    telemetry::{Restored, Telemetry, restore},
};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use serde_json::{Value as Json, json};
use std::collections::{HashMap, HashSet};
use turnscope_api::{
    CallCost, ExplainedRecord, FactExplanation, FactPlace, FactSetAside, NotUnderstood, StepExplanation,
};
use turnscope_insight::cost::PriceList;
use turnscope_otlp::{
    dialects::Place,
    explain::{self, ExplainedFact, Explanation, Given},
};
use turnscope_project::{RecordFacts, StepView, TraceGroup};

impl Answers {
    /// Why the facts of one step of a run are what they are.
    pub fn explain(&self, run: &str, step_id: &str) -> Result<StepExplanation> {
        self.about_run_with_contents(run, |reader, found, fetched| {
            let index = step::find(&found.group, found.index, step_id)?;
            let mut telemetry = Telemetry::new(reader, &found.group, fetched);
            explanation(&mut telemetry, found, &self.prices, index)
        })
    }
}

fn explanation(
    telemetry: &mut Telemetry<'_>,
    found: &FoundRun,
    prices: &PriceList,
    index: usize,
) -> Result<StepExplanation> {
    let group = &*found.group;
    let view = &group.projection.steps[index];
    let records: Vec<&RecordFacts> = group.records_of_step(index).collect();
    let mut explained = Vec::with_capacity(records.len());
    for record in &records {
        explained.push(of_record(telemetry, record)?);
    }
    let mut facts = together(view, &explained);
    let mut of_run = OfRun { group, view, facts: &mut facts };
    of_run.explain();
    if let Some(call) = cost::call_of_step(group, prices, index) {
        facts.push(price(&call));
    }
    Ok(StepExplanation {
        run_id: found.run.run_id.to_string(),
        step_id: view.step_id.to_string(),
        name: view.name.clone(),
        kind: view.kind.as_str().to_owned(),
        records: records
            .iter()
            .zip(&explained)
            .map(|(record, explained)| wire_record(record, explained))
            .collect(),
        facts,
        not_understood: not_understood(&explained),
    })
}

/// Explains one record.
fn of_record(telemetry: &mut Telemetry<'_>, record: &RecordFacts) -> Result<Explanation> {
    if record.facts.contents_deleted {
        return Err(AnswerError::not_found(
            "what this step was sent with is not there any more",
            "a rule of retention deleted it; the facts that were found in it are kept",
        ));
    }
    let stored = telemetry.body(record)?;
    let origin: ResourceSpans = prost::Message::decode(&stored.origin[..]).unwrap_or_default();
    match restore(record, stored)? {
        Restored::Log(log) => Ok(explain::log(&log, &origin)),
        Restored::Span(span) => {
            explain::span(&span, &origin).ok_or_else(|| AnswerError::damaged("the span's ids are invalid"))
        }
    }
}

fn wire_record(record: &RecordFacts, explained: &Explanation) -> ExplainedRecord {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (stored, today) = (explain::facts_of(&record.facts), explain::facts_of(&explained.facts));
    let changed = stored.into_iter().zip(today).filter(|(stored, today)| stored != today);
    ExplainedRecord {
        signal: if explained.is_span { "span" } else { "log" }.to_owned(),
        name: explained.facts.name.clone(),
        span_id: record.span_id.map(|id| id.to_string()),
        service_name: text(&record.service_name),
        scope_name: text(&record.scope_name),
        dialect: text(&explained.facts.dialect),
        changed_since: changed.map(|((fact, _), _)| fact.to_owned()).collect(),
    }
}

fn not_understood(explained: &[Explanation]) -> Vec<NotUnderstood> {
    let mut all: Vec<_> = explained
        .iter()
        .enumerate()
        .flat_map(|(record, one)| one.unknown.iter().map(move |unknown| (record, unknown)))
        .collect();
    all.sort_by_key(|(_, unknown)| -unknown.weight);
    let mut told = HashSet::new();
    all.retain(|(_, unknown)| told.insert((unknown.what, &unknown.key)));
    let wire = |(record, unknown): (usize, &explain::Unknown)| NotUnderstood {
        record,
        what: unknown.what.as_str().to_owned(),
        key: unknown.key.clone(),
        shape: unknown.shape.to_string(),
        example: unknown.example.clone(),
        looks_like: unknown.looks_like.map(str::to_owned),
        of_no_interest: unknown.of_no_interest.map(str::to_owned),
    };
    all.into_iter().map(wire).collect()
}

/// What the records of a step say together.
fn together(view: &StepView, explained: &[Explanation]) -> Vec<FactExplanation> {
    let of_step: HashMap<&str, Json> = explain::facts_of(&view.facts).into_iter().collect();
    let mut names: Vec<&'static str> = Vec::new();
    for fact in explained.iter().flat_map(|one| &one.explained) {
        if !names.contains(&fact.fact) {
            names.push(fact.fact);
        }
    }
    names
        .into_iter()
        .map(|name| {
            let told: Vec<(usize, &ExplainedFact)> = explained
                .iter()
                .enumerate()
                .filter_map(|(at, one)| Some((at, one.explained.iter().find(|fact| fact.fact == name)?)))
                .collect();
            one_fact(name, of_step.get(name), &told)
        })
        .collect()
}

/// One fact, of which these records say something.
fn one_fact(name: &str, of_step: Option<&Json>, told: &[(usize, &ExplainedFact)]) -> FactExplanation {
    let says = || told.iter().filter(|(_, fact)| !fact.value.is_null());
    let best_rank = says().filter_map(|(_, fact)| fact.given_by.first()?.rank).min();
    let gives = |(_, fact): &&(usize, &ExplainedFact)| match of_step {
        Some(value) => fact.value == *value,
        // Of contents the best place counts, in whatever record it is.
        None => fact.given_by.first().is_some_and(|given| given.rank == best_rank),
    };
    let mut givers: Vec<usize> = says().filter(gives).map(|(at, _)| *at).collect();
    if of_step.is_some() {
        givers.truncate(1);
    }
    if givers.is_empty() {
        // A list of what several records say.
        givers = says().map(|(at, _)| *at).collect();
    }
    let mut out = FactExplanation { fact: name.to_owned(), ..FactExplanation::default() };
    if let Some((_, first)) = told.iter().find(|(at, _)| givers.contains(at)) {
        out.value = of_step.unwrap_or(&first.value).clone();
        out.how = first.how.iter().map(|how| (*how).to_owned()).collect();
    }
    for (at, fact) in told {
        if givers.contains(at) {
            out.given_by.extend(fact.given_by.iter().map(|given| place(*at, given)));
        } else {
            out.set_aside.extend(fact.given_by.iter().map(|given| FactSetAside {
                place: place(*at, given),
                value: fact.value.clone(),
                why: "another record of the step gives it".to_owned(),
            }));
        }
        out.set_aside.extend(fact.set_aside.iter().map(|aside| FactSetAside {
            place: place(*at, &Given { place: aside.place.clone(), rank: aside.rank }),
            value: aside.value.clone(),
            why: aside.why.to_owned(),
        }));
    }
    out
}

fn place(record: usize, given: &Given) -> FactPlace {
    let mut wire = FactPlace {
        record: Some(record),
        rank: given.rank,
        text: given.place.to_string(),
        place: match given.place {
            Place::Attribute { .. } => "attribute",
            Place::Resource(_) => "resource",
            Place::Event { .. } => "event",
            Place::Name => "name",
            Place::Scope => "scope",
            Place::Status => "status",
            Place::Links => "links",
            Place::Body => "body",
            Place::Rule => "rule",
        }
        .to_owned(),
        ..FactPlace::default()
    };
    match &given.place {
        Place::Attribute { key, path } => {
            wire.key = Some(key.to_string());
            wire.path = path.iter().map(ToString::to_string).collect();
        }
        Place::Resource(key) => wire.key = Some(key.clone()),
        Place::Event { event, key } => {
            wire.event = Some(event.to_string());
            wire.key = key.as_ref().map(ToString::to_string);
        }
        _ => {}
    }
    wire
}

/// What follows from the step's place in its run.
struct OfRun<'a> {
    group: &'a TraceGroup,
    view: &'a StepView,
    facts: &'a mut Vec<FactExplanation>,
}

impl OfRun<'_> {
    fn explain(&mut self) {
        let view = self.view;
        let id = |step: usize| self.group.projection.steps[step].step_id.to_string();
        let asked_by = view.requested_by.map(|step| format!("as step {} asked for it", id(step)));
        let gate = view.gate.map(|step| format!("policy step {} said it", id(step)));
        let same_as = view.same_as.map(|step| format!("step {} reports the same work", id(step)));
        let by_structure = || "its place among the other steps decides".to_owned();

        self.decided("kind", &json!(view.kind.as_str()), by_structure);
        self.decided("name", &json!(view.name), by_structure);
        self.decided("tool_name", &json!(view.tool_name), || asked_by.clone().unwrap_or_else(by_structure));
        self.decided("tool_call_id", &json!(view.tool_call_id), || {
            asked_by.clone().unwrap_or_else(by_structure)
        });
        self.decided("turn", &json!(view.turn), || "counted within the run".to_owned());
        let verdict = json!(view.verdict.map(turnscope_model::Verdict::as_str));
        self.decided("verdict", &verdict, || gate.clone().unwrap_or_else(by_structure));
        if let Some(run) = view.run.map(|run| &self.group.projection.runs[run]) {
            let inherited = || "the step does not say; its run has it".to_owned();
            for (fact, value) in
                [("agent_name", &run.agent_name), ("session_id", &run.session_id), ("user_id", &run.user_id)]
            {
                if self.value(fact).is_null() {
                    self.decided(fact, &json!(value), inherited);
                }
            }
        }
        if view.usage_is_sum {
            let sum = "it is the sum over the calls in it, which say nothing of theirs";
            self.more(&["input_tokens", "output_tokens"], sum);
        }
        if let Some(same_as) = same_as {
            self.decided("counted", &json!(view.counted), || same_as);
        }
    }

    fn value(&self, fact: &str) -> Json {
        self.facts.iter().find(|one| one.fact == fact).map_or(Json::Null, |one| one.value.clone())
    }

    /// Takes in what the run makes of a fact, where that is something else than its records say.
    fn decided(&mut self, fact: &str, value: &Json, how: impl FnOnce() -> String) {
        if value.is_null() || self.value(fact) == *value {
            return;
        }
        let at = self.facts.iter().position(|one| one.fact == fact).unwrap_or_else(|| {
            self.facts.push(FactExplanation { fact: fact.to_owned(), ..FactExplanation::default() });
            self.facts.len() - 1
        });
        let one = &mut self.facts[at];
        let said = std::mem::replace(&mut one.value, value.clone());
        let before = std::mem::replace(&mut one.given_by, vec![elsewhere("run", "the structure of the run")]);
        one.set_aside.splice(
            0..0,
            before.into_iter().map(|place| FactSetAside {
                place,
                value: said.clone(),
                why: "the run decides otherwise".to_owned(),
            }),
        );
        one.how = vec![how()];
    }

    fn more(&mut self, facts: &[&str], how: &str) {
        for one in self.facts.iter_mut().filter(|one| facts.contains(&one.fact.as_str())) {
            one.how.push(how.to_owned());
        }
    }
}

fn elsewhere(place: &str, text: &str) -> FactPlace {
    FactPlace { place: place.to_owned(), text: text.to_owned(), ..FactPlace::default() }
}

/// How the cost of a call was found.
fn price(call: &CallCost) -> FactExplanation {
    let entry = call.price.as_ref();
    let how = match (entry, &call.unknown_because) {
        (Some(price), _) => {
            let at = price.provider.as_ref().map_or_else(String::new, |provider| format!(" at {provider}"));
            format!(
                "tokens × the {} price of {}{at} since {}, from {}",
                price.tier, price.model, price.effective_from, price.source
            )
        }
        (None, Some(why)) => why.clone(),
        (None, None) => String::new(),
    };
    FactExplanation {
        fact: "cost_usd".to_owned(),
        value: json!(call.cost_usd.or(call.reported_cost_usd)),
        given_by: match entry {
            Some(price) => vec![FactPlace {
                key: Some(price.model.clone()),
                ..elsewhere("prices", &format!("the price list's entry {}", price.model))
            }],
            None if call.reported_cost_usd.is_some() => {
                vec![elsewhere("rule", "what the client says it cost")]
            }
            None => Vec::new(),
        },
        how: vec![how],
        set_aside: Vec::new(),
    }
}
