//! A policy gate's verdict on a tool call.

use serde::{Deserialize, Serialize};

/// A policy gate's answer. The reason, the tier and who decided are other facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The call may go ahead.
    Allow,
    /// The call may not.
    Deny,
    /// A human must approve it first.
    Hitl,
}

impl Verdict {
    /// The name on the surface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Hitl => "hitl",
        }
    }
}

/// The human's decision on a call that needed approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// Let it go ahead.
    Approved,
    /// Stopped it.
    Rejected,
}

impl Resolution {
    /// The name on the surface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// A risk tier as the policy names it (`low`, `high`, `tier_2`, …): free text, kept as sent.
pub type RiskTier = String;
