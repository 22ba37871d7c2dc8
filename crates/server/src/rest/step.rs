//! Steps on the wire: the narrow row that lists and trees show.

use super::{cost, problem::Problem, step_data::StepData, wire};
use schemars::JsonSchema;
use serde::Serialize;
use turnscope_insight::cost::PriceList;
use turnscope_model::{Kind, Role};
use turnscope_store::{
    project::{Node, StepView},
    query::UnitView,
};

/// One step, without content.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Step {
    pub(crate) step_id: String,
    pub(crate) span_id: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) parent_step_id: Option<String>,
    pub(crate) run_id: Option<String>,
    pub(crate) turn: Option<u64>,
    pub(crate) kind: String,
    pub(crate) name: String,
    /// `running`, `ok` or `error`.
    pub(crate) status: String,
    pub(crate) started_at: i64,
    /// From the start of the run that was asked for (of the trace, in a trace), with fractions.
    pub(crate) start_offset_ms: f64,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) depth: u32,
    pub(crate) agent_name: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) tool_name: Option<String>,
    pub(crate) tool_call_id: Option<String>,
    pub(crate) verdict: Option<VerdictInfo>,
    pub(crate) usage: Option<Usage>,
    /// Of a call our own figure (tokens × price), else the client's; of other steps only what the client says.
    pub(crate) cost_usd: Option<f64>,
    /// Whether it counts in the run's figures; a second report of the same call does not.
    pub(crate) counted: bool,
    pub(crate) error: Option<wire::ErrorInfo>,
    pub(crate) has_data: bool,
    /// It lies above the run.
    pub(crate) outer: bool,
    pub(crate) service_name: Option<String>,
    pub(crate) dialect: Option<String>,
    /// The step whole, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Box<StepData>>,
}

/// Tokens; unknown is null.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub(crate) struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

impl Usage {
    pub(crate) fn of(usage: &turnscope_model::Usage) -> Option<Self> {
        (!usage.is_unknown()).then_some(Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read_tokens: usage.cache_read_tokens,
            cache_write_tokens: usage.cache_write_tokens,
            reasoning_tokens: usage.reasoning_tokens,
        })
    }
}

/// What a policy gate said of a tool call.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct VerdictInfo {
    /// `allow`, `deny` or `hitl`.
    pub(crate) verdict: String,
    /// `approved`, `rejected` or null.
    pub(crate) resolution: Option<String>,
    pub(crate) decided_by: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) risk_tier: Option<String>,
}

/// Steps after a tool call among which the gates below it are looked for.
const NEARBY: usize = 64;

impl VerdictInfo {
    /// What the step itself says, else its gate, else the gates below it: a human may answer in a span of its own.
    pub(crate) fn of(view: &UnitView, index: usize, verdict: turnscope_model::Verdict) -> Self {
        let steps = &view.projection.steps;
        let below = steps
            .iter()
            .enumerate()
            .skip(index + 1)
            .take(NEARBY)
            .filter(|(place, step)| step.kind == Kind::Policy && is_about(steps, *place, index))
            .map(|(_, step)| step);
        let gate = steps[index].gate.map(|gate| &steps[gate]);
        let said: Vec<&turnscope_model::Facts> =
            std::iter::once(&steps[index]).chain(gate).chain(below).map(|step| &*step.facts).collect();
        let first = |of: fn(&turnscope_model::Facts) -> Option<&String>| {
            said.iter().find_map(|facts| of(facts)).cloned()
        };
        let resolution = said.iter().find_map(|facts| facts.resolution);
        // Who decided and why belong to the answer, where there is one.
        let answered = said.iter().find(|facts| facts.resolution.is_some());
        Self {
            verdict: verdict.as_str().to_owned(),
            resolution: resolution.map(|resolution| resolution.as_str().to_owned()),
            decided_by: answered
                .and_then(|facts| facts.decided_by.clone())
                .or_else(|| first(|facts| facts.decided_by.as_ref())),
            reason: first(|facts| facts.reason.as_ref()),
            risk_tier: first(|facts| facts.risk_tier.as_ref()),
        }
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

impl Step {
    pub(crate) fn of(view: &UnitView, prices: &PriceList, index: usize, zero: u64) -> Self {
        let step = &view.projection.steps[index];
        let node = step.node.map(|node| &view.nodes[node]);
        let nodes = || step.node.iter().chain(&step.joined).map(|node| &view.nodes[*node].facts);
        let first =
            |of: fn(&turnscope_model::Facts) -> Option<&String>| nodes().find_map(|facts| of(facts)).cloned();
        let verdict = step.verdict.map(|verdict| VerdictInfo::of(view, index, verdict));
        Self {
            step_id: step.step_id.to_string(),
            span_id: node.filter(|node| is_span(node)).and_then(|node| node.span_id).map(|id| id.to_string()),
            trace_id: node.and_then(|node| node.trace_id).map(|id| id.to_string()),
            parent_step_id: step.parent.map(|parent| view.projection.steps[parent].step_id.to_string()),
            run_id: step.run.map(|run| view.projection.runs[run].run_id.to_string()),
            turn: step.turn,
            kind: step.kind.as_str().to_owned(),
            name: step.name.clone(),
            status: match step.status {
                turnscope_model::StepStatus::Running => "running",
                turnscope_model::StepStatus::Ok => "ok",
                turnscope_model::StepStatus::Error => "error",
            }
            .to_owned(),
            started_at: (step.start / 1_000_000) as i64,
            start_offset_ms: (step.start as i64).wrapping_sub(zero as i64) as f64 / 1e6,
            duration_ms: step.end.map(|end| wire::ms(end.saturating_sub(step.start) as i64)),
            depth: step.depth,
            agent_name: first(|facts| facts.agent_name.as_ref()),
            model: first(|facts| facts.request_model.as_ref())
                .or_else(|| first(|facts| facts.response_model.as_ref())),
            provider: first(|facts| facts.provider.as_ref()),
            tool_name: step.tool_name.clone(),
            tool_call_id: step.tool_call_id.clone(),
            verdict,
            usage: Usage::of(&step.usage),
            cost_usd: match cost::step_costs(step, prices) {
                Some(costs) => costs.cost,
                None => nodes().find_map(|facts| facts.reported_cost),
            }
            .map(wire::usd),
            counted: step.counted,
            error: step.error.as_ref().map(wire::ErrorInfo::from),
            has_data: step.node.is_some() || step.requested_by.is_some(),
            outer: step.outer,
            service_name: node.map(|node| node.service_name.to_string()).filter(|name| !name.is_empty()),
            dialect: node.map(|node| node.facts.dialect.clone()).filter(|name| !name.is_empty()),
            data: None,
        }
    }
}

fn is_span(node: &Node) -> bool {
    matches!(node.role, Role::Span | Role::Open)
}
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The step that a client asked for, or the problem that says why there is none.
pub(crate) fn find(view: &UnitView, run: usize, id: &str) -> Result<usize, Problem> {
    view.step_index(run, &turnscope_model::StepId::from_client(id)).ok_or_else(|| {
        Problem::not_found(format!("the run has no step {id}"))
            .detail("GET /v1/runs/{id}/timeline lists its steps")
    })
}
