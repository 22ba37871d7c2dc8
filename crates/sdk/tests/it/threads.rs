//! Concurrency: many threads in one step, and during set-up and shutdown.

use crate::{
    installation::{alone, quick},
    tree,
};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::trace::SpanData;
use std::{
    collections::BTreeSet,
    error::Error,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};
use turnscope::{Exporter, Recorder, RecordingConfig, dropped, finished_spans, flush, shutdown};

const THREADS: usize = 4;

/// A span moves into a context on demand, while other threads set attributes.
#[test]
fn nothing_is_lost_while_a_step_becomes_a_parent() {
    let (recorder, kept) = tree::recorder();
    for round in 0..200 {
        let step = recorder.run("helpdesk").custom(format!("round {round}"));
        let together = Barrier::new(THREADS);
        let parents: BTreeSet<String> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let (step, together) = (&step, &together);
                    scope.spawn(move || {
                        together.wait();
                        for n in 0..10 {
                            step.set(format!("{thread}.{n}"), true);
                            if n == thread {
                                let _entered = step.enter();
                                turnscope::current().tool("below").end();
                            }
                        }
                        step.context().span().span_context().span_id().to_string()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(parents, BTreeSet::from([step.span_context().span_id().to_string()]));
        drop(step);
        let spans = kept.take();
        let step = spans.iter().find(|span| span.name.starts_with("round")).unwrap();
        let keys: BTreeSet<_> = step.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!((keys.len(), step.attributes.len()), (THREADS * 10, THREADS * 10));
        let below = spans.iter().filter(|span| span.name == "execute_tool below");
        let ids = below.map(|span| span.parent_span_id).collect::<Vec<_>>();
        assert_eq!(ids, [step.span_context.span_id(); THREADS]);
    }
}

/// Other instrumentation continues below the span that was active.
#[test]
fn a_disabled_run_keeps_the_active_span() {
    let (recorder, kept) = tree::recorder();
    let outer = recorder.run("outer");
    let _entered = outer.enter();
    let off = Recorder::disabled().run("off");
    let _inside = off.enter();
    turnscope::current().tool("of another").end();
    let turn = off.turn();
    let _deeper = turn.enter();
    assert_eq!(turn.span_context(), outer.span_context());
    turnscope::current().tool("of another").end();
    let parents: Vec<_> = kept.take().iter().map(|span| span.parent_span_id).collect();
    assert_eq!(parents, [outer.span_context().span_id(); 2]);
}

/// Counts exported spans.
#[derive(Clone, Debug, Default)]
struct Counts(Arc<AtomicU64>);

impl Exporter for Counts {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.0.fetch_add(spans.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn every_span_is_exported_or_counted_unless_it_ends_after_shutdown() {
    let _alone = alone();
    for round in 0..10 {
        let exported = Counts::default();
        let exporters: Vec<Box<dyn Exporter>> = vec![Box::new(exported.clone())];
        RecordingConfig { exporters, queue_size: 16 << (round % 5), batch_size: 8, ..quick() }
            .install()
            .unwrap()
            .detach();
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..250 {
                        turnscope::run("helpdesk").turn().tool("lookup").set("n", 1);
                    }
                });
            }
            scope.spawn(|| (0..20).for_each(|_| assert!(finished_spans().len() <= 500)));
        });
        let lost = flush(Duration::from_secs(600)).map_or_else(|lost| lost.spans, |()| 0);
        assert_eq!(lost, dropped());
        let exported = || exported.0.load(Ordering::Relaxed);
        assert_eq!(exported() + dropped(), THREADS as u64 * 250 * 3);

        let before = exported();
        let open = turnscope::run("open");
        let _ = shutdown();
        drop(open);
        turnscope::run("late").turn().tool("lookup").fail("timeout", "too late");
        flush(Duration::ZERO).unwrap();
        assert!(finished_spans().is_empty());
        let _ = shutdown();
        assert_eq!(exported(), before);
    }
}
