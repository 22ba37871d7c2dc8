//! A future in which a step is the current one.

use super::Step;
use crate::outcome::{CANCELLED, Cancelling, PANICKED};
use opentelemetry::Context;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{self, Poll},
};

pin_project! {
    /// A future in which a step is the current one, whichever thread polls it. Made by [`Step::scope`].
    ///
    /// Where it is dropped before it is done, the step and all steps that end with it are cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Scope<F> {
        // `None` once it is done.
        #[pin]
        future: Option<F>,
        context: Context,
        step: Step,
        // Whether it is being polled; in `drop` that means that it panicked.
        is_polled: bool,
    }

    impl<F> PinnedDrop for Scope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_none() {
                return;
            }
            this.step.note(if *this.is_polled { PANICKED } else { CANCELLED });
            let _entered = this.context.clone().attach();
            let _cancelling = (!*this.is_polled).then(Cancelling::begin);
            this.future.set(None);
        }
    }
}

impl<F> Scope<F> {
    pub(super) fn new(step: &Step, future: F) -> Self {
        Self { future: Some(future), context: step.context().clone(), step: step.clone(), is_polled: false }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _entered = this.context.clone().attach();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("`Scope` was polled after it was done")
        };
        *this.is_polled = true;
        let output = future.poll(task);
        *this.is_polled = false;
        if output.is_ready() {
            this.future.set(None); // with the context, as it was polled
        }
        output
    }
}
