//! `GET /v1/live`: runs, steps and scores as they arrive, as server-sent events.
//!
//! Each event has an id; a client that comes back with `Last-Event-ID` gets what it missed, or one `gap` event when that
//! is too long ago: then it must read what it shows again.

use super::{
    live::{Event, What},
    wire::Run,
};
use crate::state::App;
use axum::{
    extract::State,
    response::{
        IntoResponse as _, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use futures_util::{StreamExt as _, stream};
use http::HeaderMap;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// Runs, steps and scores as they arrive: server-sent events `run`, `score` and `gap`, each with an id. A client that
/// comes back with `Last-Event-ID` gets what it missed, or `gap` when that is too long ago.
pub(crate) async fn live(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let life = app.live.life();
    let after = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(|text| {
        // An id of another life of the server is older than anything this one knows.
        text.split_once('-')
            .filter(|(of, _)| *of == life)
            .and_then(|(_, id)| id.parse().ok())
            .unwrap_or(u64::MAX)
    });
    let (missed, receiver) = app.live.subscribe(after);
    let gap = missed.is_none().then_some(Item::Gap);
    let missed = missed.unwrap_or_default().into_iter().map(Item::Event);
    let coming = match receiver {
        Some(receiver) => BroadcastStream::new(receiver)
            .map(|event| match event {
                Ok(event) => Item::Event(event),
                Err(BroadcastStreamRecvError::Lagged(_)) => Item::Gap,
            })
            .left_stream(),
        None => stream::empty().right_stream(),
    };
    let items = stream::iter(gap.into_iter().chain(missed)).chain(coming);
    let events = items.then(move |item| {
        let (app, life) = (Arc::clone(&app), life.clone());
        async move { Ok::<_, Infallible>(to_event(&app, &life, item).await) }
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

enum Item {
    Event(Event),
    Gap,
}

async fn to_event(app: &Arc<App>, life: &str, item: Item) -> sse::Event {
    let Item::Event(event) = item else {
        return sse::Event::default().event("gap").data("{}");
    };
    let id = format!("{life}-{}", event.id);
    match event.what {
        What::Score(run_id) => {
            let data = serde_json::json!({ "run_id": run_id });
            sse::Event::default().event("score").id(id).data(data.to_string())
        }
        What::Run(change) => {
            let moment = app.moment();
            let run_id = change.run_id;
            let store = app.store.clone();
            let run = tokio::task::spawn_blocking(move || store.read(|reader| reader.run(run_id))).await;
            let data = match run {
                Ok(Ok(Some(run))) if !change.gone => {
                    serde_json::json!({ "run_id": run_id, "run": Run::of(&run, moment) })
                }
                _ => serde_json::json!({ "run_id": run_id, "gone": true }),
            };
            sse::Event::default().event("run").id(id).data(data.to_string())
        }
    }
}
