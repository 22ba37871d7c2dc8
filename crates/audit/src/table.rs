//! The two record tables: their columns in the order in which the MAC covers them, and conversions between
//! entries and rows.

use crate::{Decision, Entry, Record, RunEntry};
use rusqlite::{Row, types::Value};

/// A record table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Table {
    Runs,
    Decisions,
}

const RUN: &[&str] = &[
    "run_id",
    "trace_id",
    "session_id",
    "agent",
    "user_id",
    "user_role",
    "trigger_type",
    "started_at",
    "ended_at",
    "prompt",
    "output",
    "model",
    "input_tokens",
    "output_tokens",
    "success",
    "error",
];

const DECISION: &[&str] = &[
    "run_id",
    "trace_id",
    "span_id",
    "session_id",
    "agent",
    "user_id",
    "user_role",
    "tool",
    "action",
    "verdict",
    "resolution",
    "decided_by",
    "reason",
    "risk_tier",
    "policy_version",
    "decided_at",
    ARGUMENTS,
];

/// Added by version 2, so it is last: a record without it has the MAC of version 1.
const ARGUMENTS: &str = "arguments";

/// The names of all fields of a [`Record`] in JSON, in a fixed order: common ones, those of runs, those of
/// decisions only. Each kind of record has only its own.
///
/// ```
/// let fields = turnscope_audit::fields();
/// assert_eq!((fields.first(), fields.last()), (Some(&"seq"), Some(&"mac")));
/// ```
pub fn fields() -> Vec<&'static str> {
    let of_decisions = DECISION.iter().filter(|column| !RUN.contains(column));
    let own = RUN.iter().chain(of_decisions).copied();
    ["seq", "record", "recorded_at", "source"].into_iter().chain(own).chain(["mac"]).collect()
}

impl Table {
    pub(crate) const ALL: [Self; 2] = [Self::Runs, Self::Decisions];

    pub(crate) fn of(entry: &Entry) -> Self {
        match entry {
            Entry::Run(_) => Self::Runs,
            Entry::Decision(_) => Self::Decisions,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Runs => "audit_runs",
            Self::Decisions => "audit_decisions",
        }
    }

    const fn own(self) -> &'static [&'static str] {
        match self {
            Self::Runs => RUN,
            Self::Decisions => DECISION,
        }
    }

    /// All columns in order: `seq`, the common ones, the table's own, `prev`, `mac`.
    pub(crate) fn columns(self) -> String {
        format!("seq, recorded_at, source, origin, {}, prev, mac", self.own().join(", "))
    }

    /// The same for reading a file of this version: what it does not have is null.
    pub(crate) fn columns_in(self, version: i64) -> String {
        let columns = self.columns();
        if version >= 2 { columns } else { columns.replace(ARGUMENTS, &format!("NULL AS {ARGUMENTS}")) }
    }

    /// The part of a row, from `seq` on, that its MAC covers.
    pub(crate) fn covered<T>(self, mut row: Vec<T>, is_null: impl Fn(&T) -> bool) -> Vec<T> {
        if self == Self::Decisions && row.last().is_some_and(is_null) {
            row.pop(); // `arguments`, which version 1 did not have
        }
        row
    }

    /// The number of columns.
    pub(crate) const fn width(self) -> usize {
        self.own().len() + 6
    }

    /// The column with the time of the event.
    pub(crate) const fn event_time(self) -> &'static str {
        match self {
            Self::Runs => "started_at",
            Self::Decisions => "decided_at",
        }
    }
}

/// The values of the table's own columns.
pub(crate) fn values(entry: &Entry) -> Vec<Value> {
    let text = |text: &Option<String>| text.clone().into();
    match entry {
        Entry::Run(run) => vec![
            text(&run.run_id),
            text(&run.trace_id),
            text(&run.session_id),
            text(&run.agent),
            text(&run.user_id),
            text(&run.user_role),
            text(&run.trigger_type),
            run.started_at.into(),
            run.ended_at.into(),
            text(&run.prompt),
            text(&run.output),
            text(&run.model),
            run.input_tokens.into(),
            run.output_tokens.into(),
            run.success.into(),
            text(&run.error),
        ],
        Entry::Decision(decision) => vec![
            text(&decision.run_id),
            text(&decision.trace_id),
            text(&decision.span_id),
            text(&decision.session_id),
            text(&decision.agent),
            text(&decision.user_id),
            text(&decision.user_role),
            text(&decision.tool),
            text(&decision.action),
            decision.verdict.clone().into(),
            text(&decision.resolution),
            text(&decision.decided_by),
            text(&decision.reason),
            text(&decision.risk_tier),
            text(&decision.policy_version),
            decision.decided_at.into(),
            text(&decision.arguments),
        ],
    }
}

/// Reads a record from a row with [`Table::columns`].
pub(crate) fn record(table: Table, row: &Row) -> rusqlite::Result<Record> {
    let entry = match table {
        Table::Runs => Entry::Run(RunEntry {
            run_id: row.get("run_id")?,
            trace_id: row.get("trace_id")?,
            session_id: row.get("session_id")?,
            agent: row.get("agent")?,
            user_id: row.get("user_id")?,
            user_role: row.get("user_role")?,
            trigger_type: row.get("trigger_type")?,
            started_at: row.get("started_at")?,
            ended_at: row.get("ended_at")?,
            prompt: row.get("prompt")?,
            output: row.get("output")?,
            model: row.get("model")?,
            input_tokens: row.get("input_tokens")?,
            output_tokens: row.get("output_tokens")?,
            success: row.get("success")?,
            error: row.get("error")?,
        }),
        Table::Decisions => Entry::Decision(Decision {
            run_id: row.get("run_id")?,
            trace_id: row.get("trace_id")?,
            span_id: row.get("span_id")?,
            session_id: row.get("session_id")?,
            agent: row.get("agent")?,
            user_id: row.get("user_id")?,
            user_role: row.get("user_role")?,
            tool: row.get("tool")?,
            action: row.get("action")?,
            verdict: row.get("verdict")?,
            resolution: row.get("resolution")?,
            decided_by: row.get("decided_by")?,
            reason: row.get("reason")?,
            risk_tier: row.get("risk_tier")?,
            policy_version: row.get("policy_version")?,
            decided_at: row.get("decided_at")?,
            arguments: row.get("arguments")?,
        }),
    };
    Ok(Record {
        seq: row.get("seq")?,
        recorded_at: row.get("recorded_at")?,
        source: row.get("source")?,
        entry,
        mac: hex::encode(row.get::<_, Vec<u8>>("mac")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_match_the_json_of_records() {
        let record =
            |entry| Record { seq: 1, recorded_at: 0, source: String::new(), entry, mac: String::new() };
        let mut found: Vec<String> = [Entry::Run(RunEntry::default()), Entry::Decision(Decision::default())]
            .into_iter()
            .filter_map(|entry| serde_json::to_value(record(entry)).ok())
            .flat_map(|json| {
                json.as_object().into_iter().flat_map(|all| all.keys().cloned()).collect::<Vec<_>>()
            })
            .collect();
        found.sort();
        found.dedup();
        let mut named = fields();
        named.sort_unstable();
        assert_eq!(found, named);
    }
}
