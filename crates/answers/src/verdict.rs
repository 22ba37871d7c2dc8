//! What a policy gate said of a tool call, with whoever answered it.

use crate::wire::at_ms;
use turnscope_api::VerdictInfo;
use turnscope_model::{Facts, Kind, UnixNanos, Verdict};
use turnscope_project::{Asked, StepView, TraceGroup};

/// Steps after a tool call among which the gates below it are looked for.
const NEARBY: usize = 64;

/// What the step itself says, else its gate, else the gates below it: a human may answer in a span of its own.
pub fn verdict_info(group: &TraceGroup, step: usize, verdict: Verdict) -> VerdictInfo {
    let steps = &group.projection.steps;
    let below = steps
        .iter()
        .enumerate()
        .skip(step + 1)
        .take(NEARBY)
        .filter(|(at, other)| other.kind == Kind::Policy && is_about(steps, *at, step))
        .map(|(_, step)| step);
    let gate = steps[step].gate.map(|gate| &steps[gate]);
    let said: Vec<&Facts> =
        std::iter::once(&steps[step]).chain(gate).chain(below).map(|step| &*step.facts).collect();
    let first = |of: fn(&Facts) -> Option<&String>| said.iter().find_map(|facts| of(facts)).cloned();
    let resolution = said.iter().find_map(|facts| facts.resolution);
    // Who decided and why belong to the answer, where there is one.
    let answered = said.iter().find(|facts| facts.resolution.is_some());
    let asked = steps[step].asked.as_ref().or_else(|| gate.and_then(|gate| gate.asked.as_ref()));
    let resolution = resolution.or_else(|| asked.and_then(|asked| asked.resolution));
    let at = |time: fn(&Asked) -> Option<UnixNanos>| asked.and_then(time).map(at_ms);
    VerdictInfo {
        verdict: verdict.as_str().to_owned(),
        resolution: resolution.map(|resolution| resolution.as_str().to_owned()),
        question: asked.and_then(|asked| asked.question.clone()),
        answer: asked.and_then(|asked| asked.answer.clone()),
        asked_at: at(|asked| asked.asked_at),
        answered_at: at(|asked| asked.answered_at),
        decided_by: answered
            .and_then(|facts| facts.decided_by.clone())
            .or_else(|| asked.and_then(|asked| asked.answered_by.clone()))
            .or_else(|| first(|facts| facts.decided_by.as_ref())),
        reason: first(|facts| facts.reason.as_ref()),
        risk_tier: first(|facts| facts.risk_tier.as_ref()),
    }
}

/// Whether a policy step stands below a call and is about no other one: neither below another call, nor in a child run. A
/// second report of the same call (not counted) may stand between.
fn is_about(steps: &[StepView], policy: usize, call: usize) -> bool {
    let above = std::iter::successors(steps[policy].parent, |at| steps[*at].parent);
    above
        .take_while(|at| *at == call || !(steps[*at].kind == Kind::Tool && steps[*at].counted))
        .take_while(|at| steps[*at].run == steps[call].run)
        .any(|at| at == call)
}
