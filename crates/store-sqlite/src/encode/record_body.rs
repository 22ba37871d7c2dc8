//! A record's body as it lies in a block: for each slot its envelope (the bytes around its items), then the protobuf
//! bytes.
//!
//! The items themselves are contents. Their ids are in `contexts`, or here.

use super::varint::{read_varint, write_varint};
use bytes::Bytes;
use turnscope_model::{Body, ContentHash, ContentId, Form, Item, Purpose, Value};

/// Bit of a slot's first byte: the ids of its contents follow.
const INLINE: u8 = 0x80;

/// What the store keeps of a slot beside its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) form: Form,
    pub(crate) purpose: Purpose,
    /// The ids of its contents, where they are not in `contexts`.
    pub(crate) inline: Option<Vec<ContentId>>,
    envelope: Envelope,
}

/// The bytes around a value's items.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Envelope {
    /// Nothing at all: one item, or items that follow one another directly.
    None,
    /// The same separator between all items.
    Even { before: Vec<u8>, between: Vec<u8>, after: Vec<u8> },
    /// Different separators: one before each item and one after the last.
    Uneven(Vec<Vec<u8>>),
}

impl Slot {
    pub(crate) fn of(value: &Value) -> Self {
        let separators: Vec<&[u8]> = (0..=value.items.len()).map(|i| value.separator(i)).collect();
        let inner = &separators[1..separators.len().max(2) - 1];
        let envelope = if separators.iter().all(|separator| separator.is_empty()) {
            Envelope::None
        } else if inner.windows(2).all(|pair| pair[0] == pair[1]) && separators.len() > 1 {
            Envelope::Even {
                before: separators[0].to_vec(),
                between: inner.first().map_or_else(Vec::new, |separator| separator.to_vec()),
                after: separators[separators.len() - 1].to_vec(),
            }
        } else {
            Envelope::Uneven(separators.into_iter().map(<[u8]>::to_vec).collect())
        };
        Self { form: value.form, purpose: value.purpose, inline: None, envelope }
    }

    /// Puts the value together again.
    pub(crate) fn fill<'a>(&self, items: impl IntoIterator<Item = (ContentHash, &'a [u8])>) -> Value {
        let mut envelope = Vec::new();
        let mut placed = Vec::new();
        for (i, (hash, item)) in items.into_iter().enumerate() {
            envelope.extend_from_slice(match &self.envelope {
                Envelope::None => &[],
                Envelope::Even { before, .. } if i == 0 => before,
                Envelope::Even { between, .. } => between,
                Envelope::Uneven(separators) => separators.get(i).map_or(&[][..], Vec::as_slice),
            });
            placed.push(Item { at: envelope.len(), bytes: Bytes::copy_from_slice(item), hash });
        }
        match &self.envelope {
            Envelope::None => {}
            Envelope::Even { before, after, .. } => {
                if placed.is_empty() {
                    envelope.extend_from_slice(before);
                }
                envelope.extend_from_slice(after);
            }
            Envelope::Uneven(separators) => {
                envelope.extend_from_slice(separators.last().map_or(&[][..], Vec::as_slice));
            }
        }
        Value { form: self.form, purpose: self.purpose, envelope, items: placed }
    }
}

/// Writes a body into a block's buffer.
///
/// `inline` gives the content ids of a slot whose list is not kept in `contexts`.
pub(crate) fn write<'a>(out: &mut Vec<u8>, body: &Body, inline: impl Fn(usize) -> Option<&'a [ContentId]>) {
    write_varint(out, body.values.len() as u64);
    for (i, value) in body.values.iter().enumerate() {
        let slot = Slot::of(value);
        let inline = inline(i);
        let flag = if inline.is_some() { INLINE } else { 0 };
        out.push(slot.form as u8 | (slot.purpose as u8) << 4 | flag);
        if let Some(ids) = inline {
            write_varint(out, ids.len() as u64);
            for id in ids {
                write_varint(out, id.0.cast_unsigned());
            }
        }
        match slot.envelope {
            Envelope::None => write_varint(out, 0),
            Envelope::Even { before, between, after } => {
                write_varint(out, 1);
                for separator in [before, between, after] {
                    write_bytes(out, &separator);
                }
            }
            Envelope::Uneven(separators) => {
                write_varint(out, 2 + separators.len() as u64);
                for separator in separators {
                    write_bytes(out, &separator);
                }
            }
        }
    }
    out.extend_from_slice(&body.bytes);
}

/// Reads a body back: its slots and its protobuf bytes. `None` when it is damaged.
pub(crate) fn read(mut input: &[u8]) -> Option<(Vec<Slot>, Vec<u8>)> {
    let count = read_varint(&mut input)?;
    let mut slots = Vec::new();
    for _ in 0..count {
        let (tag, rest) = input.split_first()?;
        input = rest;
        let inline = if tag & INLINE == 0 {
            None
        } else {
            let count = read_varint(&mut input)?;
            Some(
                (0..count)
                    .map(|_| read_varint(&mut input).map(|id| ContentId(id.cast_signed())))
                    .collect::<Option<_>>()?,
            )
        };
        let envelope = match read_varint(&mut input)? {
            0 => Envelope::None,
            1 => Envelope::Even {
                before: read_bytes(&mut input)?,
                between: read_bytes(&mut input)?,
                after: read_bytes(&mut input)?,
            },
            count => Envelope::Uneven((2..count).map(|_| read_bytes(&mut input)).collect::<Option<_>>()?),
        };
        slots.push(Slot {
            form: Form::from_u8(tag & 15)?,
            purpose: Purpose::from_u8(tag >> 4 & 7)?,
            inline,
            envelope,
        });
    }
    Some((slots, input.to_vec()))
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
        let (mut envelope, mut items, mut end) = (Vec::new(), Vec::new(), 0);
        for &(from, to) in ranges {
            envelope.extend_from_slice(&text.as_bytes()[end..from]);
            let bytes = Bytes::copy_from_slice(&text.as_bytes()[from..to]);
            items.push(Item { at: envelope.len(), hash: ContentHash::of(Form::Text, &bytes), bytes });
            end = to;
        }
        envelope.extend_from_slice(&text.as_bytes()[end..]);
        let value = Value { form: Form::Text, purpose: Purpose::Input, envelope, items };
        assert_eq!(value.joined(), text.as_bytes());
        value
    }

    #[test]
    fn every_kind_of_envelope_is_put_back() {
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
        let ids = [ContentId(7), ContentId(1 << 40)];
        write(&mut out, &body, |slot| (slot == 1).then_some(&ids[..]));
        let (slots, bytes) = read(&out).unwrap();
        assert_eq!(slots[1].inline.as_deref(), Some(&ids[..]));
        assert_eq!(slots[0].inline, None);
        assert_eq!(bytes, body.bytes);
        for (slot, value) in slots.iter().zip(&body.values) {
            let items = (0..value.items.len()).map(|i| (value.items[i].hash, value.item(i)));
            assert_eq!(slot.fill(items), *value);
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
