//! `GET /v1/live`: runs and scores as they change, as server-sent events.
//!
//! Each event has an id. A client that comes back with `Last-Event-ID` gets what it missed, or one `gap` event when that is
//! too long ago: then it must read again what it shows. The stream of a client that falls behind ends.

use crate::{live::Event, live_events::events_of, state::App};
use axum::{
    extract::{Query, State},
    response::{
        IntoResponse as _, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use futures_util::{StreamExt as _, stream};
use http::HeaderMap;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio_stream::wrappers::BroadcastStream;
use turnscope_api::LiveQuery;

/// Runs and scores as they change: server-sent events `run`, `score` and `gap`, each with an id. A client that
/// comes back with `Last-Event-ID` gets what it missed, or `gap` when that is too long ago.
pub(crate) async fn live(
    State(app): State<Arc<App>>,
    Query(query): Query<LiveQuery>,
    headers: HeaderMap,
) -> Response {
    let instance = app.live.instance().to_owned();
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = last.or(query.last_event_id.as_deref()).map(|text| {
        // An id of another start of the server is older than anything this one knows.
        text.split_once('-')
            .filter(|(of, _)| *of == instance)
            .and_then(|(_, id)| id.parse().ok())
            .unwrap_or(u64::MAX)
    });
    let subscription = app.live.subscribe(after);
    // A client that begins here learns where it is, so that it can come back although nothing happened meanwhile.
    let start = match (&subscription.missed, after) {
        (Some(_), None) => vec![sse::Event::default().id(format!("{instance}-{}", subscription.latest))],
        (None, _) => vec![to_sse(&instance, &Event::gap(subscription.latest))],
        (Some(_), Some(_)) => Vec::new(),
    };
    // Changes are told a little after they happen, so some of those that were missed would be told twice.
    let told = if after.is_some() { subscription.latest } else { 0 };
    // A client whose missed runs cannot be read now must read again what it shows.
    let missed = events_of(&app, subscription.missed.unwrap_or_default())
        .await
        .unwrap_or_else(|_| vec![Event::gap(subscription.latest)]);
    drop(app);
    let missed: Vec<sse::Event> = missed.iter().map(|event| to_sse(&instance, event)).collect();
    let coming = match subscription.events {
        // A client that was too slow for what came ends here; it comes back with the last id that it saw.
        Some(events) => BroadcastStream::new(events)
            .take_while(|event| std::future::ready(event.is_ok()))
            .filter_map(move |event| {
                let new = event.ok().filter(|event| event.id > told);
                std::future::ready(new.map(|event| to_sse(&instance, &event)))
            })
            .left_stream(),
        None => stream::empty().right_stream(),
    };
    let events = stream::iter(start.into_iter().chain(missed)).chain(coming).map(Ok::<_, Infallible>);
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    (UNBUFFERED, events).into_response()
}

/// Tells reverse proxies (nginx) to hand on each event as it comes.
pub(crate) const UNBUFFERED: [(&str, &str); 1] = [("x-accel-buffering", "no")];

fn to_sse(instance: &str, event: &Event) -> sse::Event {
    sse::Event::default().event(event.name).id(format!("{instance}-{}", event.id)).data(&*event.data)
}
