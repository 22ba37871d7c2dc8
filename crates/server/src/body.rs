//! Request bodies: collected within bounds of size and time, and decompressed within the same bounds.

use crate::{
    refusal::{Measured, Refusal},
    reservation::{Pending, Reservation},
};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use std::{
    io::Read,
    time::{Duration, Instant},
};

/// The bounds of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Before and after decompression.
    pub(crate) bytes: usize,
    /// From the first to the last byte, and again for decompression.
    pub(crate) time: Duration,
}

/// How much of a refused body is read before the answer, and for how long: the connection can then be used again. A larger
/// one is answered at once and its connection closed, which `linger` does so that the client hears the refusal.
const DISCARD_BYTES: usize = 1 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(1);

/// Collects a body as it came over the wire.
pub(crate) async fn collect(
    pending: &Pending,
    headers: &HeaderMap,
    mut body: Body,
    limits: Limits,
) -> Result<(Bytes, Reservation), Refusal> {
    let collected = tokio::time::timeout(limits.time, reserve_and_read(pending, headers, &mut body, limits))
        .await
        .unwrap_or(Err(Refusal::TooSlow(limits.time)));
    let is_early = matches!(collected, Err(Refusal::Busy | Refusal::TooLarge { .. }));
    if is_early {
        discard(headers, body).await;
    }
    collected
}

/// The size that a body says it has.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn reserve_and_read(
    pending: &Pending,
    headers: &HeaderMap,
    body: &mut Body,
    limits: Limits,
) -> Result<(Bytes, Reservation), Refusal> {
    let announced = announced(headers);
    let too_large = || Refusal::TooLarge { limit: limits.bytes, measured: Measured::Received };
    if announced.is_some_and(|announced| announced > limits.bytes) {
        return Err(too_large());
    }
    let mut reservation = pending.reserve(announced.unwrap_or(64 * 1024))?;
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
        reservation.grow(size)?;
    }
    Ok((first.unwrap_or_else(|| all.freeze()), reservation))
}

/// Reads what is left of a small body and throws it away, so that the connection can be used again. A client that asked
/// whether it may send has sent nothing yet.
pub(crate) async fn discard(headers: &HeaderMap, mut body: Body) {
    if headers.contains_key(header::EXPECT)
        || announced(headers).is_some_and(|announced| announced > DISCARD_BYTES)
    {
        return;
    }
    let all = async {
        let mut size = 0;
        while let Some(Ok(frame)) = body.frame().await {
            size += frame.data_ref().map_or(0, Bytes::len);
            if size > DISCARD_BYTES {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DISCARD_TIME, all).await;
}

/// Undoes a content-encoding. Memory is reserved before it is taken, and `is_abandoned` is asked now and then whether
/// anyone still waits for the outcome.
pub(crate) fn decompress(
    encoding: Option<&str>,
    bytes: Bytes,
    limits: Limits,
    reservation: &mut Reservation,
    is_abandoned: &dyn Fn() -> bool,
) -> Result<Bytes, Refusal> {
    let encoding = encoding.unwrap_or("identity").trim().to_ascii_lowercase();
    let mut out =
        Unpacked { bytes: Vec::new(), packed: bytes.len(), window: 0, limits, reservation, is_abandoned };
    let unpacked = match encoding.as_str() {
        "" | "identity" | "none" => return Ok(bytes),
        "gzip" | "x-gzip" => out
            .make_room(gzip_size(&bytes))
            .and_then(|()| out.read(flate2::read::MultiGzDecoder::new(&bytes[..]))),
        // "deflate" means zlib; some clients send the bare stream, whose first byte is not a zlib header.
        "deflate" if bytes.first().is_some_and(|first| first & 0x0f == 8) => {
            out.read(flate2::read::ZlibDecoder::new(&bytes[..]))
        }
        "deflate" => out.read(flate2::read::DeflateDecoder::new(&bytes[..])),
        "zstd" => match zstd::stream::read::Decoder::new(&bytes[..]) {
            Ok(mut decoder) => {
                // A frame may ask for a window of gigabytes; 2^27 (128 MiB) is the limit that the format advises.
                let _ = decoder.window_log_max(ZSTD_WINDOW_LOG);
                out.window = 1 << ZSTD_WINDOW_LOG;
                out.read(decoder)
            }
            Err(error) => Err(Refusal::Malformed(error.to_string())),
        },
        _ => Err(Refusal::Encoding(encoding.clone())),
    };
    unpacked.map_err(|refusal| match refusal {
        Refusal::Malformed(why) => {
            Refusal::Malformed(format!("the body is not {encoding}, as its header says: {why}"))
        }
        other => other,
    })?;
    let unpacked = out.bytes;
    reservation.shrink(unpacked.len());
    Ok(unpacked.into())
}

/// For the fuzz targets: how many bytes a body unpacks to; `None` where it is refused.
#[doc(hidden)]
pub fn decompressed(encoding: &str, body: &[u8], limit: usize) -> Option<usize> {
    let limits = Limits { bytes: limit, time: Duration::from_secs(60) };
    let mut reservation = Pending::new(4 * limit).reserve(body.len()).ok()?;
    let body = Bytes::copy_from_slice(body);
    decompress(Some(encoding), body, limits, &mut reservation, &|| false).ok().map(|bytes| bytes.len())
}

/// The largest window of a zstd frame.
const ZSTD_WINDOW_LOG: u32 = 27;
/// Read at once.
const CHUNK: usize = 64 << 10;
/// Text compresses to a twentieth; a body that claims a larger size than this gets memory as it grows.
const LIKELY_RATIO: usize = 40;

/// The size that a gzip body says it has, where that is likely: its last four bytes, which may say anything.
fn gzip_size(bytes: &[u8]) -> usize {
    let size = bytes.last_chunk().map_or(0, |last: &[u8; 4]| u32::from_le_bytes(*last) as usize);
    size.min(bytes.len().saturating_mul(LIKELY_RATIO))
}

/// A body on its way out of its encoding.
struct Unpacked<'a> {
    bytes: Vec<u8>,
    /// The size of the body as it came, which is held meanwhile.
    packed: usize,
    /// How much of the output the decoder holds too.
    window: usize,
    limits: Limits,
    reservation: &'a mut Reservation,
    is_abandoned: &'a dyn Fn() -> bool,
}

impl Unpacked<'_> {
    /// Makes room for this many bytes in all.
    fn make_room(&mut self, bytes: usize) -> Result<(), Refusal> {
        if bytes > self.bytes.capacity() {
            let capacity = bytes.min(self.limits.bytes);
            self.reservation.grow(self.packed + capacity + self.window.min(capacity))?;
            self.bytes.reserve_exact(capacity.saturating_sub(self.bytes.len()));
        }
        Ok(())
    }

    /// Reads all within the limits.
    fn read(&mut self, mut decoder: impl Read) -> Result<(), Refusal> {
        let began = Instant::now();
        let mut chunk = vec![0; CHUNK];
        loop {
            if (self.is_abandoned)() {
                return Err(Refusal::Broken);
            }
            if began.elapsed() > self.limits.time {
                return Err(Refusal::TooSlow(self.limits.time));
            }
            let count = decoder.read(&mut chunk).map_err(|error| Refusal::Malformed(error.to_string()))?;
            if count == 0 {
                return Ok(());
            }
            let size = self.bytes.len() + count;
            if size > self.limits.bytes {
                return Err(Refusal::TooLarge { limit: self.limits.bytes, measured: Measured::Decompressed });
            }
            if size > self.bytes.capacity() {
                self.make_room(size.max(2 * self.bytes.capacity()))?;
            }
            self.bytes.extend_from_slice(&chunk[..count]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const LIMITS: Limits = Limits { bytes: 4 << 20, time: Duration::from_secs(600) };

    fn zstd_of(bytes: &[u8]) -> Bytes {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }
    fn gzip_of(bytes: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }
    fn unpack(encoding: &str, body: Bytes, pending: &Pending) -> Result<(Bytes, Reservation), Refusal> {
        let mut reservation = pending.reserve(body.len())?;
        let unpacked = decompress(Some(encoding), body, LIMITS, &mut reservation, &|| false)?;
        Ok((unpacked, reservation))
    }

    #[test]
    fn what_is_unpacked_is_reserved_before_it_is_there() {
        let zeros = vec![0; 1 << 20];
        for (encoding, body) in [("zstd", zstd_of(&zeros)), ("gzip", gzip_of(&zeros))] {
            let pending = Pending::new(4 << 20);
            let (unpacked, reservation) = unpack(encoding, body.clone(), &pending).unwrap();
            assert_eq!(unpacked.len(), zeros.len());
            assert!((1 << 20..1 << 21).contains(&pending.used()), "{encoding}: {}", pending.used());
            let _others = pending.reserve(5 << 19).unwrap();
            assert!(matches!(unpack(encoding, body, &pending), Err(Refusal::Busy)), "{encoding}");
            drop(reservation);
        }
    }

    #[test]
    fn a_body_that_unpacks_to_more_than_the_limit_is_too_large() {
        let zeros = vec![0; 5 << 20];
        let pending = Pending::new(64 << 20);
        for (encoding, body) in [("zstd", zstd_of(&zeros)), ("gzip", gzip_of(&zeros))] {
            let refused = unpack(encoding, body, &pending).expect_err("it is too large");
            assert!(
                matches!(refused, Refusal::TooLarge { measured: Measured::Decompressed, .. }),
                "{refused}"
            );
            assert_eq!(pending.used(), 0);
        }
    }

    #[test]
    fn nothing_is_unpacked_for_a_client_that_has_gone() {
        let pending = Pending::new(4 << 20);
        let mut reservation = pending.reserve(1).unwrap();
        let gone = decompress(Some("gzip"), gzip_of(b"x"), LIMITS, &mut reservation, &|| true);
        assert!(matches!(gone, Err(Refusal::Broken)));
    }

    #[test]
    fn a_body_that_is_not_what_its_header_says_is_malformed() {
        let pending = Pending::new(4 << 20);
        for encoding in ["gzip", "deflate", "zstd"] {
            let refused =
                unpack(encoding, Bytes::from_static(b"\x08no"), &pending).expect_err("it is refused");
            assert!(refused.to_string().contains(encoding), "{refused}");
        }
        assert!(matches!(unpack("br", Bytes::new(), &pending), Err(Refusal::Encoding(_))));
        assert!(matches!(unpack("gzip, gzip", gzip_of(b""), &pending), Err(Refusal::Encoding(_))));
    }
}
