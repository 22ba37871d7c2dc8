//! What the typed API records, in both namings.

use crate::{installation::alone, tree};
use serde_json::json;
use std::time::Duration;
use turnscope::{Naming, Recorder, Usage, Verdict};

/// A run with every kind of step.
pub(crate) fn record(recorder: &Recorder) {
    let first = recorder.run("helpdesk");
    let earlier = first.span_context();
    first.end();

    let run = recorder.run("helpdesk");
    run.session("s-17").user("ada").user_role("agent").prompt("refund", "3").experiment("e-1", "b");
    run.tags(["beta", "eu"])
        .metadata("tenant", "acme")
        .runner("loop")
        .description("Helps")
        .regenerates(&earlier);
    run.input("Where is my order?").score("helpful", 0.9);

    let turn = run.turn();
    let call = turn.llm("openai", "gpt-5-mini");
    call.max_tokens(256).temperature(0.5).top_p(0.9).seed(7);
    call.system_instructions(&json!([{"type": "text", "content": "Be brief."}]));
    call.tool_definitions(&json!([{"type": "function", "name": "lookup"}]));
    call.input_messages(&json!([{"role": "user", "parts": [{"type": "text", "content": "Where?"}]}]));
    call.output_messages(&json!([{"role": "assistant", "parts": [], "finish_reason": "tool_call"}]));
    call.response("resp-1", "gpt-5-mini-2026").finish_reasons(["tool_call"]);
    call.time_to_first_chunk(Duration::from_millis(320)).usage(Usage {
        input: Some(1200),
        output: Some(40),
        cached: Some(1000),
        cache_written: Some(100),
        reasoning: Some(25),
    });
    call.end();
    turn.policy("lookup").verdict(Verdict::Allow).reason("read only").risk_tier("low");
    let approval = turn.ask_person("May I look it up?");
    approval.about_tool("lookup").about_call("call_1").approved("ada").answer("go ahead");
    approval.end();
    let tool = turn.tool("lookup");
    tool.kind("function").description("Finds an order");
    tool.call_id("call_1").server("orders").arguments(&json!({"order": 17})).result(&json!({"at": "sea"}));
    tool.end();
    turn.sanitizer("lookup").modified(true);
    turn.end();

    let turn = run.turn();
    turn.retrieval("handbook").top_k(5).query("refunds").documents(&json!([{"id": "p-4"}]));
    turn.embedding("openai", "text-embedding-3-small").dimensions(1536).input_tokens(80);
    turn.memory_read("customers").query("Ada").records(2);
    turn.memory_write("customers").record("ada", "prefers e-mail");
    turn.ingest().files(3).chunks(40);
    turn.tool("refund").fail("timeout", "the till did not answer");
    turn.warn("slow", "took a while").event("noted", [("n", 1)]);
    turn.run("writer").turn().llm("anthropic", "claude-sonnet-5").error(&std::fmt::Error);
    turn.custom("queue.wait").set("queue.length", 3);
    turn.end();
    run.final_answer("It is at sea.");
}

#[test]
fn a_whole_run_after_the_conventions() {
    let (recorder, kept) = tree::recorder();
    record(&recorder.with_content(true));
    insta::assert_snapshot!(kept.tree());
}

#[test]
fn a_whole_run_as_agent_run_without_contents() {
    let (recorder, kept) = tree::recorder();
    record(&recorder.with_naming(Naming::AgentRun));
    insta::assert_snapshot!(kept.tree());
}

#[test]
fn the_current_step_is_found_below_in_calls_threads_and_futures() {
    let _alone = alone(); // steps outside a run go to the default recorder
    let (recorder, kept) = tree::recorder();
    let run = recorder.run("helpdesk");
    {
        let _entered = run.enter();
        turnscope::current().tool("called").end();
        let step = turnscope::current();
        std::thread::spawn(move || step.tool("thread").end()).join().unwrap();
    }
    turnscope::current().tool("outside").end();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(run.scope(async {
        tokio::task::yield_now().await;
        turnscope::current().tool("awaited").end();
        let step = turnscope::current();
        let spawned = step.clone().scope(async { turnscope::current().tool("spawned").end() });
        tokio::spawn(spawned).await.unwrap();
    }));
    drop(run);
    insta::assert_snapshot!(kept.tree());
}

#[test]
fn a_disabled_recorder_records_nothing_and_ends_nothing_of_others() {
    let (recorder, kept) = tree::recorder();
    let run = recorder.run("helpdesk");
    let entered = run.enter();
    record(&Recorder::disabled());
    Recorder::disabled().in_context(run.context()).tool("ghost").fail("x", "y");
    drop(entered);
    run.set("still", "open");
    drop(run);
    let tree = kept.tree();
    assert!(tree.contains("still = open") && !tree.contains("ghost"), "{tree}");
}
