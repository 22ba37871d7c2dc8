-- Writes one run: a new one, or (?1 known) the new figures of one that is there.
INSERT INTO runs (
    id, run_id, unit, parent_run_id, root_run_id, trace_id, span_id, native_run_id, name, agent_name, service_name,
    dialect, started_at, ended_at, last_seen_at, duration, received_at, failed, turn_count, llm_call_count,
    tool_call_count, error_count, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
    reasoning_tokens, total_tokens, reported_cost, session_id, user_id, user_role, trigger_type, allow_count,
    deny_count, hitl_count, error_type, error_message, input_preview, output_preview, prompt_id, prompt_version,
    experiment_id, experiment_variant, lists, cost, computed_cost, unpriced_calls, price_key
) VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
    ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43, ?44, ?45,
    ?46, ?47, ?48, ?49
)
ON CONFLICT (run_id) DO UPDATE SET
    unit = excluded.unit, parent_run_id = excluded.parent_run_id, root_run_id = excluded.root_run_id,
    trace_id = excluded.trace_id, span_id = excluded.span_id, native_run_id = excluded.native_run_id,
    name = excluded.name, agent_name = excluded.agent_name, service_name = excluded.service_name,
    dialect = excluded.dialect, started_at = excluded.started_at, ended_at = excluded.ended_at,
    last_seen_at = excluded.last_seen_at, duration = excluded.duration, received_at = excluded.received_at,
    failed = excluded.failed, turn_count = excluded.turn_count, llm_call_count = excluded.llm_call_count,
    tool_call_count = excluded.tool_call_count, error_count = excluded.error_count,
    input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
    cache_read_tokens = excluded.cache_read_tokens, cache_write_tokens = excluded.cache_write_tokens,
    reasoning_tokens = excluded.reasoning_tokens, total_tokens = excluded.total_tokens,
    reported_cost = excluded.reported_cost, session_id = excluded.session_id, user_id = excluded.user_id,
    user_role = excluded.user_role, trigger_type = excluded.trigger_type, allow_count = excluded.allow_count,
    deny_count = excluded.deny_count, hitl_count = excluded.hitl_count, error_type = excluded.error_type,
    error_message = excluded.error_message, input_preview = excluded.input_preview,
    output_preview = excluded.output_preview, prompt_id = excluded.prompt_id,
    prompt_version = excluded.prompt_version, experiment_id = excluded.experiment_id,
    experiment_variant = excluded.experiment_variant, lists = excluded.lists,
    cost = excluded.cost, computed_cost = excluded.computed_cost, unpriced_calls = excluded.unpriced_calls,
    price_key = excluded.price_key
RETURNING id
