//! A record's body as it lies in a block: what stands around the items of each hole, then the protobuf bytes.
//!
//! The items themselves are contents, their ids are in `contexts`.

use crate::contexts::{read_varint, write_varint};
use bytes::Bytes;
use turnscope_model::{Body, ContentHash, Form, Item, Purpose, Value};

/// Bit of a hole's first byte: its contents' ids follow.
const INLINE: u8 = 0x80;

/// What the store keeps of a hole beside its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    pub(crate) form: Form,
    pub(crate) purpose: Purpose,
    /// The contents' ids, where they are not in `contexts`.
    pub(crate) inline: Option<Vec<i64>>,
    frame: Frame,
}

/// The bytes around a value's items.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Frame {
    /// Nothing at all: one item, or items that follow one another directly.
    None,
    /// The same bytes between all items.
    Even { before: Vec<u8>, between: Vec<u8>, after: Vec<u8> },
    /// Different bytes in each gap: items + 1 gaps.
    Uneven(Vec<Vec<u8>>),
}

impl Hole {
    pub(crate) fn of(value: &Value) -> Self {
        let gaps: Vec<&[u8]> = (0..=value.items.len()).map(|i| value.separator(i)).collect();
        let inner = &gaps[1..gaps.len().max(2) - 1];
        let frame = if gaps.iter().all(|gap| gap.is_empty()) {
            Frame::None
        } else if inner.windows(2).all(|pair| pair[0] == pair[1]) && gaps.len() > 1 {
            Frame::Even {
                before: gaps[0].to_vec(),
                between: inner.first().map_or_else(Vec::new, |gap| gap.to_vec()),
                after: gaps[gaps.len() - 1].to_vec(),
            }
        } else {
            Frame::Uneven(gaps.into_iter().map(<[u8]>::to_vec).collect())
        };
        Self { form: value.form, purpose: value.purpose, inline: None, frame }
    }

    /// Puts the value together again.
    pub(crate) fn fill<'a>(&self, items: impl IntoIterator<Item = (ContentHash, &'a [u8])>) -> Value {
        let mut frame = Vec::new();
        let mut placed = Vec::new();
        for (i, (hash, item)) in items.into_iter().enumerate() {
            frame.extend_from_slice(match &self.frame {
                Frame::None => &[],
                Frame::Even { before, .. } if i == 0 => before,
                Frame::Even { between, .. } => between,
                Frame::Uneven(gaps) => gaps.get(i).map_or(&[][..], Vec::as_slice),
            });
            placed.push(Item { at: frame.len(), bytes: Bytes::copy_from_slice(item), hash });
        }
        match &self.frame {
            Frame::None => {}
            Frame::Even { before, after, .. } => {
                if placed.is_empty() {
                    frame.extend_from_slice(before);
                }
                frame.extend_from_slice(after);
            }
            Frame::Uneven(gaps) => frame.extend_from_slice(gaps.last().map_or(&[][..], Vec::as_slice)),
        }
        Value { form: self.form, purpose: self.purpose, envelope: frame, items: placed }
    }
}

/// Writes a body into a block's buffer.
///
/// `inline` gives the content ids of a hole whose list is not kept in `contexts`.
pub(crate) fn write<'a>(out: &mut Vec<u8>, body: &Body, inline: impl Fn(usize) -> Option<&'a [i64]>) {
    write_varint(out, body.values.len() as u64);
    for (i, value) in body.values.iter().enumerate() {
        let hole = Hole::of(value);
        let inline = inline(i);
        let flag = if inline.is_some() { INLINE } else { 0 };
        out.push(hole.form as u8 | (hole.purpose as u8) << 4 | flag);
        if let Some(ids) = inline {
            write_varint(out, ids.len() as u64);
            for id in ids {
                write_varint(out, *id as u64);
            }
        }
        match hole.frame {
            Frame::None => write_varint(out, 0),
            Frame::Even { before, between, after } => {
                write_varint(out, 1);
                for gap in [before, between, after] {
                    write_bytes(out, &gap);
                }
            }
            Frame::Uneven(gaps) => {
                write_varint(out, 2 + gaps.len() as u64);
                for gap in gaps {
                    write_bytes(out, &gap);
                }
            }
        }
    }
    out.extend_from_slice(&body.bytes);
}

/// Reads a body back: its holes and its protobuf bytes. `None` when it is damaged.
pub(crate) fn read(mut input: &[u8]) -> Option<(Vec<Hole>, Vec<u8>)> {
    let count = read_varint(&mut input)?;
    let mut holes = Vec::new();
    for _ in 0..count {
        let (tag, rest) = input.split_first()?;
        input = rest;
        let inline = if tag & INLINE == 0 {
            None
        } else {
            let count = read_varint(&mut input)?;
            Some((0..count).map(|_| read_varint(&mut input).map(|id| id as i64)).collect::<Option<_>>()?)
        };
        let frame = match read_varint(&mut input)? {
            0 => Frame::None,
            1 => Frame::Even {
                before: read_bytes(&mut input)?,
                between: read_bytes(&mut input)?,
                after: read_bytes(&mut input)?,
            },
            gaps => Frame::Uneven((2..gaps).map(|_| read_bytes(&mut input)).collect::<Option<_>>()?),
        };
        holes.push(Hole {
            form: Form::from_u8(tag & 15)?,
            purpose: Purpose::from_u8(tag >> 4 & 7)?,
            inline,
            frame,
        });
    }
    Some((holes, input.to_vec()))
}

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn read_bytes(input: &mut &[u8]) -> Option<Vec<u8>> {
    let len = usize::try_from(read_varint(input)?).ok()?;
    let (bytes, rest) = input.split_at_checked(len)?;
    *input = rest;
    Some(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, ranges: &[(usize, usize)]) -> Value {
        let (mut frame, mut items, mut end) = (Vec::new(), Vec::new(), 0);
        for &(from, to) in ranges {
            frame.extend_from_slice(&text.as_bytes()[end..from]);
            let bytes = Bytes::copy_from_slice(&text.as_bytes()[from..to]);
            items.push(Item { at: frame.len(), hash: ContentHash::of(Form::Text, &bytes), bytes });
            end = to;
        }
        frame.extend_from_slice(&text.as_bytes()[end..]);
        let value = Value { form: Form::Text, purpose: Purpose::Input, envelope: frame, items };
        assert_eq!(value.joined(), text.as_bytes());
        value
    }

    #[test]
    fn every_kind_of_frame_is_put_back() {
        let values = vec![
            value("whole", &[(0, 5)]),
            value("[a, b, c]", &[(1, 2), (4, 5), (7, 8)]),
            value("{\"messages\":[a,b , c],\"x\":1}", &[(13, 14), (15, 16), (19, 20)]),
            value("[]", &[]),
            value("", &[]),
            value("[a]", &[(1, 2)]),
            value("abc", &[(0, 1), (1, 2), (2, 3)]),
        ];
        let body = Body { bytes: b"rest".to_vec(), values };
        let mut out = Vec::new();
        let ids = [7, 1 << 40];
        write(&mut out, &body, |hole| (hole == 1).then_some(&ids[..]));
        let (holes, bytes) = read(&out).unwrap();
        assert_eq!(holes[1].inline.as_deref(), Some(&ids[..]));
        assert_eq!(holes[0].inline, None);
        assert_eq!(bytes, body.bytes);
        for (hole, value) in holes.iter().zip(&body.values) {
            let items = (0..value.items.len()).map(|i| (value.items[i].hash, value.item(i)));
            assert_eq!(hole.fill(items), *value);
        }
    }

    #[test]
    fn a_damaged_body_is_refused() {
        assert!(read(&[]).is_none());
        assert!(read(&[1]).is_none());
        assert!(read(&[1, 0x0f, 0]).is_none());
        assert!(read(&[1, 0, 1, 200]).is_none());
    }
}
