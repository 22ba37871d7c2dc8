//! The facts of a record as they are stored: a protobuf message, so that unknown facts cost nothing and a later
//! version can add fields without touching old rows. Tags are never reused.

use prost::Message as _;
use turnscope_model::{
    Approval, ContentId, ErrorFact, Facts, Kind, LinkFact, RequestedTool, Resolution, ScoreFact, ScoreSource,
    SpanId, TraceId, Usage, Verdict,
};

/// See the fields of the same name in [`Facts`]. Previews are kept as contents, by id.
#[derive(Clone, PartialEq, prost::Message)]
struct Row {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    dialect: String,
    #[prost(string, optional, tag = "3")]
    agent_name: Option<String>,
    #[prost(string, optional, tag = "4")]
    agent_id: Option<String>,
    #[prost(string, optional, tag = "5")]
    workflow_name: Option<String>,
    #[prost(string, optional, tag = "6")]
    native_run_id: Option<String>,
    #[prost(uint64, optional, tag = "7")]
    turn_index: Option<u64>,
    #[prost(string, optional, tag = "8")]
    session_id: Option<String>,
    #[prost(string, optional, tag = "9")]
    user_id: Option<String>,
    #[prost(string, optional, tag = "10")]
    user_role: Option<String>,
    #[prost(string, optional, tag = "11")]
    trigger_type: Option<String>,
    #[prost(string, repeated, tag = "12")]
    tags: Vec<String>,
    #[prost(message, repeated, tag = "13")]
    metadata: Vec<Pair>,
    #[prost(string, optional, tag = "14")]
    request_model: Option<String>,
    #[prost(string, optional, tag = "15")]
    response_model: Option<String>,
    #[prost(string, optional, tag = "16")]
    provider: Option<String>,
    #[prost(string, optional, tag = "17")]
    response_id: Option<String>,
    #[prost(string, optional, tag = "18")]
    finish_reason: Option<String>,
    #[prost(uint64, optional, tag = "19")]
    time_to_first_chunk_ns: Option<u64>,
    #[prost(bool, optional, tag = "20")]
    streaming: Option<bool>,
    #[prost(uint64, optional, tag = "21")]
    input_tokens: Option<u64>,
    #[prost(uint64, optional, tag = "22")]
    output_tokens: Option<u64>,
    #[prost(uint64, optional, tag = "23")]
    cache_read_tokens: Option<u64>,
    #[prost(uint64, optional, tag = "24")]
    cache_write_tokens: Option<u64>,
    #[prost(uint64, optional, tag = "25")]
    reasoning_tokens: Option<u64>,
    #[prost(bool, tag = "26")]
    usage_is_total: bool,
    #[prost(sint64, optional, tag = "27")]
    reported_cost: Option<i64>,
    #[prost(fixed64, optional, tag = "28")]
    context: Option<u64>,
    #[prost(message, repeated, tag = "29")]
    requested_tools: Vec<Requested>,
    #[prost(string, repeated, tag = "57")]
    failed_results: Vec<String>,
    #[prost(uint64, optional, tag = "30")]
    input_text: Option<u64>,
    #[prost(uint64, optional, tag = "31")]
    output_text: Option<u64>,
    #[prost(string, optional, tag = "32")]
    tool_name: Option<String>,
    #[prost(string, optional, tag = "33")]
    tool_call_id: Option<String>,
    #[prost(uint32, tag = "34")]
    verdict: u32,
    #[prost(uint32, tag = "35")]
    resolution: u32,
    #[prost(string, optional, tag = "36")]
    decided_by: Option<String>,
    #[prost(string, optional, tag = "37")]
    reason: Option<String>,
    #[prost(string, optional, tag = "38")]
    risk_tier: Option<String>,
    #[prost(string, optional, tag = "39")]
    error_type: Option<String>,
    #[prost(string, optional, tag = "40")]
    error_message: Option<String>,
    #[prost(string, optional, tag = "41")]
    prompt_id: Option<String>,
    #[prost(string, optional, tag = "42")]
    prompt_version: Option<String>,
    #[prost(string, optional, tag = "43")]
    experiment_id: Option<String>,
    #[prost(string, optional, tag = "44")]
    experiment_variant: Option<String>,
    #[prost(message, repeated, tag = "45")]
    scores: Vec<Score>,
    #[prost(bool, tag = "46")]
    invalid_utf8: bool,
    #[prost(uint32, tag = "47")]
    redacted: u32,
    #[prost(uint32, tag = "48")]
    dropped: u32,
    #[prost(bool, tag = "49")]
    clamped: bool,
    /// A log event's own step and the one above it: see `Role::Event`.
    #[prost(string, optional, tag = "50")]
    event_key: Option<String>,
    #[prost(string, optional, tag = "51")]
    event_parent: Option<String>,
    #[prost(uint64, optional, tag = "52")]
    error_text: Option<u64>,
    #[prost(bool, tag = "53")]
    session_is_weak: bool,
    #[prost(message, repeated, tag = "54")]
    links: Vec<Link>,
    #[prost(uint64, optional, tag = "55")]
    cache_write_1h_tokens: Option<u64>,
    #[prost(string, optional, tag = "56")]
    service_tier: Option<String>,
    #[prost(bool, tag = "58")]
    implausible_count: bool,
    #[prost(fixed64, optional, tag = "59")]
    arguments: Option<u64>,
    #[prost(message, repeated, tag = "60")]
    asks: Vec<ApprovalRow>,
    #[prost(message, repeated, tag = "61")]
    answers: Vec<ApprovalRow>,
    #[prost(bool, tag = "62")]
    steered: bool,
    #[prost(bool, tag = "63")]
    agent_name_is_weak: bool,
    #[prost(bool, tag = "64")]
    contents_deleted: bool,
    #[prost(bool, tag = "65")]
    gave_nothing: bool,
}

/// Ids as their bytes.
#[derive(Clone, PartialEq, prost::Message)]
struct Link {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(string, optional, tag = "3")]
    why: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Pair {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Requested {
    #[prost(string, optional, tag = "1")]
    id: Option<String>,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(bool, tag = "3")]
    ran: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Score {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(double, optional, tag = "2")]
    value: Option<f64>,
    #[prost(string, optional, tag = "3")]
    label: Option<String>,
    #[prost(string, optional, tag = "4")]
    comment: Option<String>,
    #[prost(bool, tag = "5")]
    is_event: bool,
}

/// What is kept in the same row as the facts: ids of their texts, and an event's keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Companions {
    /// Content id of `Facts::input_text`.
    pub(crate) input_text: Option<ContentId>,
    /// Content id of `Facts::output_text`.
    pub(crate) output_text: Option<ContentId>,
    /// Content id of the error's message, kept as one so that it can be searched for.
    pub(crate) error_text: Option<ContentId>,
    /// `Role::Event`'s key and parent.
    pub(crate) event: Option<(String, Option<String>)>,
}

impl Companions {
    /// What is left when the contents go.
    pub(crate) fn without_contents(self) -> Self {
        Self { event: self.event, ..Self::default() }
    }

    /// The contents that the row keeps alive.
    pub(crate) fn contents(&self) -> impl Iterator<Item = ContentId> {
        [self.input_text, self.output_text, self.error_text].into_iter().flatten()
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct ApprovalRow {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(string, optional, tag = "2")]
    who: Option<String>,
    #[prost(uint32, tag = "3")]
    resolution: u32,
    #[prost(string, optional, tag = "4")]
    tool_name: Option<String>,
    #[prost(string, optional, tag = "5")]
    tool_call_id: Option<String>,
}

impl From<Approval> for ApprovalRow {
    fn from(approval: Approval) -> Self {
        let Approval { text, who, resolution, tool_name, tool_call_id } = approval;
        Self { text, who, resolution: resolution_number(resolution), tool_name, tool_call_id }
    }
}

impl From<ApprovalRow> for Approval {
    fn from(row: ApprovalRow) -> Self {
        let ApprovalRow { text, who, resolution, tool_name, tool_call_id } = row;
        Self { text, who, resolution: resolution_of(resolution), tool_name, tool_call_id }
    }
}

fn resolution_number(resolution: Option<Resolution>) -> u32 {
    match resolution {
        None => 0,
        Some(Resolution::Approved) => 1,
        Some(Resolution::Rejected) => 2,
    }
}

fn resolution_of(number: u32) -> Option<Resolution> {
    match number {
        1 => Some(Resolution::Approved),
        2 => Some(Resolution::Rejected),
        _ => None,
    }
}

/// Encodes facts; the kind stands in a column of its own.
pub(crate) fn encode(facts: &Facts, companions: Companions) -> Vec<u8> {
    let facts = facts.clone();
    let (event_key, event_parent) = match companions.event {
        Some((key, parent)) => (Some(key), parent),
        None => (None, None),
    };
    let (error_type, error_message) = match facts.error {
        Some(error) => (Some(error.r#type), error.message),
        None => (None, None),
    };
    Row {
        name: facts.name,
        dialect: facts.dialect,
        agent_name: facts.agent_name,
        agent_id: facts.agent_id,
        workflow_name: facts.workflow_name,
        native_run_id: facts.native_run_id,
        turn_index: facts.turn_index,
        session_id: facts.session_id,
        user_id: facts.user_id,
        user_role: facts.user_role,
        trigger_type: facts.trigger_type,
        tags: facts.tags,
        metadata: facts.metadata.into_iter().map(|(key, value)| Pair { key, value }).collect(),
        request_model: facts.request_model,
        response_model: facts.response_model,
        provider: facts.provider,
        response_id: facts.response_id,
        finish_reason: facts.finish_reason,
        time_to_first_chunk_ns: facts.time_to_first_chunk_ns,
        streaming: facts.streaming,
        input_tokens: facts.usage.input_tokens,
        output_tokens: facts.usage.output_tokens,
        cache_read_tokens: facts.usage.cache_read_tokens,
        cache_write_tokens: facts.usage.cache_write_tokens,
        reasoning_tokens: facts.usage.reasoning_tokens,
        session_is_weak: facts.session_is_weak,
        usage_is_total: facts.usage_is_total,
        cache_write_1h_tokens: facts.cache_write_1h_tokens,
        service_tier: facts.service_tier,
        reported_cost: facts.reported_cost,
        context: facts.context,
        requested_tools: facts
            .requested_tools
            .into_iter()
            .map(|RequestedTool { id, name, ran }| Requested { id, name, ran })
            .collect(),
        failed_results: facts.failed_results,
        input_text: companions.input_text.map(|id| id.0.cast_unsigned()),
        output_text: companions.output_text.map(|id| id.0.cast_unsigned()),
        tool_name: facts.tool_name,
        tool_call_id: facts.tool_call_id,
        verdict: facts.verdict.map_or(0, |verdict| match verdict {
            Verdict::Allow => 1,
            Verdict::Deny => 2,
            Verdict::Hitl => 3,
        }),
        resolution: resolution_number(facts.resolution),
        decided_by: facts.decided_by,
        reason: facts.reason,
        risk_tier: facts.risk_tier,
        error_type,
        error_message,
        prompt_id: facts.prompt_id,
        prompt_version: facts.prompt_version,
        experiment_id: facts.experiment_id,
        experiment_variant: facts.experiment_variant,
        scores: facts
            .scores
            .into_iter()
            .map(|score| Score {
                name: score.name,
                value: score.value,
                label: score.label,
                comment: score.comment,
                is_event: score.source == ScoreSource::Event,
            })
            .collect(),
        invalid_utf8: facts.invalid_utf8,
        redacted: facts.redacted,
        dropped: facts.dropped,
        clamped: facts.clamped,
        implausible_count: facts.implausible_count,
        arguments: facts.arguments,
        asks: facts.asks.into_iter().map(ApprovalRow::from).collect(),
        answers: facts.answers.into_iter().map(ApprovalRow::from).collect(),
        steered: facts.steered,
        gave_nothing: facts.gave_nothing,
        agent_name_is_weak: facts.agent_name_is_weak,
        contents_deleted: facts.contents_deleted,
        event_key,
        event_parent,
        error_text: companions.error_text.map(|id| id.0.cast_unsigned()),
        links: facts
            .links
            .into_iter()
            .map(|link| Link {
                trace_id: link.trace_id.bytes().to_vec(),
                span_id: link.span_id.bytes().to_vec(),
                why: link.why,
            })
            .collect(),
    }
    .encode_to_vec()
}

/// Reads facts back; the previews are left out, their content ids are in [`Companions`].
pub(crate) fn decode(bytes: &[u8], kind: Kind) -> Result<(Facts, Companions), prost::DecodeError> {
    let row = Row::decode(bytes)?;
    let facts = Facts {
        name: row.name,
        kind,
        dialect: row.dialect,
        agent_name: row.agent_name,
        agent_id: row.agent_id,
        workflow_name: row.workflow_name,
        native_run_id: row.native_run_id,
        turn_index: row.turn_index,
        session_id: row.session_id,
        user_id: row.user_id,
        user_role: row.user_role,
        trigger_type: row.trigger_type,
        tags: row.tags,
        metadata: row.metadata.into_iter().map(|pair| (pair.key, pair.value)).collect(),
        request_model: row.request_model,
        response_model: row.response_model,
        provider: row.provider,
        response_id: row.response_id,
        finish_reason: row.finish_reason,
        time_to_first_chunk_ns: row.time_to_first_chunk_ns,
        streaming: row.streaming,
        usage: Usage {
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cache_read_tokens: row.cache_read_tokens,
            cache_write_tokens: row.cache_write_tokens,
            reasoning_tokens: row.reasoning_tokens,
        },
        session_is_weak: row.session_is_weak,
        usage_is_total: row.usage_is_total,
        cache_write_1h_tokens: row.cache_write_1h_tokens,
        service_tier: row.service_tier,
        reported_cost: row.reported_cost,
        context: row.context,
        requested_tools: row
            .requested_tools
            .into_iter()
            .map(|Requested { id, name, ran }| RequestedTool { id, name, ran })
            .collect(),
        failed_results: row.failed_results,
        input_text: None,
        output_text: None,
        tool_name: row.tool_name,
        tool_call_id: row.tool_call_id,
        verdict: match row.verdict {
            1 => Some(Verdict::Allow),
            2 => Some(Verdict::Deny),
            3 => Some(Verdict::Hitl),
            _ => None,
        },
        resolution: resolution_of(row.resolution),
        decided_by: row.decided_by,
        reason: row.reason,
        risk_tier: row.risk_tier,
        error: row.error_type.map(|r#type| ErrorFact { r#type, message: row.error_message }),
        prompt_id: row.prompt_id,
        prompt_version: row.prompt_version,
        experiment_id: row.experiment_id,
        experiment_variant: row.experiment_variant,
        scores: row
            .scores
            .into_iter()
            .map(|score| ScoreFact {
                name: score.name,
                value: score.value,
                label: score.label,
                comment: score.comment,
                source: if score.is_event { ScoreSource::Event } else { ScoreSource::Attribute },
            })
            .collect(),
        links: row
            .links
            .into_iter()
            .filter_map(|link| {
                Some(LinkFact {
                    trace_id: TraceId::try_from(&link.trace_id[..]).ok()?,
                    span_id: SpanId::try_from(&link.span_id[..]).ok()?,
                    why: link.why,
                })
            })
            .collect(),
        invalid_utf8: row.invalid_utf8,
        redacted: row.redacted,
        dropped: row.dropped,
        clamped: row.clamped,
        contents_deleted: row.contents_deleted,
        implausible_count: row.implausible_count,
        arguments: row.arguments,
        asks: row.asks.into_iter().map(Approval::from).collect(),
        answers: row.answers.into_iter().map(Approval::from).collect(),
        steered: row.steered,
        gave_nothing: row.gave_nothing,
        agent_name_is_weak: row.agent_name_is_weak,
    };
    let companions = Companions {
        input_text: row.input_text.map(|id| ContentId(id.cast_signed())),
        output_text: row.output_text.map(|id| ContentId(id.cast_signed())),
        error_text: row.error_text.map(|id| ContentId(id.cast_signed())),
        event: row.event_key.map(|key| (key, row.event_parent)),
    };
    Ok((facts, companions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_survive_and_unknown_ones_cost_nothing() {
        let facts = Facts {
            name: "chat gpt-4o-mini".into(),
            kind: Kind::Llm,
            dialect: "semconv".into(),
            usage: Usage { input_tokens: Some(0), output_tokens: Some(7), ..Usage::default() },
            requested_tools: vec![RequestedTool {
                id: Some("call_1".into()),
                name: "get_weather".into(),
                ran: true,
            }],
            failed_results: vec!["call_0".into()],
            metadata: vec![("tier".into(), "gold".into())],
            verdict: Some(Verdict::Hitl),
            resolution: Some(Resolution::Rejected),
            error: Some(ErrorFact { r#type: "_OTHER".into(), message: None }),
            scores: vec![ScoreFact {
                name: "helpful".into(),
                value: Some(0.5),
                label: None,
                comment: None,
                source: ScoreSource::Event,
            }],
            context: Some(u64::MAX),
            arguments: Some(7),
            asks: vec![Approval { tool_name: Some("refund".into()), ..Approval::default() }],
            answers: vec![Approval { resolution: Some(Resolution::Approved), ..Approval::default() }],
            steered: true,
            gave_nothing: true,
            links: vec![LinkFact {
                trace_id: TraceId::try_from(&[7; 16][..]).unwrap(),
                span_id: SpanId::try_from(&[9; 8][..]).unwrap(),
                why: Some("regenerated".into()),
            }],
            ..Facts::default()
        };
        let companions = Companions {
            input_text: Some(ContentId(9)),
            event: Some(("llm:r1".into(), None)),
            ..Companions::default()
        };
        let bytes = encode(&facts, companions.clone());
        assert_eq!(decode(&bytes, Kind::Llm).unwrap(), (facts, companions));
        let small = Facts { name: "x".into(), ..Facts::default() };
        assert_eq!(encode(&small, Companions::default()).len(), 3);
    }
}
