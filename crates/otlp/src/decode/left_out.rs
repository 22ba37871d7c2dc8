//! What was left out of a body: values of JSON that are not what their field takes, and malformed metrics of protobuf. Each is
//! judged alone, and spoils nothing that was sent with it.

use std::fmt;

/// The values that were left out of one body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// How many there are. A bad value among the attributes counts too, although its text is kept.
    pub values: u64,
    /// How many data points of metrics were left out with them: without a value, a point would be wrong.
    pub points: u64,
    /// Where the first one was, and what was wrong with it.
    first: String,
}

impl LeftOut {
    pub(super) fn add(&mut self, expected: &str, found: &dyn fmt::Display) {
        if self.values == 0 {
            self.first = format!(": expected {expected}, found {found}");
        }
        self.values += 1;
    }

    /// Notes a message of protobuf that cannot be decoded.
    pub(super) fn malformed(&mut self, name: &str, reason: &str) {
        if self.values == 0 {
            self.first = format!("a {name} is not valid protobuf: {reason}");
        }
        self.values += 1;
    }

    /// Puts a step before the path of the first one.
    pub(super) fn within(&mut self, step: impl fmt::Display) {
        self.first.insert_str(0, &step.to_string());
    }

    /// Whether nothing was left out.
    pub fn is_empty(&self) -> bool {
        self.values == 0
    }
}

/// The first one with its path, and how many more there are.
impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.first.trim_start_matches(['.', ':', ' ']))?;
        match self.values {
            0 | 1 => Ok(()),
            2 => f.write_str(", and 1 more value"),
            more => write!(f, ", and {} more values", more - 1),
        }
    }
}
