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
    extract::{Query, State},
    response::{
        IntoResponse as _, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use futures_util::{StreamExt as _, stream};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// Where to go on.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct LiveQuery {
    /// As the header `Last-Event-ID`, for clients that cannot set one; the header wins.
    last_event_id: Option<String>,
}

/// Runs, steps and scores as they arrive: server-sent events `run`, `score` and `gap`, each with an id. A client that
/// comes back with `Last-Event-ID` gets what it missed, or `gap` when that is too long ago.
pub(crate) async fn live(
    State(app): State<Arc<App>>,
    Query(query): Query<LiveQuery>,
    headers: HeaderMap,
) -> Response {
    let life = app.live.life();
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = last.or(query.last_event_id.as_deref()).map(|text| {
        // An id of another life of the server is older than anything this one knows.
        text.split_once('-')
            .filter(|(of, _)| *of == life)
            .and_then(|(_, id)| id.parse().ok())
            .unwrap_or(u64::MAX)
    });
    let (missed, receiver, latest) = app.live.subscribe(after);
    // A client that begins here learns where it is, so that it can come back although nothing happened meanwhile.
    let start = match (&missed, after) {
        (None, _) => Some(Item::Gap(Some(latest))),
        (Some(_), None) => Some(Item::Here(latest)),
        (Some(_), Some(_)) => None,
    };
    let missed = missed.unwrap_or_default().into_iter().map(Item::Event);
    let coming = match receiver {
        Some(receiver) => BroadcastStream::new(receiver)
            .map(|event| match event {
                Ok(event) => Item::Event(event),
                Err(BroadcastStreamRecvError::Lagged(_)) => Item::Gap(None),
            })
            .left_stream(),
        None => stream::empty().right_stream(),
    };
    let items = stream::iter(start.into_iter().chain(missed)).chain(coming);
    let events = items.then(move |item| {
        let (app, life) = (Arc::clone(&app), life.clone());
        async move { Ok::<_, Infallible>(to_event(&app, &life, item).await) }
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

enum Item {
    Event(Event),
    /// Something was missed; with the id to go on from, where it is known.
    Gap(Option<u64>),
    /// Nothing was missed: only an id, which makes no event.
    Here(u64),
}

async fn to_event(app: &Arc<App>, life: &str, item: Item) -> sse::Event {
    let id_of = |id: u64| format!("{life}-{id}");
    let event = match item {
        Item::Event(event) => event,
        Item::Gap(None) => return sse::Event::default().event("gap").data("{}"),
        Item::Gap(Some(latest)) => return sse::Event::default().event("gap").id(id_of(latest)).data("{}"),
        Item::Here(latest) => return sse::Event::default().id(id_of(latest)),
    };
    let id = id_of(event.id);
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
