//! Where a step stands: its span, and the context in which others find it.
//!
//! Not here: what is recorded on the span (`step`).

use crate::{Recorder, shared::Shared};
use opentelemetry::{Context, trace::TraceContextExt};
use opentelemetry_sdk::trace::Span;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// What a run's steps have in common. It stands in the OpenTelemetry context, so that those below find it.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) recorder: Recorder,
    pub(crate) shared: Shared,
}

/// Where something can be recorded: below the span that is active in a context.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) context: Context,
    pub(crate) scope: Arc<Scope>,
}

/// Where a step stands.
#[derive(Debug)]
pub(crate) enum Position {
    /// Where nothing is recorded.
    Off(Surroundings),
    /// In a place: the step's span is the active one there.
    In(Arc<Place>),
    /// On a span that was begun here.
    On(Box<OwnSpan>),
}

/// The context around what is not recorded: the one that was given, else the one that is active when somebody first asks.
/// Looking that up costs more than all the rest, and allocates once a thread.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    given: Option<Context>,
    active: OnceLock<Context>,
}

impl Surroundings {
    pub(crate) fn given(context: Context) -> Self {
        Self { given: Some(context), active: OnceLock::new() }
    }

    fn context(&self) -> &Context {
        self.given.as_ref().unwrap_or_else(|| self.active.get_or_init(Context::current))
    }
}

impl Clone for Surroundings {
    #[inline]
    fn clone(&self) -> Self {
        let known = self.given.as_ref().or_else(|| self.active.get());
        Self { given: known.cloned(), active: OnceLock::new() }
    }
}

/// A span that was begun here. Below most steps nothing is begun, and nobody enters them; so the span is put into a context,
/// which shares and locks it once more, only when somebody asks for that.
#[derive(Debug)]
pub(crate) struct OwnSpan {
    parent: Arc<Place>,
    /// None once it stands in `place`.
    span: Mutex<Option<Span>>,
    place: OnceLock<Arc<Place>>,
}

/// Another handle to the same step.
impl Clone for Position {
    #[inline]
    fn clone(&self) -> Self {
        match self {
            Self::Off(around) => Self::Off(around.clone()),
            Self::In(place) => Self::In(Arc::clone(place)),
            Self::On(own) => Self::In(Arc::clone(own.place())),
        }
    }
}

impl Position {
    /// On a span that was begun in `parent`.
    #[inline] // the span is large, and is moved once less
    pub(crate) fn on(parent: Arc<Place>, span: Span) -> Self {
        Self::On(Box::new(OwnSpan { parent, span: Mutex::new(Some(span)), place: OnceLock::new() }))
    }

    /// The context in which the step is the active span.
    pub(crate) fn context(&self) -> &Context {
        match self {
            Self::Off(around) => around.context(),
            Self::In(place) => &place.context,
            Self::On(own) => &own.place().context,
        }
    }

    /// The place below the step, unless nothing is recorded.
    pub(crate) fn place(&self) -> Option<&Arc<Place>> {
        match self {
            Self::Off(_) => None,
            Self::In(place) => Some(place),
            Self::On(own) => Some(own.place()),
        }
    }

    pub(crate) fn scope(&self) -> Option<&Arc<Scope>> {
        match self {
            Self::Off(_) => None,
            Self::In(place) => Some(&place.scope),
            Self::On(own) => Some(&own.parent.scope),
        }
    }

    /// The span, while nobody asked for its context; for `on_span`.
    #[inline]
    pub(crate) fn unshared(&self) -> Option<MutexGuard<'_, Option<Span>>> {
        match self {
            Self::On(own) => Some(own.lock()),
            _ => None,
        }
    }

    /// The same, where nobody else can have it now.
    pub(crate) fn unshared_mut(&mut self) -> Option<&mut Span> {
        match self {
            Self::On(own) => own.span.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut(),
            _ => None,
        }
    }
}

impl OwnSpan {
    #[inline]
    fn lock(&self) -> MutexGuard<'_, Option<Span>> {
        self.span.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self) -> &Arc<Place> {
        self.place.get_or_init(|| {
            let Place { context, scope } = &*self.parent;
            let context = match self.lock().take() {
                Some(span) => context.with_span(span),
                None => context.clone(), // only this takes it, once
            };
            Arc::new(Place { context, scope: Arc::clone(scope) })
        })
    }
}

/// Uses the span of a position: the same methods are there wherever the span is. It is locked meanwhile, so arguments that
/// run the caller's code are made before.
macro_rules! on_span {
    ($position:expr, |$span:ident| $use:expr) => {
        if let Some($span) = $position.unshared().as_mut().and_then(|span| span.as_mut()) {
            $use
        } else {
            let $span = $position.context().span();
            $use
        }
    };
}
pub(crate) use on_span;
