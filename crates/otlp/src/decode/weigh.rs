//! The memory that a protobuf body will take once it is decoded, added up before it is decoded.

use super::{
    DecodeError,
    budget::Budget,
    schema::{DEEPEST, Field, Schema, held},
};
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// Takes from the budget what this body's elements will need.
///
/// # Errors
/// The budget does not hold it. A body that is not valid protobuf gives no error: its decoder stops where this walk does,
/// and says why.
pub(super) fn weigh(body: &[u8], schema: &Schema, budget: &Budget<'_>) -> Result<(), DecodeError> {
    match message(body, schema, budget, DEEPEST) {
        Err(Stop::Memory(error)) => Err(error),
        Ok(()) | Err(Stop::Malformed) => Ok(()),
    }
}

enum Stop {
    Malformed,
    Memory(DecodeError),
}

impl From<prost::DecodeError> for Stop {
    fn from(_: prost::DecodeError) -> Self {
        Self::Malformed
    }
}
impl From<DecodeError> for Stop {
    fn from(error: DecodeError) -> Self {
        Self::Memory(error)
    }
}

fn message(mut rest: &[u8], schema: &Schema, budget: &Budget<'_>, depth: usize) -> Result<(), Stop> {
    let depth = depth.checked_sub(1).ok_or(Stop::Malformed)?;
    while !rest.is_empty() {
        let (number, wire_type) = decode_key(&mut rest)?;
        let field = schema.field(number);
        if wire_type != WireType::LengthDelimited {
            if matches!(field, Some(Field::Numbers)) {
                budget.take(held::<u64>())?;
            }
            skip_field(wire_type, number, &mut rest, DecodeContext::default())?;
            continue;
        }
        let len = usize::try_from(decode_varint(&mut rest)?).map_err(|_| Stop::Malformed)?;
        let (content, after) = rest.split_at_checked(len).ok_or(Stop::Malformed)?;
        rest = after;
        match field {
            None | Some(Field::Text) => {}
            Some(Field::Texts) => budget.take(held::<String>())?,
            Some(Field::Numbers) => budget.take(len.saturating_mul(size_of::<u64>()))?,
            Some(Field::One(inner)) => message(content, inner, budget, depth)?,
            Some(Field::Many(inner)) => {
                budget.take(inner.size)?;
                match message(content, inner, budget, depth) {
                    // A record that cannot be decoded is left out, and those behind it are decoded.
                    Err(Stop::Malformed) if inner.attributes.is_some() => {}
                    weighed => weighed?,
                }
            }
        }
    }
    Ok(())
}
