//! Panics, dropped futures and calls without an answer are told apart from success.

use crate::installation::{alone, quick};
use futures_util::future::pending;
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};
use turnscope::{Run, finished_spans, shutdown};

/// How each span ended, by name: `ok`, or its error type.
fn outcomes() -> BTreeMap<String, String> {
    let outcome = |span: &turnscope::FinishedSpan| match &span.error {
        Some(error) => error.kind.clone(),
        None => "ok".to_owned(),
    };
    finished_spans().iter().map(|span| (span.name.clone(), outcome(span))).collect()
}

#[track_caller]
fn check(wanted: &[(&str, &str)]) {
    let wanted: BTreeMap<_, _> =
        wanted.iter().map(|(name, how)| ((*name).to_owned(), (*how).to_owned())).collect();
    assert_eq!(outcomes(), wanted);
    quick().install().unwrap().detach(); // clears the ring
}

#[test]
fn a_panic_is_the_error_of_every_step_that_it_ends() {
    let _alone = alone();
    quick().install().unwrap().detach();
    let run = turnscope::run("helpdesk");
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let turn = run.turn();
        turn.tool("before").end();
        let failed = turn.tool("failed");
        failed.fail("timeout", "too late");
        let _tool = turn.tool("lookup");
        panic!("intended");
    }));
    assert!(caught.is_err());
    run.end();
    check(&[
        ("execute_tool before", "ok"),
        ("execute_tool failed", "timeout"),
        ("execute_tool lookup", "panic"),
        ("agent_step", "panic"),
        ("invoke_agent helpdesk", "ok"),
    ]);
    shutdown().unwrap();
}

/// A turn that never ends, with a tool that is not the scope of anything.
async fn hang(run: &Run) {
    let turn = run.turn();
    turn.scope(async {
        let _tool = turnscope::current().tool("lookup");
        pending::<()>().await;
    })
    .await;
}

#[test]
fn a_future_that_is_dropped_cancels_the_steps_that_end_with_it() {
    let _alone = alone();
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(a_future_that_is_dropped_cancels_the_steps_that_end_with_it_on_a_runtime());
}

async fn a_future_that_is_dropped_cancels_the_steps_that_end_with_it_on_a_runtime() {
    let soon = Duration::from_millis(5);
    let cancelled = [("execute_tool lookup", "cancelled"), ("agent_step", "cancelled")];
    quick().install().unwrap().detach();

    // A timeout, after which the run goes on.
    let run = turnscope::run("helpdesk");
    assert!(tokio::time::timeout(soon, run.scope(hang(&run))).await.is_err());
    run.final_answer("never mind").end();
    check(&[cancelled[0], cancelled[1], ("invoke_agent helpdesk", "ok")]);

    // The same, but the code says what it was.
    let run = turnscope::run("helpdesk");
    assert!(tokio::time::timeout(soon, run.scope(hang(&run))).await.is_err());
    run.fail("timeout", "too late");
    drop(run);
    check(&[cancelled[0], cancelled[1], ("invoke_agent helpdesk", "timeout")]);

    // `select!`, and nobody says anything.
    let run = turnscope::run("helpdesk");
    tokio::select! {
        () = run.scope(hang(&run)) => {}
        () = tokio::time::sleep(soon) => {}
    }
    drop(run);
    check(&[cancelled[0], cancelled[1], ("invoke_agent helpdesk", "cancelled")]);

    // A task that is aborted, with its run.
    let task = tokio::spawn(async {
        let run = turnscope::run("helpdesk");
        run.scope(hang(&run)).await;
    });
    tokio::time::sleep(soon).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    check(&[cancelled[0], cancelled[1], ("invoke_agent helpdesk", "cancelled")]);

    // A task that panics, which the runtime catches.
    let task = tokio::spawn(async {
        let run = turnscope::run("helpdesk");
        run.scope(async {
            let _tool = turnscope::current().tool("lookup");
            tokio::task::yield_now().await;
            panic!("intended");
        })
        .await;
    });
    assert!(task.await.unwrap_err().is_panic());
    check(&[("execute_tool lookup", "panic"), ("invoke_agent helpdesk", "panic")]);

    // A scope that is done cancels nothing.
    let run = turnscope::run("helpdesk");
    run.scope(async { turnscope::current().tool("lookup").end() }).await;
    drop(run);
    check(&[("execute_tool lookup", "ok"), ("invoke_agent helpdesk", "ok")]);
    shutdown().unwrap();
}

#[test]
fn a_call_that_is_dropped_without_an_answer_is_cancelled() {
    let _alone = alone();
    quick().install().unwrap().detach();
    let run = turnscope::run("helpdesk");
    run.llm("openai", "dropped").temperature(0.2);
    run.llm("openai", "ended").end();
    run.llm("openai", "answered").finish_reasons(["stop"]);
    run.llm(String::from("mine"), String::from("failed")).fail("timeout", "too late");
    run.embedding("openai", "vectors").input_tokens(3);
    drop(run.embedding("openai", "none"));
    run.end();
    run.end();
    check(&[
        ("chat dropped", "cancelled"),
        ("chat ended", "ok"),
        ("chat answered", "ok"),
        ("chat failed", "timeout"),
        ("embeddings vectors", "ok"),
        ("embeddings none", "cancelled"),
        ("invoke_agent helpdesk", "ok"),
    ]);
    shutdown().unwrap();
}
