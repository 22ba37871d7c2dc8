//! Request bodies: collected within bounds of size and time, and decompressed within the same bound.

use crate::{
    ingest::{Ingest, Room},
    refusal::Refusal,
};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use std::{io::Read, time::Duration};

/// The bounds of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Before and after decompression.
    pub(crate) bytes: usize,
    /// From the first to the last byte.
    pub(crate) time: Duration,
}

/// Collects a body as it came over the wire.
pub(crate) async fn collect(
    ingest: &Ingest,
    headers: &HeaderMap,
    body: Body,
    limits: Limits,
) -> Result<(Bytes, Room), Refusal> {
    let announced: Option<usize> = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    let too_large = || Refusal::TooLarge { limit: limits.bytes, decompressed: false };
    if announced.is_some_and(|announced| announced > limits.bytes) {
        return Err(too_large());
    }
    let mut room = ingest.reserve(announced.unwrap_or(64 * 1024))?;
    let whole = async {
        let mut body = body;
        let mut first: Option<Bytes> = None;
        let mut all = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Refusal::Broken)?.into_data() else { continue };
            match first.take() {
                None if all.is_empty() => first = Some(data),
                None => all.extend_from_slice(&data),
                Some(earlier) => {
                    all.reserve(announced.unwrap_or(0).max(earlier.len() + data.len()));
                    all.extend_from_slice(&earlier);
                    all.extend_from_slice(&data);
                }
            }
            let size = all.len() + first.as_ref().map_or(0, Bytes::len);
            if size > limits.bytes {
                return Err(too_large());
            }
            ingest.grow(&mut room, size)?;
        }
        Ok(first.unwrap_or_else(|| all.freeze()))
    };
    let bytes =
        tokio::time::timeout(limits.time, whole).await.map_err(|_| Refusal::TooSlow(limits.time))??;
    Ok((bytes, room))
}

/// Undoes a content-encoding.
pub(crate) fn decompress(
    ingest: &Ingest,
    encoding: Option<&str>,
    bytes: Bytes,
    limits: Limits,
    room: &mut Room,
) -> Result<Bytes, Refusal> {
    let encoding = encoding.unwrap_or("identity").trim().to_ascii_lowercase();
    let decoded = match encoding.as_str() {
        "" | "identity" | "none" => return Ok(bytes),
        "gzip" | "x-gzip" => {
            read_sized(flate2::read::MultiGzDecoder::new(&bytes[..]), limits, gzip_size(&bytes))
        }
        // "deflate" means zlib; some clients send the bare stream, whose first byte is no zlib header.
        "deflate" if bytes.first().is_some_and(|first| first & 0x0f == 8) => {
            read(flate2::read::ZlibDecoder::new(&bytes[..]), limits)
        }
        "deflate" => read(flate2::read::DeflateDecoder::new(&bytes[..]), limits),
        "zstd" => match zstd::stream::read::Decoder::new(&bytes[..]) {
            Ok(mut decoder) => {
                // A frame may ask for a window of gigabytes; 2^27 (128 MiB) is the format's own advice.
                let _ = decoder.window_log_max(27);
                read(decoder, limits)
            }
            Err(error) => Err(Refusal::Malformed(error.to_string())),
        },
        _ => Err(Refusal::Encoding(encoding.clone())),
    };
    let decoded = decoded.map_err(|refusal| match refusal {
        Refusal::Malformed(why) => {
            Refusal::Malformed(format!("it is not {encoding} as its header says: {why}"))
        }
        other => other,
    })?;
    ingest.grow(room, decoded.len())?;
    Ok(decoded)
}

/// The size that a gzip body says it has, where that is likely: its last four bytes, which may say anything.
fn gzip_size(bytes: &[u8]) -> usize {
    let size = bytes.last_chunk().map_or(0, |last: &[u8; 4]| u32::from_le_bytes(*last) as usize);
    size.min(bytes.len().saturating_mul(LIKELY_RATIO))
}

/// Text compresses to a twentieth; what says that it is larger than this gets room as it grows.
const LIKELY_RATIO: usize = 40;

fn read(decoder: impl Read, limits: Limits) -> Result<Bytes, Refusal> {
    read_sized(decoder, limits, 0)
}

/// Reads all within the limits; `size` is how much to make room for at once.
fn read_sized(decoder: impl Read, limits: Limits, size: usize) -> Result<Bytes, Refusal> {
    // One byte more than said: the end is seen without growing.
    let mut out = Vec::with_capacity(size.min(limits.bytes) + 1);
    decoder
        .take(limits.bytes as u64 + 1)
        .read_to_end(&mut out)
        .map_err(|error| Refusal::Malformed(error.to_string()))?;
    if out.len() > limits.bytes {
        return Err(Refusal::TooLarge { limit: limits.bytes, decompressed: true });
    }
    Ok(out.into())
}
