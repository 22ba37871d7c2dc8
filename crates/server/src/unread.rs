//! Says `Connection: close` in an answer to a request whose body was not read to its end: the connection cannot be used again,
//! and a client that is not told would send its next request into it.

use crate::watched_body::WatchedBody;
use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderValue, Version, header};
use http_body::Body as _;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Handles a request, and looks afterwards whether its body was read.
pub(crate) async fn close_after_unread(request: Request, next: Next) -> Response {
    if request.version() > Version::HTTP_11 || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let is_read = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&is_read);
    let request = request.map(|body| {
        WatchedBody::wrap(body, move |is_at_end| {
            if is_at_end {
                watched.store(true, Ordering::Relaxed);
            }
        })
    });
    let mut response = next.run(request).await;
    if !is_read.load(Ordering::Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
