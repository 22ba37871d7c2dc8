//! Sends telemetry in pieces that the server takes: a piece that is too large is halved, a server that is busy is asked again.

use super::{
    Taken,
    pieces::{Group, Signal, Telemetry},
};
use crate::{
    client::{Client, Reply},
    exit::Failure,
};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use prost::Message as _;
use serde_json::Value;
use std::time::Duration;
use turnscope_otlp::decode::{self, Format};

/// The size of a piece. Servers take larger ones, but an import that stops then has less to send again.
const PIECE: usize = 4 << 20;
/// How often a busy server is asked again, and the longest wait between.
const TRIES: u32 = 30;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Sends to one server, and learns what it takes at once.
pub(super) struct Sender<'a> {
    client: &'a Client,
    piece: usize,
}

impl<'a> Sender<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client, piece: PIECE }
    }

    /// Sends everything, piece by piece.
    pub(super) fn telemetry(&mut self, telemetry: Telemetry, taken: &mut Taken) -> Result<(), Failure> {
        for group in telemetry.groups {
            for piece in group.pieces(self.piece) {
                self.piece(piece, taken)?;
            }
        }
        Ok(())
    }

    fn piece(&mut self, piece: Group, taken: &mut Taken) -> Result<(), Failure> {
        let body = Bytes::from(piece.body());
        let size = body.len();
        let reply = self.post(piece.signal, "application/json", &body)?;
        if reply.status != StatusCode::PAYLOAD_TOO_LARGE {
            return taken.count(piece.len() as u64, reply);
        }
        self.piece = self.piece.min(size / 2).max(1);
        let signal = piece.signal;
        match piece.halves() {
            Some(halves) => {
                for half in halves {
                    self.piece(half, taken)?;
                }
                Ok(())
            }
            // A record was taken as protobuf, which is smaller than its JSON.
            None => match as_protobuf(signal, &body) {
                Some(body) => taken.count(1, self.post(signal, "application/x-protobuf", &body)?),
                None => taken.count(1, reply),
            },
        }
    }

    /// Sends a body as it is.
    pub(super) fn post(&self, signal: Signal, content_type: &str, body: &Bytes) -> Result<Reply, Failure> {
        let headers = [("content-type", content_type), ("accept", "application/json")];
        let mut tries = 1;
        loop {
            let reply = self.client.exchange(Method::POST, signal.path(), &headers, body.clone())?;
            let is_busy =
                matches!(reply.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            if !is_busy || tries == TRIES {
                return Ok(reply);
            }
            std::thread::sleep(wait(&reply));
            tries += 1;
        }
    }
}

/// How long a busy server asks clients to wait.
fn wait(reply: &Reply) -> Duration {
    let seconds = reply.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1)).min(LONGEST_WAIT)
}

fn as_protobuf(signal: Signal, json: &[u8]) -> Option<Bytes> {
    let body = match signal {
        Signal::Traces => decode::traces(json, Format::Json).ok()?.encode_to_vec(),
        Signal::Logs => decode::logs(json, Format::Json).ok()?.encode_to_vec(),
        Signal::Metrics => decode::metrics(json, Format::Json).ok()?.encode_to_vec(),
    };
    Some(body.into())
}

impl Taken {
    /// Counts what a reply to so many records says.
    pub(super) fn count(&mut self, records: u64, reply: Reply) -> Result<(), Failure> {
        let said: Value = serde_json::from_slice(&reply.or_failure("import")?).unwrap_or_default();
        let said = &said["partialSuccess"];
        let rejected = ["rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"]
            .iter()
            .find_map(|key| said.get(*key))
            .map_or(0, |n| n.as_u64().or_else(|| n.as_str()?.parse().ok()).unwrap_or(0));
        self.records += records.saturating_sub(rejected);
        self.rejected += rejected;
        if let Some(why) = said["errorMessage"].as_str().filter(|why| !why.is_empty()) {
            self.why.get_or_insert_with(|| why.to_owned());
        }
        Ok(())
    }
}
