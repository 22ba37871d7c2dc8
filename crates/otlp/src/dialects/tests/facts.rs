//! Who, which model, which tool, which verdict, what went wrong.

use super::{attribute, log, span};
use turnscope_model::{Resolution, ScoreSource, Verdict};

#[test]
fn the_session_that_the_application_set_goes_first() {
    let both = span("x").with("gen_ai.conversation.id", "c-1").with("session.id", "s-1").facts();
    assert_eq!((both.session_id.as_deref(), both.session_is_weak), (Some("s-1"), false));
    let weak = span("x").with("gen_ai.conversation.id", "c-1").facts();
    assert_eq!((weak.session_id.as_deref(), weak.session_is_weak), (Some("c-1"), true));
    let scrubbed =
        span("x").with("session.id", "[Scrubbed due to 'session']").with("gen_ai.conversation.id", "c-1");
    assert_eq!(scrubbed.facts().session_id.as_deref(), Some("c-1"));
    for key in [
        "langfuse.session.id",
        "kitelogik.session_id",
        "traceloop.association.properties.thread_id",
        "langsmith.metadata.thread_id",
        "ai.telemetry.metadata.sessionId",
        "lmnr.association.properties.session_id",
        "conversation.id",
    ] {
        assert_eq!(span("x").with(key, "s-1").facts().session_id.as_deref(), Some("s-1"), "{key}");
    }
    // LangSmith's trace session is a project.
    assert_eq!(span("x").with("langsmith.trace.session_id", "p").facts().session_id, None);
    assert_eq!(span("x").with("mcp.session.id", "m").facts().session_id, None);
    let json =
        span("x").with("metadata", r#"{"thread_id": "t-1", "tenant": "acme", "langgraph_step": 2}"#).facts();
    assert_eq!(json.session_id.as_deref(), Some("t-1"));
    assert_eq!(json.metadata, [("tenant".to_owned(), "acme".to_owned())]);
    let resource = span("x").on_resource("session.id", "r-1");
    assert_eq!(resource.facts().session_id.as_deref(), Some("r-1"));
    assert_eq!(resource.with("gen_ai.conversation.id", "c-1").facts().session_id.as_deref(), Some("c-1"));
}

#[test]
fn users_tags_prompts_and_experiments_are_found() {
    let facts = span("x")
        .with("enduser.id", "u-1")
        .with("langfuse.trace.tags", &["a", "b"][..])
        .with("gen_ai.request.prompt_id", "refund")
        .with("gen_ai.prompt.version", 3)
        .with("experiment.id", "e-1")
        .with("experiment.variant", "b")
        .with("initrunner.trigger_type", "cron")
        .facts();
    assert_eq!(facts.user_id.as_deref(), Some("u-1"));
    assert_eq!(facts.tags, ["a", "b"]);
    assert_eq!(facts.prompt_id.as_deref(), Some("refund"));
    assert_eq!(facts.prompt_version.as_deref(), Some("3"));
    assert_eq!(facts.experiment_id.as_deref(), Some("e-1"));
    assert_eq!(facts.experiment_variant.as_deref(), Some("b"));
    assert_eq!(facts.trigger_type.as_deref(), Some("cron"));
    assert_eq!(span("x").with("langsmith.span.tags", "a, b").facts().tags, ["a", "b"]);
    let linked = span("x").with("mlflow.linkedPrompts", r#"[{"name": "qa", "version": "2"}]"#).facts();
    assert_eq!((linked.prompt_id.as_deref(), linked.prompt_version.as_deref()), (Some("qa"), Some("2")));
    // Claude Code's key of that name is the prompt of the user.
    let claude = span("claude_code.interaction")
        .with("prompt.id", "p-1")
        .with("user.id", "hash")
        .with("user.account_uuid", "u")
        .facts();
    assert_eq!((claude.prompt_id, claude.native_run_id.as_deref()), (None, Some("p-1")));
    assert_eq!(claude.user_id.as_deref(), Some("u"));
}

#[test]
fn models_and_providers_are_found() {
    let facts =
        span("chat m").with("gen_ai.system", "langchain").with("gen_ai.request.model", "claude-x").facts();
    assert_eq!(facts.provider.as_deref(), Some("anthropic"));
    let next =
        span("chat m").with("gen_ai.provider.name", "strands-agents").with("llm.system", "OpenAI").facts();
    assert_eq!(next.provider.as_deref(), Some("openai"));
    let host = span("chat m")
        .with("gen_ai.request.model", "m")
        .with("server.address", "my.openai.azure.com")
        .facts();
    assert_eq!(host.provider.as_deref(), Some("azure.ai.openai"));
    // An agent's span calls no model: nothing is guessed.
    assert_eq!(span("invoke_agent a").with("gen_ai.request.model", "gpt-4o").facts().provider, None);
    let failed = span("ChatCompletion")
        .with("openinference.span.kind", "LLM")
        .with("llm.invocation_parameters", r#"{"temperature": 0, "model": "gpt-4o"}"#)
        .with("output.value", r#"{"id": "resp_1", "output": []}"#)
        .facts();
    assert_eq!(failed.request_model.as_deref(), Some("gpt-4o"));
    assert_eq!(failed.response_id.as_deref(), Some("resp_1"));
    let finish =
        |value: &str| span("chat m").with("gen_ai.response.finish_reasons", value).facts().finish_reason;
    assert_eq!(finish("[\"stop\"]").as_deref(), Some("stop"));
    assert_eq!(finish("stop,length").as_deref(), Some("stop"));
}

#[test]
fn the_first_chunk_is_timed_in_its_senders_unit() {
    let ms = |writing: super::Writing| writing.facts().time_to_first_chunk_ns.map(|ns| ns / 1_000_000);
    assert_eq!(ms(span("x").with("gen_ai.response.time_to_first_chunk", 0.25)), Some(250));
    assert_eq!(ms(span("x").with("ai.response.msToFirstChunk", 62.5)), Some(62));
    assert_eq!(ms(span("x").with("ttft_ms", 63)), Some(63));
    assert_eq!(ms(span("x").with("gen_ai.server.time_to_first_token", 0.5)), Some(500));
    let strands = span("x").scope("strands.telemetry.tracer").with("gen_ai.server.time_to_first_token", 950);
    assert_eq!(ms(strands), Some(950));
    assert_eq!(ms(span("x").event("ai.stream.firstChunk", Vec::new(), 40)), Some(40));
    let langfuse =
        span("x").with("langfuse.observation.completion_start_time", "\"1970-01-01T00:16:40.200000Z\"");
    assert_eq!(ms(langfuse), Some(200));
}

#[test]
fn tools_are_named_by_attribute_or_by_their_span() {
    let tool =
        |name: &str| span(name).with("openinference.span.kind", "TOOL").facts().tool_name.unwrap_or_default();
    assert_eq!(tool("get_weather.__call__"), "get_weather");
    assert_eq!(tool("search"), "search");
    assert_eq!(span("execute_tool search").facts().tool_name.as_deref(), Some("search"));
    assert_eq!(
        span("tools/call search").with("mcp.method.name", "tools/call").facts().tool_name.as_deref(),
        Some("search")
    );
    let adk = span("execute_tool f").with("gen_ai.tool.call.id", "<not specified>").facts();
    assert_eq!(adk.tool_call_id, None);
    let gemini =
        span("x").with("gen_ai.operation.name", "tool_call").with("gen_ai.tool.call_id", "c-1").facts();
    assert_eq!(gemini.tool_call_id.as_deref(), Some("c-1"));
    // A model call that names a tool does not call it.
    assert_eq!(span("chat m").with("tool_name", "x").facts().tool_name, None);
}

#[test]
fn gates_and_humans_decide() {
    let gate = |allow: bool, deny: bool, ask: bool| {
        span("policy_gate.evaluate")
            .with("kitelogik.tool_name", "refund")
            .with("kitelogik.policy.allow", allow)
            .with("kitelogik.policy.deny", deny)
            .with("kitelogik.policy.requires_hitl", ask)
            .with("kitelogik.policy.risk_tier", "HIGH")
            .with("kitelogik.policy.reason", "because")
    };
    let allowed = gate(true, false, false).facts();
    assert_eq!(allowed.verdict, Some(Verdict::Allow));
    assert_eq!(allowed.risk_tier.as_deref(), Some("HIGH"));
    assert_eq!(allowed.reason.as_deref(), Some("because"));
    assert_eq!(allowed.tool_name.as_deref(), Some("refund"));
    // A gate that says no has done its work.
    let denied = gate(false, true, false).failed("Hard blocked").facts();
    assert_eq!((denied.verdict, denied.error), (Some(Verdict::Deny), None));
    assert_eq!(gate(false, false, true).facts().verdict, Some(Verdict::Hitl));

    let blocked = |decision: &str, source: &str| {
        let facts = span("claude_code.tool.blocked_on_user")
            .with("span.type", "tool.blocked_on_user")
            .with("decision", decision)
            .with("source", source)
            .facts();
        (facts.verdict, facts.resolution, facts.decided_by)
    };
    assert_eq!(blocked("accept", "config"), (Some(Verdict::Allow), None, Some("config".to_owned())));
    assert_eq!(blocked("reject", "hook").0, Some(Verdict::Deny));
    assert_eq!(
        blocked("accept", "user_temporary"),
        (Some(Verdict::Hitl), Some(Resolution::Approved), Some("user_temporary".to_owned()))
    );
    assert_eq!(blocked("reject", "user_reject").1, Some(Resolution::Rejected));

    let guardrail =
        span("g").with("gen_ai.guardrail.name", "pii").with("gen_ai.guardrail.triggered", true).facts();
    assert_eq!(guardrail.verdict, Some(Verdict::Deny));
}

#[test]
fn what_failed_says_why() {
    let exception = vec![attribute("exception.type", "app.Boom"), attribute("exception.message", "no luck")];
    let error = span("x").failed("").event("exception", exception, 1).facts().error.unwrap();
    assert_eq!((error.r#type.as_str(), error.message.as_deref()), ("app.Boom", Some("no luck")));
    let typed = span("x").with("error.type", "timeout").facts().error.unwrap();
    assert_eq!((typed.r#type.as_str(), typed.message), ("timeout", None));
    assert_eq!(span("x").failed("bad").facts().error.unwrap().r#type, "_OTHER");
    assert_eq!(
        span("x").failed("bad").with("http.response.status_code", 500).facts().error.unwrap().r#type,
        "500"
    );
    assert!(span("execute_tool f").with("success", "false").with("error", "oops").facts().error.is_some());
    assert!(span("execute_tool f").with("gen_ai.tool.status", "error").facts().error.is_some());
    assert!(span("x").with("langfuse.observation.level", "ERROR").facts().error.is_some());
    assert!(
        span("t")
            .with("openinference.span.kind", "TOOL")
            .with("output.value", r#"{"is_error":true}"#)
            .facts()
            .error
            .is_some()
    );
    let jaeger = span("x").with("error", true).facts().error.unwrap();
    assert_eq!((jaeger.r#type.as_str(), jaeger.message), ("_OTHER", None));
    let long = span("x").failed(&format!("E('x')Traceback (most recent call last):\n{}", "y".repeat(9_000)));
    let long = long.facts().error.unwrap();
    assert_eq!((long.r#type.as_str(), long.message.as_deref()), ("E", Some("x")));
    assert_eq!(
        span("x").failed(&"ü".repeat(9_000)).facts().error.unwrap().message.unwrap().chars().count(),
        2_000
    );
    let class = span("x").with("error.type", "<class 'app.Boom'>").facts();
    assert_eq!(class.error.unwrap().r#type, "app.Boom");
}

#[test]
fn an_exception_that_ended_a_span_counts_whatever_the_status() {
    let text = "OpenAIAPIError('Error code: 500')Traceback (most recent call last):\n  File";
    let exception = || vec![attribute("exception.type", "Exception"), attribute("exception.message", text)];
    let wrote_later = span("ChatModel").event("exception", exception(), 600_000).facts();
    let error = wrote_later.error.unwrap();
    assert_eq!(
        (error.r#type.as_str(), error.message.as_deref()),
        ("OpenAIAPIError", Some("Error code: 500"))
    );
    let dealt_with = span("ChatModel").event("exception", exception(), 400);
    assert_eq!(dealt_with.facts().error, None);
}

#[test]
fn what_a_callback_was_told_names_session_user_and_call() {
    let input = r#"{"input_str": "{}", "metadata": {"session_id": "s-1", "user_id": "u-1"}}"#;
    let facts = span("get_weather.tool")
        .with("traceloop.span.kind", "tool")
        .with("traceloop.entity.input", input)
        .with("traceloop.entity.output", r#"{"output": {"kwargs": {"tool_call_id": "call_1"}}}"#)
        .facts();
    assert_eq!(facts.session_id.as_deref(), Some("s-1"));
    assert_eq!(facts.user_id.as_deref(), Some("u-1"));
    assert_eq!(facts.tool_call_id.as_deref(), Some("call_1"));
}

#[test]
fn what_steers_does_not_fail() {
    let raised = |name: &str| {
        span("running tool")
            .failed(name)
            .event("exception", vec![attribute("exception.type", name)], 1)
            .facts()
    };
    for name in [
        "pydantic_ai.exceptions.ApprovalRequired",
        "langgraph.errors.GraphInterrupt",
        "pydantic_ai.exceptions.CallDeferred",
    ] {
        assert_eq!(raised(name).error, None, "{name}");
    }
    assert!(raised("ValueError").error.is_some());
    let recovered =
        span("Step 1").event("agent.step_recovery", Vec::new(), 1).event("exception", Vec::new(), 1);
    assert_eq!(recovered.facts().error, None);
    // A line in a log that mentions an exception is no failure of the span it names.
    assert_eq!(log("").in_trace().with("exception.type", "ValueError").facts().error, None);
    let event = log("gen_ai.client.operation.exception").in_trace().with("error.type", "timeout");
    assert!(event.facts().error.is_some());
}

#[test]
fn scores_are_found_wherever_they_stand() {
    let facts = span("x")
        .with("eval.score.accuracy", 0.9)
        .with("eval.score.polite", true)
        .with("evaluations.0.evaluation.name", "faithful")
        .with("evaluations.0.evaluation.score", 1)
        .with("annotations.0.annotation.label", "good")
        .with("annotations.0.annotation.name", "human")
        .event(
            "gen_ai.evaluation.result",
            vec![
                attribute("gen_ai.evaluation.name", "relevance"),
                attribute("gen_ai.evaluation.score.value", 0.5),
            ],
            1,
        )
        .facts();
    let names: Vec<_> = facts.scores.iter().map(|score| (score.name.as_str(), score.value)).collect();
    assert_eq!(
        names,
        [
            ("relevance", Some(0.5)),
            ("accuracy", Some(0.9)),
            ("polite", Some(1.0)),
            ("faithful", Some(1.0)),
            ("human", None)
        ]
    );
    assert_eq!(facts.scores[4].label.as_deref(), Some("good"));
    let event = log("gen_ai.evaluation.result")
        .in_trace()
        .with("gen_ai.evaluation.name", "relevance")
        .with("gen_ai.evaluation.score.label", "pass")
        .facts();
    assert_eq!(event.scores[0].source, ScoreSource::Event);
    assert_eq!(event.scores[0].label.as_deref(), Some("pass"));
}

#[test]
fn a_result_that_is_written_twice_is_one_score() {
    let result = |name, value: f64| {
        vec![attribute("gen_ai.evaluation.name", name), attribute("gen_ai.evaluation.score.value", value)]
    };
    let facts = span("x")
        .with("eval.score.relevance", 0.5)
        .with("eval.score.accuracy", 0.9)
        .event("gen_ai.evaluation.result", result("relevance", 0.5), 1)
        .event("gen_ai.evaluation.result", result("relevance", 0.5), 2)
        .event("gen_ai.evaluation.result", result("accuracy", 0.8), 3)
        .facts();
    let found: Vec<_> = facts.scores.iter().map(|score| (score.name.as_str(), score.value)).collect();
    let (relevance, accuracy) = (("relevance", Some(0.5)), ("accuracy", Some(0.8)));
    assert_eq!(
        found,
        [relevance, relevance, accuracy, ("accuracy", Some(0.9))],
        "two events are two results"
    );
}

#[test]
fn turns_keep_the_number_that_was_sent() {
    assert_eq!(span("turn").with("turn.index", 4).facts().turn_index, Some(4));
    assert_eq!(span("agent.turn").with("agent.turn_number", "2").facts().turn_index, Some(2));
    assert_eq!(span("Step 7").facts().turn_index, Some(7));
    assert_eq!(span("turn").with("turn", 3).facts().turn_index, Some(3));
    assert_eq!(span("game.move").with("turn", 3).facts().turn_index, None);
}

#[test]
fn a_metrics_point_names_the_session_and_the_user() {
    let point = [
        attribute("metadata.mlflow.trace.session", "s-1"),
        attribute("metadata.mlflow.trace.user", "u-1"),
        attribute("span_type", "AGENT"),
    ];
    assert_eq!(crate::dialects::identity(&point), (Some("s-1".to_owned()), Some("u-1".to_owned())));
}

#[test]
fn a_gateways_own_name_of_a_model_gives_way_to_the_models() {
    let call = span("chat small")
        .with("gen_ai.operation.name", "chat")
        .with("gen_ai.request.model", "small")
        .with("gen_ai.response.model", "small")
        .with("litellm.provider.model", "openai/gpt-4o-mini")
        .facts();
    assert_eq!(call.request_model.as_deref(), Some("gpt-4o-mini"));
    assert_eq!(call.response_model.as_deref(), Some("gpt-4o-mini"));
    let same = span("chat")
        .with("gen_ai.request.model", "gpt-4o-mini")
        .with("litellm.provider.model", "openai/gpt-4o-mini");
    assert_eq!(same.facts().request_model.as_deref(), Some("gpt-4o-mini"));
}

#[test]
fn names_of_unknown_producers_are_read_by_their_endings() {
    let call = span("ask")
        .with("gen_ai.operation.name", "chat")
        .with("acme.session.id", "s-1")
        .with("acme.user_id", "u-1")
        .with("acme.llm.model", "gpt-4o-mini")
        .with("acme.usage.prompt_tokens", 7)
        .facts();
    assert_eq!((call.session_id.as_deref(), call.session_is_weak), (Some("s-1"), true));
    assert_eq!((call.user_id.as_deref(), call.request_model.as_deref()), (Some("u-1"), Some("gpt-4o-mini")));
    assert_eq!(call.usage.input_tokens, Some(7));
}

#[test]
fn a_result_that_says_that_it_is_an_error_is_a_failure() {
    let tool = |result: &str| {
        let span = span("execute_tool bad").with("gen_ai.operation.name", "execute_tool");
        span.with("gen_ai.tool.call.result", result).facts().error
    };
    // AgentScope's state, Strands' status, MCP's mark.
    for result in [
        r#"{"content": [{"type": "text", "text": "no such order"}], "state": "error", "id": "call_1"}"#,
        r#"{"toolUseId": "t1", "status": "error", "content": [{"text": "no such order"}]}"#,
        r#"{"content": [{"type": "text", "text": "no such order"}], "isError": true}"#,
        r#"{"content": "no such order", "is_error": true}"#,
    ] {
        assert_eq!(
            tool(result).and_then(|error| error.message).as_deref(),
            Some("no such order"),
            "{result}"
        );
    }
    for result in [
        r#"{"status": "error", "order": 17}"#,
        r#"{"content": [{"text": "error"}], "state": "success"}"#,
        r#"{"error_count": 0}"#,
        r#"["error"]"#,
    ] {
        assert_eq!(tool(result), None, "{result}");
    }
}

#[test]
fn the_address_of_a_server_is_no_provider() {
    let call = |provider: &str, model: &str| {
        let span = span("chat").with("gen_ai.operation.name", "chat").with("gen_ai.request.model", model);
        span.with("gen_ai.provider.name", provider).facts().provider
    };
    // LiveKit writes the host of the client's address.
    assert_eq!(call("api.openai.com", "gpt-4o-mini").as_deref(), Some("openai"));
    assert_eq!(call("127.0.0.1:8000", "gpt-4o-mini").as_deref(), Some("openai"));
    assert_eq!(call("127.0.0.1:8000", "house-model"), None);
}

#[test]
fn results_that_were_printed_whole_say_which_call_and_that_it_failed() {
    let tool = |result: &str| {
        let span = span("execute_tool divide").with("gen_ai.operation.name", "execute_tool");
        span.with("gen_ai.tool.call.result", result).facts()
    };
    let message = tool("content='It is rainy' name='divide' tool_call_id='call_9'");
    assert_eq!((message.tool_call_id.as_deref(), message.error), (Some("call_9"), None));
    let failed = tool("status='failure' result=None error='division by zero' images=None").error.unwrap();
    assert_eq!(failed.message.as_deref(), Some("division by zero"));
    assert!(tool("status='failure' is what the page said").error.is_none(), "a text is no object");
}

#[test]
fn an_object_in_the_place_of_a_description_is_read() {
    let error = span("execute_tool divide")
        .with("gen_ai.operation.name", "execute_tool")
        .failed("{'message': 'Error running tool', 'data': {'tool_name': 'divide', 'error': 'by zero'}}")
        .facts()
        .error;
    assert_eq!(error.unwrap().message.as_deref(), Some("Error running tool: by zero"));
}

#[test]
fn the_applications_session_wins_over_a_frameworks_thread() {
    for keys in [["acme.thread_id", "acme.session_id"], ["acme.session_id", "acme.thread_id"]] {
        let facts = keys.iter().fold(span("x"), |span, key| span.with(key, &key[5..])).facts();
        assert_eq!(facts.session_id.as_deref(), Some("session_id"));
    }
}
