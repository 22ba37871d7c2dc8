//! A program that uses `tracing`: its spans become steps of the run, and its events carry the step's ids.
//!
//! `cargo run -p turnscope --example tracing --features tracing`, with `OTEL_EXPORTER_OTLP_ENDPOINT` for
//! spans and logs.

use std::{error::Error, io};
use tracing::{info, info_span, warn};
use tracing_subscriber::{
    filter::LevelFilter,
    fmt::{self, format},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};
use turnscope::{init_tracing, shutdown, tracing_layers::WithIds};

fn main() -> Result<(), Box<dyn Error>> {
    let _recording = init_tracing("tracing-example");
    let lines = WithIds::text(format().without_time().with_ansi(false));
    tracing_subscriber::registry()
        .with(LevelFilter::INFO)
        .with(turnscope::tracing_layers::spans())
        .with(turnscope::tracing_layers::logs())
        .with(fmt::layer().with_ansi(false).with_writer(io::stderr).event_format(lines))
        .try_init()?;

    let run = turnscope::run("helpdesk");
    println!("run {}-{}", run.span_context().trace_id(), run.span_context().span_id());
    let turn = run.turn();
    {
        let _entered = turn.enter();
        info!(order = 17, "looking it up");
        info_span!("look_up", order = 17).in_scope(find);
    }
    turn.end();
    run.end();
    info!("outside any run");
    let _ = shutdown();
    Ok(())
}

/// Knows nothing of the run in which it is called.
fn find() {
    turnscope::current().retrieval("orders").top_k(1);
    warn!("the index is a day old");
}
