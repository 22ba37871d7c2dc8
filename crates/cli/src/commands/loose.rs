//! What belongs to no run (other traces, log records, metrics), page by page, for commands that look at all of it.

use super::{reading::query, unreadable::Unreadable};
use crate::{
    client::Client,
    exit::{Failure, Outcome},
};
use serde_json::Value;
use turnscope_api::LooseTelemetry;

/// Hands over the OTLP/JSON of each page that has any. What cannot be read is named.
pub(crate) fn each_page(
    client: &Client,
    mut take: impl FnMut(&Value) -> Outcome,
) -> Result<Unreadable, Failure> {
    let mut unreadable = Unreadable::default();
    let mut cursor = None;
    loop {
        let page: LooseTelemetry =
            client.get(&format!("/v1/loose-telemetry{}", query(&[("cursor", cursor)])))?;
        unreadable.tell(&page.unreadable);
        let is_empty = |signal: &Value| signal.as_array().is_none_or(Vec::is_empty);
        if !page.otlp.as_object().is_none_or(|signals| signals.values().all(is_empty)) {
            take(&page.otlp)?;
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(unreadable);
        }
    }
}
