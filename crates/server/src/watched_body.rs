//! A body that tells of each frame that is taken from it.

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// A body as it is, with a function that learns after each poll whether the end was reached. What the function owns lives as
/// long as the body.
pub(crate) struct WatchedBody<F> {
    inner: Body,
    polled: F,
}

impl<F: FnMut(bool) + Send + Unpin + 'static> WatchedBody<F> {
    pub(crate) fn wrap(inner: Body, polled: F) -> Body {
        Body::new(Self { inner, polled })
    }
}

impl<F: FnMut(bool) + Unpin> http_body::Body for WatchedBody<F> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        let is_at_end = matches!(polled, Poll::Ready(None)) || self.inner.is_end_stream();
        (self.polled)(is_at_end);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    #[tokio::test]
    async fn the_end_is_told_and_what_the_function_owns_lives_until_the_body_is_dropped() {
        let (guard, ended) = (Arc::new(()), Arc::new(AtomicBool::new(false)));
        let (kept, watched) = (Arc::clone(&guard), Arc::clone(&ended));
        let mut body = WatchedBody::wrap(Body::from("text"), move |is_at_end| {
            let _ = &kept;
            watched.store(is_at_end, Ordering::Relaxed);
        });
        assert_eq!((Arc::strong_count(&guard), ended.load(Ordering::Relaxed)), (2, false));
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "text");
        assert!(ended.load(Ordering::Relaxed));
        assert_eq!(Arc::strong_count(&guard), 2);
        drop(body);
        assert_eq!(Arc::strong_count(&guard), 1);
    }
}
