//! Flattened lists: `llm.input_messages.0.message.role`, `gen_ai.prompt.0.content`, …
//!
//! Here: finding the groups among a record's attributes, cutting them, putting them back. The keys of a group may be
//! split by other keys and its indices may have gaps or be out of order; the position of each key is then kept beside the
//! items, so that every attribute goes back to its place.

use super::{contents::Contents, error::RestoreError};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, KeyValueList, any_value::Value as Any};
use prost::{
    Message as _,
    encoding::{decode_varint, encode_varint},
};
use std::collections::{BTreeMap, HashMap};
use turnscope_model::{Form, Purpose, Value};

/// Marks an attribute whose content has moved into a group, until [`sweep`] removes it.
pub(super) const MOVED: i32 = i32::MIN;

/// The attributes that make up one flattened list.
pub(super) struct Group {
    /// What their keys begin with, without the dot.
    pub(super) prefix: String,
    /// How large they are, roughly.
    pub(super) bytes: usize,
    /// Each key's place among the attributes, its index, and where the rest of the key begins.
    keys: Vec<(usize, u32, usize)>,
}

/// The flattened lists among these attributes.
pub(super) fn groups(attributes: &[KeyValue]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut by_prefix: HashMap<&str, usize> = HashMap::new();
    for (place, kv) in attributes.iter().enumerate() {
        let Some((prefix, index, rest)) = split(&kv.key) else { continue };
        // A key from a string table is none of ours.
        if kv.key_strindex != 0 {
            continue;
        }
        let prefix = &kv.key[..prefix];
        let last = groups.last().filter(|group| group.prefix == prefix).map(|_| groups.len() - 1);
        let found = last.or_else(|| by_prefix.get(prefix).copied()).unwrap_or_else(|| {
            by_prefix.insert(prefix, groups.len());
            groups.push(Group { prefix: prefix.to_owned(), bytes: 0, keys: Vec::new() });
            groups.len() - 1
        });
        let group = &mut groups[found];
        group.bytes += kv.encoded_len();
        group.keys.push((place, index, rest));
    }
    groups
}

/// Where the prefix ends, the index, and where the rest begins: `a.b.12.c` is (3, 12, 7).
fn split(key: &str) -> Option<(usize, u32, usize)> {
    let bytes = key.as_bytes();
    let mut from = 0;
    loop {
        let dot = from + memchr::memchr(b'.', bytes.get(from..)?)?;
        let digits = bytes[dot + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        let end = dot + 1 + digits;
        if digits > 0 && dot > 0 && bytes.get(end) == Some(&b'.') && end + 1 < bytes.len() {
            let written = &key[dot + 1..end];
            // `007` would come back as `7`.
            let canonical = written == "0" || !written.starts_with('0');
            return canonical.then(|| written.parse().ok())?.map(|index| (dot, index, end + 1));
        }
        from = dot + 1;
    }
}

/// Cuts a group; the slot takes the place of its first key.
pub(super) fn cut(
    attributes: &mut [KeyValue],
    group: &Group,
    purpose: Purpose,
    slot: Any,
    contents: &mut Contents,
) -> Value {
    let mut lists: BTreeMap<u32, KeyValueList> = BTreeMap::new();
    let first = group.keys.first().map_or(0, |(place, ..)| *place);
    for &(place, index, rest) in &group.keys {
        let kv = &mut attributes[place];
        let mut key = std::mem::take(&mut kv.key);
        key.drain(..rest);
        let value = kv.value.take();
        kv.key_strindex = MOVED;
        lists.entry(index).or_default().values.push(KeyValue { key, value, key_strindex: 0 });
    }
    let in_order = group.keys.is_sorted_by_key(|(_, index, _)| *index);
    let dense = lists.keys().enumerate().all(|(n, index)| n == *index as usize);
    let together = group.keys.iter().enumerate().all(|(n, (place, ..))| first + n == *place);

    let items = lists.values().map(|list| contents.encoded(Form::Flat, 0, list.encode_to_vec())).collect();
    let mut envelope = Vec::new();
    if !(in_order && dense && together) {
        let indices: Vec<u32> = lists.keys().copied().collect();
        write_order(&mut envelope, &indices, &group.keys);
    }
    let holder = &mut attributes[first];
    holder.key.clone_from(&group.prefix);
    holder.key_strindex = 0;
    holder.value = Some(AnyValue { value: Some(slot) });
    Value { form: Form::Flat, purpose, envelope, items }
}

/// Removes the attributes whose content has moved.
pub(super) fn sweep(attributes: &mut Vec<KeyValue>) {
    attributes.retain(|kv| kv.key_strindex != MOVED || !kv.key.is_empty() || kv.value.is_some());
}

/// After the items: the indices, then for each key in its order its place and its item.
fn write_order(data: &mut Vec<u8>, indices: &[u32], keys: &[(usize, u32, usize)]) {
    let mut previous = 0;
    for index in indices {
        encode_varint(u64::from(index.wrapping_sub(previous)), data);
        previous = *index;
    }
    let mut next = 0;
    for (place, index, _) in keys {
        encode_varint((place - next) as u64, data);
        encode_varint(indices.binary_search(index).unwrap_or(0) as u64, data);
        next = place + 1;
    }
}

/// A cut group on its way back: its attributes in their order, and their places where those were kept.
pub(super) struct Restored {
    pub(super) attributes: Vec<KeyValue>,
    pub(super) places: Option<Vec<usize>>,
}

/// The attributes of a cut group.
pub(super) fn restore(prefix: &str, value: &Value) -> Result<Restored, RestoreError> {
    let mut lists = Vec::with_capacity(value.items.len());
    for n in 0..value.items.len() {
        lists.push(KeyValueList::decode(value.item(n))?.values.into_iter());
    }
    let mut order = value.separator(value.items.len());
    if order.is_empty() {
        let all = lists.into_iter().enumerate();
        let attributes =
            all.flat_map(|(n, list)| list.map(move |kv| with_prefix(prefix, n as u64, kv))).collect();
        return Ok(Restored { attributes, places: None });
    }
    let mut indices = Vec::with_capacity(lists.len());
    let mut index = 0_u64;
    for _ in 0..lists.len() {
        index = index.wrapping_add(decode_varint(&mut order)?);
        indices.push(index);
    }
    let mut attributes = Vec::new();
    let mut places = Vec::new();
    let mut next = 0_usize;
    while !order.is_empty() {
        let skipped = usize::try_from(decode_varint(&mut order)?).map_err(|_| RestoreError::Envelope)?;
        let item = usize::try_from(decode_varint(&mut order)?).map_err(|_| RestoreError::Envelope)?;
        let kv = lists.get_mut(item).and_then(Iterator::next).ok_or(RestoreError::Envelope)?;
        let place = next.checked_add(skipped).ok_or(RestoreError::Envelope)?;
        attributes.push(with_prefix(prefix, indices[item], kv));
        places.push(place);
        next = place.checked_add(1).ok_or(RestoreError::Envelope)?;
    }
    Ok(Restored { attributes, places: Some(places) })
}

fn with_prefix(prefix: &str, index: u64, mut kv: KeyValue) -> KeyValue {
    kv.key = format!("{prefix}.{index}.{}", kv.key);
    kv
}
