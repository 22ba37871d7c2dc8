//! A disabled recorder allocates nothing, whatever is recorded with it.

use allocation_counter::measure;
use turnscope::{Recorder, Usage, Verdict};

#[track_caller]
fn allocates_nothing(work: impl FnOnce()) {
    let allocated = measure(work);
    assert_eq!(allocated.count_total, 0, "{allocated:?}");
}

/// Drops a value. Values that borrow from a guard cannot outlive the statement.
fn ignore<T>(_: T) {}

#[test]
fn a_disabled_recorder_allocates_nothing() {
    allocates_nothing(|| turnscope::run("helpdesk").end());
    let run = Recorder::disabled().run("helpdesk");
    allocates_nothing(|| run.run("writer").end());
    allocates_nothing(|| {
        ignore(run.session("s-17").user("ada").tags(["beta"]).metadata("tenant", "acme").input("Where?"));
    });
    let turn = run.turn();
    let call = turn.llm("openai", "gpt-5-mini");
    allocates_nothing(|| turn.llm("openai", "gpt-5-mini").end());
    allocates_nothing(|| {
        ignore(call.max_tokens(256).response("resp-1", "gpt-5-mini").finish_reasons(["stop"]));
    });
    allocates_nothing(|| {
        ignore(call.usage(Usage { input: Some(12), ..Usage::default() }).input_messages(&["hello"]));
    });
    allocates_nothing(|| ignore(call.fail("timeout", "too late").error(&std::fmt::Error)));
    allocates_nothing(|| ignore(turn.tool("lookup").call_id("call_1").arguments(&["17"]).result("at sea")));
    allocates_nothing(|| ignore(turn.policy("lookup").verdict(Verdict::Allow).reason("read only")));
    allocates_nothing(|| ignore(turn.sanitizer("lookup").modified(true)));
    allocates_nothing(|| ignore(turn.retrieval("handbook").query("refunds")));
    allocates_nothing(|| ignore(turn.embedding("openai", "text-embedding-3-small").input_tokens(8)));
    allocates_nothing(|| ignore(turn.memory_read("customers").query("Ada").records(2)));
    allocates_nothing(|| ignore(turn.memory_write("customers").record("ada", "prefers e-mail")));
    allocates_nothing(|| ignore(turn.ingest().files(1)));
    allocates_nothing(|| ignore(turn.custom("queue.wait").set("queue.length", 3)));
    allocates_nothing(|| {
        ignore(turn.event("noted", [("n", 1)]).warn("slow", "took a while").score("helpful", 0.9));
    });
    allocates_nothing(|| ignore(run.final_answer("Here.")));
}
