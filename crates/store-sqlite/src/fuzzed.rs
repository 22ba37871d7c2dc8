//! The readers of stored bytes, for the fuzz targets: whatever stands in a damaged file, nothing panics.
//!
//! Each gives whether the bytes could be read, and panics when what was read does not survive being written again.

use crate::encode::{batch_dump, context_list, facts_row, record_body};
use turnscope_model::{Body, ContentHash, ContentId, Form, Kind, Value};

/// A record's body as it lies in a block.
pub fn record_body(bytes: &[u8]) -> bool {
    let Some(read) = filled(bytes) else { return false };
    let mut written = Vec::new();
    record_body::write(&mut written, &read, |_| None);
    assert_eq!(filled(&written).as_ref(), Some(&read));
    true
}

/// The body, with items in its slots.
fn filled(bytes: &[u8]) -> Option<Body> {
    let (slots, bytes) = record_body::read(bytes)?;
    let item = (ContentHash::of(Form::Text, b"item"), &b"item"[..]);
    let values: Vec<Value> = slots.iter().map(|slot| slot.fill([item; 3])).collect();
    Some(Body { bytes, values })
}

/// A message list as it lies in `contexts`, coded against a list of the first `base` ids.
pub fn context_list(bytes: &[u8], base: u16) -> bool {
    let base: Vec<ContentId> = (0..i64::from(base)).map(ContentId).collect();
    let Some(list) = context_list::decode(bytes, &base) else { return false };
    assert!(list.len() <= context_list::LONGEST);
    let coded = context_list::encode(&list, &base);
    assert_eq!(context_list::decode(&coded.ops, &base), Some(list));
    true
}

/// The facts of a record as they lie in its row.
pub fn facts(bytes: &[u8]) -> bool {
    let Ok((facts, companions)) = facts_row::decode(bytes, Kind::Llm) else { return false };
    let written = facts_row::encode(&facts, companions.clone());
    let (again, companions_again) = facts_row::decode(&written, Kind::Llm).expect("what was written is read");
    // As text: two scores that are not a number are not equal.
    assert_eq!(format!("{again:?}"), format!("{facts:?}"));
    assert_eq!(companions_again, companions);
    true
}

/// A request as it lies in quarantine.
pub fn batch(bytes: &[u8]) -> bool {
    let Some(batch) = batch_dump::decode(bytes) else { return false };
    let written = batch_dump::encode(&batch);
    let again = batch_dump::decode(&written).expect("what was written is read");
    assert_eq!(batch_dump::encode(&again), written);
    true
}
