//! OTLP/protobuf, read from a stream: at most one record is held at once.
//!
//! The three signals number the fields of what is around records alike: in a request 1 are the resources, in a resource 2 the
//! scopes, in a scope 2 the records. What else a resource or scope has is its header, kept as it is encoded.

use super::{
    piece::{Encoding, Signal, put},
    send::Sender,
    spool::Spool,
};
use crate::exit::{Failure, Outcome};
use prost::encoding::encode_varint;
use std::io::{self, BufRead, Read};

/// The deprecated field for records under an instrumentation library. No receiver takes it.
const INSTRUMENTATION_LIBRARY: u64 = 1000;

/// How requests follow one another in a file.
#[derive(Clone, Copy)]
pub(super) enum Framing {
    /// One request, to the end.
    Whole,
    /// Each behind its length in four bytes, as the collector's file exporter writes them.
    Lengths,
}

impl Framing {
    /// A request begins with a field's number and type, and no field has the number 0.
    pub(super) const fn of(first: u8) -> Self {
        if first == 0 { Self::Lengths } else { Self::Whole }
    }
}

/// Reads the next request and sends what is in it.
pub(super) fn request(
    input: &mut dyn BufRead,
    framing: Framing,
    signal: Signal,
    sender: &mut Sender<'_>,
) -> Outcome {
    match framing {
        Framing::Whole => resources(input, signal, sender),
        Framing::Lengths => {
            let length = frame(input)?;
            let mut within = Read::take(input, length);
            resources(&mut within, signal, sender)?;
            ended(&within)
        }
    }
}

/// Reads the next request and leaves it out.
pub(super) fn skip(input: &mut dyn BufRead, framing: Framing) -> Outcome {
    let length = match framing {
        Framing::Whole => u64::MAX,
        Framing::Lengths => frame(input)?,
    };
    io::copy(&mut Read::take(input, length), &mut io::sink()).map(drop).map_err(not_read)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over")]
fn not_read(error: io::Error) -> Failure {
    Failure::failed(format!("this is neither JSON nor OTLP protobuf, or was cut off: {error}"))
}

fn invalid(why: &str) -> Failure {
    not_read(io::Error::new(io::ErrorKind::InvalidData, why))
}

fn cut_off() -> Failure {
    not_read(io::ErrorKind::UnexpectedEof.into())
}

fn resources(input: &mut dyn Read, signal: Signal, sender: &mut Sender<'_>) -> Outcome {
    let mut has_resources = false;
    while let Some(key) = key(input)? {
        if key == (1, 2) {
            has_resources = true;
            let (spool, header) = resource(input)?;
            sender.resource(spool.end_resource(header, signal, Encoding::Protobuf)?)?;
        } else {
            field(input, key, &mut Vec::new())?;
        }
    }
    if has_resources {
        return Ok(());
    }
    Err(Failure::failed("this is neither JSON nor OTLP protobuf with records in it"))
}

/// A resource: its records, and its header.
fn resource(input: &mut dyn Read) -> Result<(Spool, Vec<u8>), Failure> {
    let (mut spool, mut header) = (Spool::new(), Vec::new());
    message(input, |within, key| match key {
        (2, 2) => scope(within, &mut spool),
        (INSTRUMENTATION_LIBRARY, _) => field(within, key, &mut Vec::new()),
        _ => field(within, key, &mut header),
    })?;
    Ok((spool, header))
}

fn scope(input: &mut dyn Read, spool: &mut Spool) -> Outcome {
    let mut header = Vec::new();
    message(input, |within, key| match key {
        (2, 2) => {
            let length = varint(within)?;
            spool.record(&exactly(within, length)?)
        }
        _ => field(within, key, &mut header),
    })?;
    spool.end_scope(header);
    Ok(())
}

/// A field's number and type on the wire.
type Key = (u64, u64);

/// Reads the fields of a message that begins with its length.
fn message(input: &mut dyn Read, mut field: impl FnMut(&mut dyn Read, Key) -> Outcome) -> Outcome {
    let length = varint(input)?;
    let mut within = input.take(length);
    while let Some(key) = key(&mut within)? {
        field(&mut within, key)?;
    }
    ended(&within)
}

/// An error where there was less than was announced.
fn ended<R>(within: &io::Take<R>) -> Outcome {
    if within.limit() == 0 { Ok(()) } else { Err(cut_off()) }
}

/// Reads the content of a field and adds the field to `out`.
fn field(input: &mut dyn Read, key: Key, out: &mut Vec<u8>) -> Outcome {
    let (number, wire_type) = key;
    let mut plain = |content: Vec<u8>| {
        encode_varint(number << 3 | wire_type, out);
        out.extend_from_slice(&content);
    };
    match wire_type {
        0 => {
            let mut content = Vec::new();
            encode_varint(varint(input)?, &mut content);
            plain(content);
        }
        1 => plain(exactly(input, 8)?),
        5 => plain(exactly(input, 4)?),
        2 => {
            let length = varint(input)?;
            put(out, number, &exactly(input, length)?);
        }
        _ => return Err(invalid("a field has no type that there is")),
    }
    Ok(())
}

/// This many bytes. No more room is taken than there are.
fn exactly(input: &mut dyn Read, length: u64) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let mut within = input.take(length);
    within.read_to_end(&mut content).map_err(not_read)?;
    ended(&within)?;
    Ok(content)
}

/// The next field's key; `None` at the end.
fn key(input: &mut dyn Read) -> Result<Option<Key>, Failure> {
    let Some(first) = byte(input)? else { return Ok(None) };
    let key = varint_from(first, input)?;
    if key >> 3 == 0 {
        return Err(invalid("a field has the number 0"));
    }
    Ok(Some((key >> 3, key & 7)))
}

fn varint(input: &mut dyn Read) -> Result<u64, Failure> {
    let first = byte(input)?.ok_or_else(cut_off)?;
    varint_from(first, input)
}

fn varint_from(first: u8, input: &mut dyn Read) -> Result<u64, Failure> {
    let (mut value, mut byte_read) = (0, first);
    for shift in (0..64).step_by(7) {
        value |= u64::from(byte_read & 0x7f) << shift;
        if byte_read < 0x80 {
            return Ok(value);
        }
        byte_read = byte(input)?.ok_or_else(cut_off)?;
    }
    Err(invalid("a number is too long"))
}

fn byte(input: &mut dyn Read) -> Result<Option<u8>, Failure> {
    let mut byte = [0];
    loop {
        match input.read(&mut byte) {
            Ok(read) => return Ok((read > 0).then_some(byte[0])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(not_read(error)),
        }
    }
}

/// The length of the next request.
fn frame(input: &mut dyn Read) -> Result<u64, Failure> {
    let mut length = [0; 4];
    input.read_exact(&mut length).map_err(not_read)?;
    Ok(u32::from_be_bytes(length).into())
}
