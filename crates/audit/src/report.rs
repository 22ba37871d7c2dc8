//! What verifying found, in types and in words.

use crate::Head;
use serde::Serialize;
use std::fmt;

/// What verifying found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Records ever written, as far as the file says.
    pub count: u64,
    /// Records that are kept.
    pub kept: u64,
    /// Records up to this one were pruned, which a signed checkpoint proves.
    pub pruned_through: u64,
    /// Where the chain ends.
    #[serde(serialize_with = "as_text")]
    pub head: Head,
    /// A head from elsewhere was given and the trail reaches it: nothing was cut off up to there.
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

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The record is not what was written, or was never written by Turnscope.
    Changed {
        /// Its place.
        seq: u64,
    },
    /// The record was written at another place.
    Moved {
        /// Where it stands.
        seq: u64,
        /// Where it was written.
        written_as: u64,
    },
    /// Records are missing.
    Removed {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// A record stands where there is one already, or where a checkpoint says that there is none.
    Inserted {
        /// Its place.
        seq: u64,
    },
    /// The record is as written, but not after the record that stands before it: one of the two is from another copy of the trail.
    Unlinked {
        /// Its place.
        seq: u64,
    },
    /// A checkpoint is not what was written, or one is missing.
    Checkpoint {
        /// Its number.
        id: i64,
    },
    /// The beginning of the chain is not what was written.
    Beginning,
    /// The trail ends before the head that was given: the records after its end were removed.
    CutOff {
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
    /// The record at the head that was given is another one.
    OtherHead {
        /// Its place.
        seq: u64,
    },
}

impl Finding {
    /// The place in the chain that it is about; 0 for what is about none.
    pub(crate) fn place(&self) -> u64 {
        match self {
            Self::Beginning | Self::Checkpoint { .. } => 0,
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
            Self::Changed { seq } => write!(f, "record {seq} was changed, or not written by turnscope"),
            Self::Moved { seq, written_as } => write!(f, "record {seq} was written as record {written_as}"),
            Self::Removed { from, to } if from == to => write!(f, "record {from} was removed"),
            Self::Removed { from, to } => write!(f, "records {from} to {to} were removed"),
            Self::Inserted { seq } => write!(f, "record {seq} was put in afterwards"),
            Self::Unlinked { seq } => write!(f, "record {seq} was not written after the one before it"),
            Self::Checkpoint { id } => write!(f, "checkpoint {id} was changed or removed"),
            Self::Beginning => f.write_str("the beginning of the chain was changed"),
            Self::CutOff { from, to } if from == to => {
                write!(f, "record {from} was removed from the end")
            }
            Self::CutOff { from, to } => write!(f, "records {from} to {to} were removed from the end"),
            Self::OtherHead { seq } => write!(f, "record {seq} is not the one of the head that was given"),
        }
    }
}
