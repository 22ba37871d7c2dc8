//! Compares what Turnscope shows with what really happened, fact by fact.
//!
//! In the corpus, `runs` are our runs without a parent, a `turn` is the input and output of such a run, and
//! `llm_calls` are HTTP requests, so one step may cover several retries. Not here: which facts the bytes do
//! not contain (`gaps`).

use crate::{
    corpus::{Billed, Call, Expected, Turn},
    seen::{Seen, SeenCall, SeenRun, SeenTool},
};
use std::collections::BTreeSet;
use turnscope_model::Usage;

/// How many characters of a text a preview shows.
const PREVIEW: usize = 500;

/// One fact, and whether it was found.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its name within the producer.
    pub name: String,
    /// Whether it was found.
    pub found: bool,
    /// What was found and what happened, in words.
    pub seen: String,
}

/// All facts of a producer.
pub fn compare(expected: &Expected, seen: &Seen) -> Vec<Fact> {
    let mut facts = Facts::default();
    let tops: Vec<&SeenRun> = seen.runs.iter().filter(|run| run.parent.is_none()).collect();
    facts.same("runs", expected.totals.runs, tops.len() as u64);
    turns(&mut facts, expected, &tops);
    calls(&mut facts, expected, seen);
    tools(&mut facts, expected, seen);
    let failed = tops.iter().filter(|run| run.status == "failed").count() as u64;
    facts.same("run errors", expected.totals.run_errors, failed);
    identities(&mut facts, expected, seen);
    structure(&mut facts, expected, seen);
    approvals(&mut facts, expected, seen);
    facts.0
}

#[derive(Default)]
struct Facts(Vec<Fact>);

impl Facts {
    fn add(&mut self, name: impl Into<String>, found: bool, seen: impl Into<String>) {
        self.0.push(Fact { name: name.into(), found, seen: seen.into() });
    }
    fn same(&mut self, name: impl Into<String>, wanted: u64, got: u64) {
        self.add(name, wanted == got, format!("{got} seen, {wanted} happened"));
    }
    fn within(&mut self, name: impl Into<String>, (least, most): (u64, u64), got: u64) {
        self.add(name, (least..=most).contains(&got), format!("{got} seen, {least} to {most} happened"));
    }
}

/// Finds each question and answer in a run that no other pair has been matched with.
fn turns(facts: &mut Facts, expected: &Expected, tops: &[&SeenRun]) {
    let mut taken = vec![false; tops.len()];
    for scenario in &expected.scenarios {
        for (i, turn) in scenario.turns.iter().enumerate() {
            let place = (0..tops.len()).filter(|&at| !taken[at]).max_by_key(|&at| {
                let (question, answer) = holds(turn, tops[at]);
                (question && answer, question, answer, std::cmp::Reverse(at))
            });
            let (question, answer) = place.map_or((false, false), |at| holds(turn, tops[at]));
            if let Some(at) = place.filter(|_| question || answer && turn.answer.is_some()) {
                taken[at] = true;
            }
            let got = |text: fn(&SeenRun) -> &Option<String>| {
                place.map_or_else(String::new, |at| format!("nearest: {:?}", text(tops[at])))
            };
            if turn.user.is_some() {
                let name = format!("{} {}: question", scenario.name, i + 1);
                facts.add(name, question, got(|run| &run.input_text));
            }
            if turn.answer.is_some() {
                let name = format!("{} {}: answer", scenario.name, i + 1);
                facts.add(name, answer, got(|run| &run.output_text));
            }
        }
    }
}

fn holds(turn: &Turn, run: &SeenRun) -> (bool, bool) {
    let same = |wanted: &Option<String>, got: &Option<String>| match (wanted, got) {
        (Some(wanted), Some(got)) => preview(wanted) == preview(got) || same_json(wanted, got),
        (wanted, _) => wanted.is_none(),
    };
    (same(&turn.user, &run.input_text), same(&turn.answer, &run.output_text))
}

fn preview(text: &str) -> String {
    text.trim().chars().take(PREVIEW).collect::<String>().trim().to_owned()
}

/// Compares structured answers as values, because frameworks format them differently.
fn same_json(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(&text.replace('\'', "\"")).ok();
    read(one).is_some_and(|value| !value.is_string() && Some(value) == read(other))
}

fn calls(facts: &mut Facts, expected: &Expected, seen: &Seen) {
    let totals = &expected.totals;
    let calls: Vec<&SeenCall> = seen.runs.iter().flat_map(|run| &run.calls).collect();
    let made: Vec<&Call> = expected.scenarios.iter().flat_map(|scenario| &scenario.llm_calls).collect();
    let count: u64 = seen.runs.iter().map(|run| run.llm_call_count).sum();
    facts.within("model calls", (least_attempts(expected, None), totals.llm_calls), count);
    tokens(facts, "all", &made, &calls, true);
    for (model, did) in &totals.by_model {
        let of_model: Vec<&SeenCall> = calls
            .iter()
            .copied()
            .filter(|call| call.model.as_deref().is_some_and(|m| same_model(m, model)))
            .collect();
        let made: Vec<&Call> =
            made.iter().copied().filter(|call| call.model.as_deref() == Some(model.as_str())).collect();
        let least = least_attempts(expected, Some(model));
        facts.within(format!("{model}: calls"), (least, did.calls), of_model.len() as u64);
        tokens(facts, model, &made, &of_model, false);
    }
}

/// The least number of attempts that must be found, since several retries of a call may be one step.
fn least_attempts(expected: &Expected, model: Option<&str>) -> u64 {
    let totals = &expected.totals;
    let failed_models = totals.by_model.iter().filter(|(name, _)| model.is_none_or(|m| m == *name));
    failed_models.map(|(_, did)| did.calls - did.failed + u64::from(did.failed > 0)).sum()
}

fn same_model(seen: &str, wanted: &str) -> bool {
    let seen = seen.rsplit('/').next().unwrap_or(seen);
    seen == wanted
        || seen.strip_prefix(wanted).is_some_and(|rest| {
            rest.strip_prefix('-').is_some_and(|date| date.starts_with(|c: char| c.is_ascii_digit()))
        })
}

fn tokens(facts: &mut Facts, of: &str, made: &[&Call], calls: &[&SeenCall], all: bool) {
    let billed = |pick: fn(&Billed) -> u64| -> u64 {
        made.iter().filter(|call| call.usage_delivered).filter_map(|call| call.usage.as_ref()).map(pick).sum()
    };
    let seen = |pick: fn(&Usage) -> Option<u64>| -> u64 { calls.iter().filter_map(|c| pick(&c.usage)).sum() };
    let rows = [
        ("input tokens", billed(|b| b.input), seen(|u| u.input_tokens)),
        ("output tokens", billed(|b| b.output), seen(|u| u.output_tokens)),
        ("cached tokens", billed(|b| b.cached), seen(|u| u.cache_read_tokens)),
        ("reasoning tokens", billed(|b| b.reasoning), seen(|u| u.reasoning_tokens)),
    ];
    for (what, wanted, got) in rows.into_iter().filter(|&(_, wanted, got)| all || wanted > 0 || got > 0) {
        facts.same(format!("{of}: {what}"), wanted, got);
    }
}

fn tools(facts: &mut Facts, expected: &Expected, seen: &Seen) {
    let tools: Vec<&SeenTool> = seen.runs.iter().flat_map(|run| &run.tools).collect();
    let ran = |tool: &&&SeenTool| tool.ran;
    for (name, &count) in &expected.totals.by_tool {
        let got = tools.iter().filter(ran).filter(|tool| same_tool(&tool.name, name)).count() as u64;
        facts.same(format!("tool {name}"), count, got);
    }
    let asked =
        expected.scenarios.iter().flat_map(|s| &s.llm.tool_calls_requested).map(|asked| asked.name.as_str());
    let known: BTreeSet<&str> = expected.totals.by_tool.keys().map(String::as_str).chain(asked).collect();
    let strange: BTreeSet<&str> = tools
        .iter()
        .filter(|tool| !tool.has_record)
        .map(|tool| tool.name.as_str())
        .filter(|name| !known.iter().any(|known| same_tool(name, known)))
        .collect();
    facts.add("no tool that nobody asked for", strange.is_empty(), format!("{strange:?}"));
    let failed = tools.iter().filter(ran).filter(|tool| tool.failed).count() as u64;
    facts.same("tool errors", expected.totals.tool_errors, failed);
}

/// Turns, agents and failures: nothing is there that did not happen.
fn structure(facts: &mut Facts, expected: &Expected, seen: &Seen) {
    let embeds = |model: &str| model.contains("embed");
    let counted = |calls: fn(&crate::corpus::Model) -> u64| -> u64 {
        let models = expected.totals.by_model.iter().filter(|(name, _)| !embeds(name));
        models.map(|(_, did)| calls(did)).sum()
    };
    let most = counted(|did| did.calls);
    let least = counted(|did| did.calls - did.failed);
    let turns = seen.runs.iter().map(|run| run.turns.len() as u64).sum();
    facts.within("turns", (least, most), turns);
    let is_parent = |index: usize| seen.runs.iter().any(|run| run.parent == Some(index));
    let idle: Vec<&str> = (seen.runs.iter().enumerate())
        .filter(|(_, run)| run.llm_call_count == 0 && run.tools.is_empty() && run.error_count == 0)
        .filter(|(index, run)| !is_parent(*index) && run.parent.is_some())
        .map(|(_, run)| run.name.as_str())
        .collect();
    facts.add("no agent that did nothing", idle.is_empty(), format!("{idle:?}"));
    let totals = &expected.totals;
    let failures = totals.llm_failed + totals.tool_errors + totals.run_errors;
    let errors = seen.runs.iter().map(|run| run.error_count).sum();
    facts.within("errors", (0, failures), errors);
}

/// Who asked a person, and what was answered. No run waits for what has been answered.
fn approvals(facts: &mut Facts, expected: &Expected, seen: &Seen) {
    let happened: Vec<_> = expected.scenarios.iter().flat_map(|scenario| &scenario.approvals).collect();
    let waiting = seen.runs.iter().filter(|run| run.parent.is_none() && run.status == "waiting").count();
    facts.same("runs that wait", 0, waiting as u64);
    if happened.is_empty() {
        return;
    }
    facts.same("a person asked", happened.len() as u64, seen.runs.iter().map(|run| run.asked).sum());
    let decided = |word: &str| {
        let tools = seen.runs.iter().flat_map(|run| &run.tools);
        tools.filter(|tool| tool.resolution.as_deref() == Some(word)).count() as u64
    };
    let yes = happened.iter().filter(|approval| approval.is_yes()).count() as u64;
    facts.same("approved", yes, decided("approved"));
    facts.same("rejected", happened.len() as u64 - yes, decided("rejected"));
}

/// A framework may prefix a tool's name with that of a server or plugin.
fn same_tool(seen: &str, wanted: &str) -> bool {
    seen.strip_suffix(wanted).is_some_and(|before| {
        before.is_empty() || before.ends_with(['-', '.', '/', ':']) || before.ends_with("__")
    })
}

fn identities(facts: &mut Facts, expected: &Expected, seen: &Seen) {
    let all = |pick: fn(&SeenRun) -> Vec<&Option<String>>| -> BTreeSet<&str> {
        seen.runs.iter().flat_map(pick).flatten().map(String::as_str).collect()
    };
    let sessions = all(|run| vec![&run.session_id]);
    for session in &expected.totals.sessions {
        facts.add(format!("session {session}"), sessions.contains(session.as_str()), format!("{sessions:?}"));
    }
    let users = all(|run| vec![&run.user_id]);
    for user in &expected.totals.users {
        facts.add(format!("user {user}"), users.contains(user.as_str()), format!("{users:?}"));
    }
    let mut agents = all(|run| vec![&run.agent_name]);
    agents.extend(seen.runs.iter().map(|run| run.name.as_str()));
    agents.extend(seen.runs.iter().flat_map(|run| &run.agents).map(String::as_str));
    for agent in &expected.totals.agents {
        facts.add(format!("agent {agent}"), agents.contains(agent.as_str()), format!("{agents:?}"));
    }
}
