//! Compresses and decompresses with gzip.

use flate2::{
    Compression,
    bufread::{GzDecoder, MultiGzDecoder},
    write::GzEncoder,
};
use std::io::{self, BufRead, Read as _, Write as _};

pub(super) fn compress(bytes: &[u8], level: u32) -> io::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(level));
    gzip.write_all(bytes)?;
    gzip.finish()
}

/// Decompresses one member from `file` into `text`. After an error, `text` contains what could be read.
pub(super) fn read_member(file: impl BufRead, text: &mut Vec<u8>) -> io::Result<()> {
    GzDecoder::new(file).read_to_end(text).map(|_| ())
}

/// Decompresses all members in `bytes`.
pub(super) fn decompress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut text)?;
    Ok(text)
}
