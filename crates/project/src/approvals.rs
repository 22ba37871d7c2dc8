//! A person in the loop: what was asked, what was answered, and which runs wait.
//!
//! A question is told by an exception, a message part or a gate's span; often by several of them at once. Its answer
//! stands in the same step, in a later one, or at the start of another run that goes on where this one stopped. Where no
//! record tells of an answer, a run that went on was answered. Not here: how records say it (the crate `otlp`), and
//! the verdicts of policies (`tools`).

use super::{
    asked::Asked,
    runs::Run,
    step::Step,
    tools::{Synthesised, same_call},
};
use std::collections::HashMap;
use turnscope_model::{Approval, Facts, Kind, Resolution, UnixNanos, Verdict};

/// What questions and answers make of the runs.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// For each run the question that it waits for.
    pub(super) waiting: Vec<Option<Asked>>,
    /// For each run the run that it goes on with.
    pub(super) continues: Vec<Option<usize>>,
    /// For each run the questions that are about no tool call.
    pub(super) lone: Vec<u64>,
}

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Step(usize),
    Synthesised(usize),
    /// No tool call: the step that asks.
    Itself,
}

#[derive(Debug)]
struct Question {
    step: usize,
    run: usize,
    asked: Asked,
    target: Target,
    /// A gate that a person must pass, of which nothing says that the work stopped for it.
    is_soft: bool,
}

#[derive(Debug)]
struct Answer {
    step: usize,
    run: usize,
    at: UnixNanos,
    said: Approval,
    taken: bool,
}

/// Settles the questions of a group. `synthesised` are the tool calls without a span, of all runs.
pub(super) fn settle(steps: &mut [Step], runs: &[Run], synthesised: &mut [Synthesised]) -> Settled {
    let mut settled = Settled {
        waiting: vec![None; runs.len()],
        continues: vec![None; runs.len()],
        lone: vec![0; runs.len()],
    };
    for tool in synthesised.iter() {
        if let Some(step) = tool.gave_way
            && let Some(later) = steps[step].run.map(|run| top(runs, run))
            && later != top(runs, tool.run)
        {
            settled.continues[later] = Some(top(runs, tool.run));
        }
    }
    if !steps.iter().any(|step| tells_of_a_person(&step.facts)) {
        return settled;
    }
    let calls = counted_calls(steps, runs);
    let mut questions = questions(steps, runs, &calls, synthesised);
    let mut answers = answers(steps, runs);
    for question in &mut questions {
        answer(question, &mut answers, steps, runs, &calls);
        if let Some(place) = answers.iter().find(|a| a.taken && Some(a.at) == question.asked.answered_at) {
            let (before, after) = (top(runs, question.run), top(runs, place.run));
            if before != after {
                settled.continues[after] = Some(before);
            }
        }
    }
    for question in &questions {
        let open = question.asked.answered_at.is_none();
        if open && waits(question, steps, runs, &calls) {
            let mut run = Some(question.run);
            while let Some(index) = run {
                settled.waiting[index].get_or_insert_with(|| question.asked.clone());
                run = runs[index].parent;
            }
        }
        if !question.is_soft {
            tell(question, steps, synthesised, &mut settled);
        }
    }
    for answer in answers.into_iter().filter(|answer| !answer.taken) {
        let target = target(&answer.said, answer.step, answer.run, answer.at, steps, &calls, synthesised);
        let asked = Asked {
            tool_name: answer.said.tool_name.clone(),
            tool_call_id: answer.said.tool_call_id.clone(),
            ..Asked::default()
        };
        let mut question = Question {
            step: answer.step,
            run: answer.run,
            asked,
            target: target.first().copied().unwrap_or(Target::Itself),
            is_soft: false,
        };
        take(&mut question.asked, &answer);
        // Whoever lets a tool run says yes.
        if let (Target::Step(tool), None, None) =
            (question.target, question.asked.resolution, &question.asked.answer)
            && tool != question.step
            && !steps[tool].facts.steered
        {
            question.asked.resolution = Some(Resolution::Approved);
        }
        tell(&question, steps, synthesised, &mut settled);
    }
    settled
}

fn tells_of_a_person(facts: &Facts) -> bool {
    !facts.asks.is_empty() || !facts.answers.is_empty() || is_soft_question(facts)
}

/// A verdict that a person must decide, and nobody has.
fn is_soft_question(facts: &Facts) -> bool {
    facts.verdict == Some(Verdict::Hitl)
        && facts.resolution.is_none()
        && facts.asks.is_empty()
        && facts.answers.is_empty()
}

fn top(runs: &[Run], mut run: usize) -> usize {
    while let Some(parent) = runs[run].parent {
        run = parent;
    }
    run
}

/// For each topmost run when its model calls began, in order, each with its step.
fn counted_calls(steps: &[Step], runs: &[Run]) -> HashMap<usize, Vec<(UnixNanos, usize)>> {
    let mut calls: HashMap<usize, Vec<(UnixNanos, usize)>> = HashMap::new();
    for (i, step) in steps.iter().enumerate() {
        if step.counted
            && !step.is_sum
            && step.kind != Kind::Tool
            && let Some(run) = step.run
        {
            calls.entry(top(runs, run)).or_default().push((step.start, i));
        }
    }
    for calls in calls.values_mut() {
        calls.sort_unstable();
    }
    calls
}

/// When the person was asked: a gate waits from its start on, anything else stops at its end.
fn asked_at(step: &Step) -> UnixNanos {
    if step.kind == Kind::Policy { step.start } else { step.end_or_start() }
}

fn questions(
    steps: &[Step],
    runs: &[Run],
    calls: &HashMap<usize, Vec<(UnixNanos, usize)>>,
    synthesised: &[Synthesised],
) -> Vec<Question> {
    let mut told: Vec<(UnixNanos, usize, usize, Approval, bool)> = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let Some(run) = step.run else { continue };
        for ask in &step.facts.asks {
            told.push((asked_at(step), i, run, ask.clone(), false));
        }
        if is_soft_question(&step.facts) {
            let ask = Approval {
                tool_name: step.tool_name.clone(),
                tool_call_id: step.facts.tool_call_id.clone(),
                ..Approval::default()
            };
            told.push((asked_at(step), i, run, ask, true));
        }
    }
    // Of several that tell of one question, the one that names the tool call comes first.
    told.sort_by_key(|(at, step, _, ask, _)| {
        (*at, ask.tool_call_id.is_none(), ask.tool_name.is_none(), *step)
    });
    let mut found: Vec<Question> = Vec::new();
    for (at, step, run, ask, is_soft) in told {
        let moment = |at: UnixNanos| {
            calls.get(&top(runs, run)).map_or(0, |calls| calls.partition_point(|&(start, _)| start <= at))
        };
        let known = found.iter_mut().rev().take(32).find(|known| {
            top(runs, known.run) == top(runs, run)
                && known.asked.asked_at.is_some_and(|before| moment(before) == moment(at))
                && agree(known.asked.tool_call_id.as_ref(), ask.tool_call_id.as_ref())
                && agree(known.asked.tool_name.as_ref(), ask.tool_name.as_ref())
                && (known.step != step || known.asked.tool_call_id.is_none() && ask.tool_call_id.is_none())
        });
        if let Some(known) = known {
            known.is_soft &= is_soft;
            known.asked.question = known.asked.question.take().or(ask.text);
            known.asked.who = known.asked.who.take().or(ask.who);
            continue;
        }
        for target in target(&ask, step, run, at, steps, calls, synthesised) {
            let (name, id) = match target {
                Target::Step(tool) => (steps[tool].tool_name.clone(), steps[tool].facts.tool_call_id.clone()),
                Target::Synthesised(tool) => {
                    (Some(synthesised[tool].name.clone()), synthesised[tool].call_id.clone())
                }
                Target::Itself => (None, None),
            };
            let asked = Asked {
                question: ask.text.clone(),
                who: ask.who.clone(),
                tool_name: ask.tool_name.clone().or(name),
                tool_call_id: ask.tool_call_id.clone().or(id),
                asked_at: Some(at),
                ..Asked::default()
            };
            found.push(Question { step, run, asked, target, is_soft });
        }
    }
    found
}

/// What is unknown contradicts nothing.
fn agree(one: Option<&String>, other: Option<&String>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// The tool calls that a question or an answer is about: the one it lies in, the one it names, or else all that the
/// model asked for last and that had not run by then.
fn target(
    said: &Approval,
    step: usize,
    run: usize,
    at: UnixNanos,
    steps: &[Step],
    calls: &HashMap<usize, Vec<(UnixNanos, usize)>>,
    synthesised: &[Synthesised],
) -> Vec<Target> {
    let is_tool = |i: usize| steps[i].kind == Kind::Tool && steps[i].run == Some(run);
    let within = Some(step).filter(|&i| is_tool(i)).or(steps[step].in_tool.filter(|&i| is_tool(i)));
    if let Some(mut tool) = within {
        while let Some(first) = steps[tool].same_as {
            tool = first;
        }
        return vec![Target::Step(tool)];
    }
    let of_call = |tool: &Synthesised, at: usize| match tool.gave_way {
        Some(step) => Target::Step(step),
        None => Target::Synthesised(at),
    };
    if said.tool_call_id.is_some() || said.tool_name.is_some() {
        let fits = |name: Option<&String>, id: Option<&String>| same_call(said, name, id);
        let made = synthesised.iter().enumerate().rev().filter(|(_, tool)| tool.run == run);
        let mut made = made.filter(|(_, tool)| fits(Some(&tool.name), tool.call_id.as_ref()));
        if let Some((at, tool)) = made.next() {
            return vec![of_call(tool, at)];
        }
        // What another run asked for may be decided in this one.
        let of_other_run = |tool: &&Synthesised| tool.call_id.is_some() && tool.call_id == said.tool_call_id;
        let mut real = (0..steps.len()).filter(|&i| is_tool(i) && steps[i].counted);
        let fitting = |&i: &usize| {
            let asked = steps[i].request.as_ref().and_then(|(_, id)| id.as_ref());
            fits(steps[i].tool_name.as_ref(), steps[i].facts.tool_call_id.as_ref().or(asked))
        };
        if let Some(tool) = real.find(fitting) {
            return vec![Target::Step(tool)];
        }
        if let Some(at) = synthesised.iter().position(|tool| of_other_run(&tool)) {
            return vec![of_call(&synthesised[at], at)];
        }
        return vec![Target::Itself];
    }
    let before = |calls: &Vec<(UnixNanos, usize)>| {
        let after = calls.partition_point(|&(start, _)| start <= at);
        calls[..after].iter().rev().map(|&(_, call)| call).find(|&call| steps[call].run == Some(run))
    };
    let last = calls.values().find_map(before);
    let asked_for = synthesised.iter().enumerate().filter(|(_, tool)| tool.run == run);
    let open: Vec<Target> = asked_for
        .filter(|(_, tool)| tool.requested_by.is_some() && tool.requested_by == last)
        .map(|(at, tool)| of_call(tool, at))
        .collect();
    if open.is_empty() { vec![Target::Itself] } else { open }
}

/// The answers of a group, in order. What a run was given stands on several of its steps, one within another: it counts
/// once.
fn answers(steps: &[Step], runs: &[Run]) -> Vec<Answer> {
    let mut found: Vec<Answer> = Vec::new();
    // Those of the steps that the present one lies in.
    let mut around: Vec<usize> = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let Some(run) = step.run else { continue };
        while around.pop_if(|outer| steps[found[*outer].step].last <= i).is_some() {}
        let known = around.len();
        for said in &step.facts.answers {
            let repeats = around[..known].iter().copied().find(|outer| {
                let earlier = &found[*outer];
                top(runs, earlier.run) == top(runs, run)
                    && agree(earlier.said.tool_call_id.as_ref(), said.tool_call_id.as_ref())
                    && agree(earlier.said.tool_name.as_ref(), said.tool_name.as_ref())
                    && agree(earlier.said.text.as_ref(), said.text.as_ref())
                    && !(earlier.said.resolution.is_some()
                        && said.resolution.is_some()
                        && earlier.said.resolution != said.resolution)
            });
            if let Some(outer) = repeats {
                let earlier = &mut found[outer].said;
                earlier.resolution = earlier.resolution.or(said.resolution);
                earlier.text = earlier.text.take().or_else(|| said.text.clone());
            } else {
                around.push(found.len());
                let at = if step.kind == Kind::Policy { step.end_or_start() } else { step.start };
                found.push(Answer { step: i, run, at, said: said.clone(), taken: false });
            }
        }
    }
    found.sort_by_key(|answer| (answer.at, answer.step));
    found
}

fn answer(
    question: &mut Question,
    answers: &mut [Answer],
    steps: &[Step],
    runs: &[Run],
    calls: &HashMap<usize, Vec<(UnixNanos, usize)>>,
) {
    let Some(asked_at) = question.asked.asked_at else { return };
    let later = |answer: &Answer| answer.step == question.step || answer.at >= asked_at;
    let about = |answer: &Answer| {
        same_call(&answer.said, question.asked.tool_name.as_ref(), question.asked.tool_call_id.as_ref())
    };
    let names_nothing = |said: &Approval| said.tool_call_id.is_none() && said.tool_name.is_none();
    let place = answers
        .iter()
        .position(|a| !a.taken && a.step == question.step)
        .or_else(|| answers.iter().position(|a| !a.taken && later(a) && about(a)))
        .or_else(|| answers.iter().position(|a| !a.taken && later(a) && names_nothing(&a.said)))
        // Some frameworks number their questions, and answer by that number.
        .or_else(|| {
            let other_id = |said: &Approval| said.tool_call_id.is_some() && said.tool_name.is_none();
            answers.iter().position(|a| {
                !a.taken && later(a) && other_id(&a.said) && question.asked.tool_call_id.is_some()
            })
        });
    if let Some(place) = place {
        answers[place].taken = true;
        take(&mut question.asked, &answers[place]);
        return;
    }
    // Nobody tells of the answer, but the tool ran, or the run went on.
    if let Target::Step(tool) = question.target
        && tool != question.step
        && steps[tool].start >= asked_at
        && !steps[tool].facts.steered
    {
        let attempted_before = steps[question.step].same_as == Some(tool);
        question.asked.answered_at = Some(steps[tool].start);
        question.asked.resolution = (!attempted_before).then_some(Resolution::Approved);
        return;
    }
    let next = calls.get(&top(runs, question.run)).and_then(|calls| {
        let after = calls.partition_point(|&(start, _)| start < asked_at);
        calls.get(after).map(|&(start, _)| start)
    });
    question.asked.answered_at = next;
}

fn take(asked: &mut Asked, answer: &Answer) {
    asked.answered_at = Some(answer.at);
    asked.answer.clone_from(&answer.said.text);
    asked.answered_by.clone_from(&answer.said.who);
    asked.resolution = answer.said.resolution;
}

/// Whether the run waits for this question. A tool that stops for a person makes its run wait if a model of that run
/// asked for it; a gate that only says that a person must decide, while the run has not ended.
fn waits(
    question: &Question,
    steps: &[Step],
    runs: &[Run],
    calls: &HashMap<usize, Vec<(UnixNanos, usize)>>,
) -> bool {
    let whole = top(runs, question.run);
    let selves = || runs[whole].root.iter().chain(&runs[whole].also).map(|&i| &steps[i]);
    if question.is_soft {
        let open = |i: usize| steps[i].end.is_none();
        return runs[whole].root.is_some_and(open) || open(question.step);
    }
    let by_tool = steps[question.step].kind == Kind::Tool;
    let called = || {
        let first = calls.get(&whole).and_then(|calls| calls.first());
        first.is_some_and(|&(start, _)| start <= steps[question.step].start)
    };
    !selves().any(Step::failed) && (!by_tool || called())
}

/// Brings what is known to the tool call, or to the step that asked.
fn tell(question: &Question, steps: &mut [Step], synthesised: &mut [Synthesised], settled: &mut Settled) {
    let asked = &question.asked;
    match question.target {
        Target::Step(tool) => {
            steps[tool].verdict = Some(Verdict::Hitl);
            if steps[tool].gate.is_none() && question.step != tool {
                steps[tool].gate = Some(question.step);
            }
            steps[tool].asked = Some(asked.clone());
            steps[question.step].told = true;
        }
        Target::Synthesised(tool) => {
            synthesised[tool].verdict = Some(Verdict::Hitl);
            synthesised[tool].gate.get_or_insert(question.step);
            synthesised[tool].asked = Some(asked.clone());
            steps[question.step].told = true;
        }
        Target::Itself => {
            let step = &mut steps[question.step];
            if step.facts.verdict.is_none() {
                settled.lone[question.run] += 1;
            }
            step.verdict = Some(Verdict::Hitl);
        }
    }
    steps[question.step].asked.get_or_insert_with(|| asked.clone());
}
