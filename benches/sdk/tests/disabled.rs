//! A disabled recorder allocates nothing, whatever is recorded with it.

use allocation_counter::measure;
use turnscope::{Recorder, Usage, Verdict};

#[track_caller]
fn free(work: impl FnOnce()) {
    let allocated = measure(work);
    assert_eq!(allocated.count_total, 0, "{allocated:?}");
}

/// Covers guards and handles. A handle borrowed from a guard cannot outlive its statement.
fn ignore<T>(_: T) {}

#[test]
fn what_is_disabled_allocates_nothing() {
    free(|| turnscope::run("helpdesk").end());
    let run = Recorder::disabled().run("helpdesk");
    free(|| run.run("writer").end());
    free(|| {
        ignore(run.session("s-17").user("ada").tags(["beta"]).metadata("tenant", "acme").input("Where?"));
    });
    let turn = run.turn();
    let call = turn.llm("openai", "gpt-5-mini");
    free(|| turn.llm("openai", "gpt-5-mini").end());
    free(|| ignore(call.max_tokens(256).response("resp-1", "gpt-5-mini").finish_reasons(["stop"])));
    free(|| ignore(call.usage(Usage { input: Some(12), ..Usage::default() }).input_messages(&["hello"])));
    free(|| ignore(call.fail("timeout", "too late").error(&std::fmt::Error)));
    free(|| ignore(turn.tool("lookup").call_id("call_1").arguments(&["17"]).result("at sea")));
    free(|| ignore(turn.policy("lookup").verdict(Verdict::Allow).reason("read only")));
    free(|| ignore(turn.sanitizer("lookup").modified(true)));
    free(|| ignore(turn.retrieval("handbook").query("refunds")));
    free(|| ignore(turn.embedding("openai", "text-embedding-3-small").input_tokens(8)));
    free(|| ignore(turn.memory_read("customers").query("Ada").records(2)));
    free(|| ignore(turn.memory_write("customers").record("ada", "prefers e-mail")));
    free(|| ignore(turn.ingest().files(1)));
    free(|| ignore(turn.custom("queue.wait").set("queue.length", 3)));
    free(|| ignore(turn.event("noted", [("n", 1)]).warn("slow", "took a while").score("helpful", 0.9)));
    free(|| ignore(run.final_answer("Here.")));
}
