//! The result of verification.

use crate::Head;
use serde::Serialize;
use std::fmt;

/// The result of verification.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Records ever written, according to the file.
    pub count: u64,
    /// Records in the file.
    pub kept: u64,
    /// Records up to this one were pruned, as a signed checkpoint proves.
    pub pruned_through: u64,
    /// The head of the chain.
    #[serde(serialize_with = "as_text")]
    pub head: Head,
    /// Whether the trail contains the record of a given head, so that nothing was removed up to there.
    pub end_is_proved: bool,
    /// What is wrong, in the order of the chain.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }
}

fn as_text<S: serde::Serializer>(head: &Head, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(head)
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The record was changed, or not written by Turnscope.
    Changed {
        /// Its sequence number.
        seq: u64,
    },
    /// The record was written with another sequence number.
    Moved {
        /// Its sequence number now.
        seq: u64,
        /// Its original sequence number.
        written_as: u64,
    },
    /// Records are missing.
    Removed {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// There is already a record with this sequence number, or a checkpoint says that it was pruned.
    Inserted {
        /// Its sequence number.
        seq: u64,
    },
    /// The record is unchanged, but does not follow its predecessor: one of the two comes from another copy
    /// of the trail.
    Unlinked {
        /// Its sequence number.
        seq: u64,
    },
    /// A checkpoint was changed or removed.
    Checkpoint {
        /// Its number.
        id: i64,
    },
    /// The genesis value of the chain was changed.
    Beginning,
    /// A table, index, trigger or view is not as this program creates it: it can swallow or invent records.
    Schema {
        /// `table`, `index`, `trigger` or `view`.
        kind: String,
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: SchemaProblem,
    },
    /// The trail ends before the given head: records were removed from the end.
    CutOff {
        /// The first missing record.
        from: u64,
        /// The last missing record.
        to: u64,
    },
    /// The record at the given head has another MAC.
    OtherHead {
        /// Its sequence number.
        seq: u64,
    },
}

/// What is wrong with a part of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaProblem {
    /// It does not belong to the trail.
    Foreign,
    /// It differs.
    Changed,
    /// It is not there.
    Missing,
}

impl Finding {
    /// The sequence number that it is about, or 0.
    pub(crate) fn seq(&self) -> u64 {
        match self {
            Self::Beginning | Self::Checkpoint { .. } | Self::Schema { .. } => 0,
            Self::Changed { seq }
            | Self::Moved { seq, .. }
            | Self::Inserted { seq }
            | Self::Unlinked { seq }
            | Self::OtherHead { seq } => *seq,
            Self::Removed { from, .. } | Self::CutOff { from, .. } => *from,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { seq } => write!(f, "record {seq} was changed, or was not written by turnscope"),
            Self::Moved { seq, written_as } => write!(f, "record {seq} was written as record {written_as}"),
            Self::Removed { from, to } if from == to => write!(f, "record {from} was removed"),
            Self::Removed { from, to } => write!(f, "records {from} to {to} were removed"),
            Self::Inserted { seq } => write!(f, "record {seq} was inserted"),
            Self::Unlinked { seq } => write!(f, "record {seq} does not follow its predecessor"),
            Self::Checkpoint { id } => write!(f, "checkpoint {id} was changed or removed"),
            Self::Schema { kind, name, problem } => match problem {
                SchemaProblem::Foreign => write!(f, "the {kind} {name} does not belong to the trail"),
                SchemaProblem::Changed => write!(f, "the {kind} {name} was changed"),
                SchemaProblem::Missing => write!(f, "the {kind} {name} was removed"),
            },
            Self::Beginning => f.write_str("the beginning of the chain was changed"),
            Self::CutOff { from, to } if from == to => {
                write!(f, "record {from} was removed from the end")
            }
            Self::CutOff { from, to } => write!(f, "records {from} to {to} were removed from the end"),
            Self::OtherHead { seq } => write!(f, "record {seq} does not match the given head"),
        }
    }
}
