//! Sends telemetry in pieces that the server takes: a piece that is too large is halved, a server that is busy is asked again.

use super::{
    Taken,
    piece::{Encoding, Piece, Signal},
    spool::Spooled,
};
use crate::{
    client::{Client, Reply},
    exit::Failure,
};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use indicatif::{HumanBytes, ProgressBar};
use prost::Message as _;
use serde_json::Value;
use std::time::Duration;
use turnscope_otlp::decode::{self, Format};

/// The size of a piece. Servers take larger ones, but an import that stops then has less to send again.
const PIECE: usize = 4 << 20;
/// From this size on, it is shown how much of a resource was sent.
const LARGE: u64 = 8 * PIECE as u64;
/// How often a busy server is asked again, and the longest wait between.
const TRIES: u32 = 30;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Sends to one server, counts what it took, and learns what it takes at once.
pub(super) struct Sender<'a> {
    pub(super) client: &'a Client,
    pub(super) taken: &'a mut Taken,
    name: &'a str,
    bar: &'a ProgressBar,
    piece: usize,
}

impl<'a> Sender<'a> {
    pub(super) fn new(client: &'a Client, taken: &'a mut Taken, name: &'a str, bar: &'a ProgressBar) -> Self {
        Self { client, taken, name, bar, piece: PIECE }
    }

    /// Sends the records of a resource, piece by piece.
    pub(super) fn resource(&mut self, mut records: Spooled) -> Result<(), Failure> {
        let (total, mut sent) = (records.bytes(), 0);
        while let Some(piece) = records.next_piece(self.piece)? {
            sent += piece.records.iter().map(|record| record.len() as u64).sum::<u64>();
            self.piece(piece)?;
            if total > LARGE {
                let (sent, total) = (HumanBytes(sent), HumanBytes(total));
                self.bar.set_message(format!("{}: sent {sent} of {total}", self.name));
            }
        }
        if total > LARGE {
            self.bar.set_message(self.name.to_owned());
        }
        Ok(())
    }

    fn piece(&mut self, piece: Piece) -> Result<(), Failure> {
        let body = Bytes::from(piece.body());
        let size = body.len();
        let reply = self.post(piece.signal, piece.encoding, &body)?;
        if reply.status != StatusCode::PAYLOAD_TOO_LARGE {
            return self.taken.count(piece.records.len() as u64, reply);
        }
        self.piece = self.piece.min(size / 2).max(1);
        let (signal, encoding) = (piece.signal, piece.encoding);
        if let Some(halves) = piece.halves() {
            return halves.into_iter().try_for_each(|half| self.piece(half));
        }
        // A record was taken as protobuf, which is smaller than its JSON.
        let smaller = (encoding == Encoding::Json).then(|| as_protobuf(signal, &body)).flatten();
        let reply = match smaller {
            Some(body) => self.post(signal, Encoding::Protobuf, &body)?,
            None => reply,
        };
        self.taken.count(1, reply)
    }

    /// Sends a body as it is.
    fn post(&self, signal: Signal, encoding: Encoding, body: &Bytes) -> Result<Reply, Failure> {
        let headers = [("content-type", encoding.content_type()), ("accept", "application/json")];
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
