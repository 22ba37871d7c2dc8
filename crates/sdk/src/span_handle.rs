//! A handle to a step's span, and the context in which child spans find it.
//!
//! Not here: what is recorded on the span (`step`).

use crate::{Recorder, outcome::Outcome, run_attributes::RunAttributes};
use opentelemetry::{Context, trace::TraceContextExt};
use opentelemetry_sdk::trace::Span;
use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Instant, SystemTime},
};

/// State shared by a run's steps, stored in the OpenTelemetry context for those below.
#[derive(Debug)]
pub(crate) struct RunState {
    pub(crate) recorder: Recorder,
    pub(crate) attributes: RunAttributes,
}

/// A context to record in: new spans become children of its active span.
#[derive(Debug)]
pub(crate) struct RecordingContext {
    pub(crate) context: Context,
    pub(crate) run_state: Arc<RunState>,
    /// What other handles to the same span know of its end.
    pub(crate) outcome: Outcome,
}

impl RecordingContext {
    pub(crate) fn new(context: Context, run_state: Arc<RunState>) -> Self {
        Self { context, run_state, outcome: Outcome::default() }
    }
}

/// A step's span.
#[derive(Debug)]
pub(crate) enum SpanHandle {
    /// Recording is off.
    Disabled(AmbientContext),
    /// The active span of a recording context.
    Active(Arc<RecordingContext>),
    /// A span that this process has begun.
    Owned(Box<OwnedSpan>),
}

/// The context around a step that is not recorded: the explicit one if given, otherwise the one that is
/// current when first needed. It is looked up lazily, because that costs more than the rest of a disabled
/// step and allocates once a thread.
#[derive(Debug, Default)]
pub(crate) struct AmbientContext {
    explicit: Option<Context>,
    current: OnceLock<Context>,
}

impl AmbientContext {
    pub(crate) fn explicit(context: Context) -> Self {
        Self { explicit: Some(context), current: OnceLock::new() }
    }

    fn context(&self) -> &Context {
        self.explicit.as_ref().unwrap_or_else(|| self.current.get_or_init(Context::current))
    }
}

impl Clone for AmbientContext {
    #[inline]
    fn clone(&self) -> Self {
        let known = self.explicit.as_ref().or_else(|| self.current.get());
        Self { explicit: known.cloned(), current: OnceLock::new() }
    }
}

/// A span that was begun here. Most steps have no children and are never entered, so the span moves into a
/// context, which shares and locks it, only on demand.
#[derive(Debug)]
pub(crate) struct OwnedSpan {
    parent: Arc<RecordingContext>,
    /// `None` once the span has moved into `recording`.
    span: Mutex<Option<Span>>,
    recording: OnceLock<Arc<RecordingContext>>,
    /// What this handle knows of the span's end.
    outcome: Outcome,
    /// When it began, by both clocks; `None` if the caller gave a start of its own.
    began: Option<(SystemTime, Instant)>,
}

/// Another handle to the same span.
impl Clone for SpanHandle {
    #[inline]
    fn clone(&self) -> Self {
        match self {
            Self::Disabled(ambient) => Self::Disabled(ambient.clone()),
            Self::Active(recording) => Self::Active(Arc::clone(recording)),
            Self::Owned(own) => Self::Active(Arc::clone(own.recording_context())),
        }
    }
}

impl SpanHandle {
    /// A span that was begun in `parent`.
    #[inline] // saves one move of a large value
    pub(crate) fn owned(
        parent: Arc<RecordingContext>,
        span: Span,
        began: Option<(SystemTime, Instant)>,
    ) -> Self {
        let (span, recording) = (Mutex::new(Some(span)), OnceLock::new());
        Self::Owned(Box::new(OwnedSpan { parent, span, recording, outcome: Outcome::default(), began }))
    }

    /// The context in which this span is the active one.
    pub(crate) fn context(&self) -> &Context {
        match self {
            Self::Disabled(ambient) => ambient.context(),
            Self::Active(recording) => &recording.context,
            Self::Owned(own) => &own.recording_context().context,
        }
    }

    /// The context for child spans, or `None` if recording is off.
    pub(crate) fn recording_context(&self) -> Option<&Arc<RecordingContext>> {
        match self {
            Self::Disabled(_) => None,
            Self::Active(recording) => Some(recording),
            Self::Owned(own) => Some(own.recording_context()),
        }
    }

    pub(crate) fn run_state(&self) -> Option<&Arc<RunState>> {
        match self {
            Self::Disabled(_) => None,
            Self::Active(recording) => Some(&recording.run_state),
            Self::Owned(own) => Some(&own.parent.run_state),
        }
    }

    /// Notes something of the span's end.
    pub(crate) fn note(&self, bit: u8) {
        match self {
            Self::Disabled(_) => {}
            Self::Active(recording) => recording.outcome.add(bit),
            Self::Owned(own) => own.outcome.add(bit),
        }
    }

    /// What is known of the span's end.
    #[inline]
    pub(crate) fn outcome(&self) -> u8 {
        match self {
            Self::Disabled(_) => 0,
            Self::Active(recording) => recording.outcome.bits(),
            Self::Owned(own) => {
                own.outcome.bits() | own.recording.get().map_or(0, |recording| recording.outcome.bits())
            }
        }
    }

    /// The end of a span that ends now: its start and what has passed since, whatever happens to the system's
    /// clock meanwhile. `None` where only the SDK knows the start.
    #[inline]
    pub(crate) fn end_time(&self) -> Option<SystemTime> {
        match self {
            Self::Owned(own) => own.began.map(|(began, since)| began + since.elapsed()),
            _ => None,
        }
    }

    /// Something is recorded, so the step goes on.
    #[inline]
    pub(crate) fn goes_on(&self) {
        match self {
            Self::Disabled(_) => {}
            Self::Active(recording) => recording.outcome.goes_on(),
            Self::Owned(own) => {
                if let Some(recording) = own.recording.get() {
                    recording.outcome.goes_on();
                }
            }
        }
    }

    /// The span, as long as it has not moved into a context; for `on_span`.
    #[inline]
    pub(crate) fn unshared(&self) -> Option<MutexGuard<'_, Option<Span>>> {
        match self {
            Self::Owned(own) => Some(own.lock()),
            _ => None,
        }
    }

    /// Like [`unshared`](Self::unshared), without locking.
    pub(crate) fn unshared_mut(&mut self) -> Option<&mut Span> {
        match self {
            Self::Owned(own) => own.span.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut(),
            _ => None,
        }
    }
}

impl OwnedSpan {
    #[inline]
    fn lock(&self) -> MutexGuard<'_, Option<Span>> {
        self.span.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recording_context(&self) -> &Arc<RecordingContext> {
        self.recording.get_or_init(|| {
            let RecordingContext { context, run_state, .. } = &*self.parent;
            let context = match self.lock().take() {
                Some(span) => context.with_span(span),
                None => context.clone(), // unreachable: only this closure takes the span, and it runs once
            };
            Arc::new(RecordingContext::new(context, Arc::clone(run_state)))
        })
    }
}

/// Runs an expression with the span of a handle, wherever that is. The span may be locked meanwhile, so
/// evaluate arguments that run the caller's code before.
macro_rules! on_span {
    ($handle:expr, |$span:ident| $use:expr) => {
        if let Some($span) = $handle.unshared().as_mut().and_then(|span| span.as_mut()) {
            $use
        } else {
            let $span = $handle.context().span();
            $use
        }
    };
}
pub(crate) use on_span;
