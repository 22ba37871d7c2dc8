//! The SQL of filters: clauses with bound values, never text from a user.

use crate::schema::stored::field;
use rusqlite::types::Value as Sql;
use turnscope_model::{RunId, RunStatus, Verdict};
use turnscope_query::{Comparison, Filter, Moment, RunFilter};

/// A `WHERE` clause on `runs r` with its bound values.
pub(crate) struct Clause {
    pub(crate) sql: String,
    pub(crate) values: Vec<Sql>,
}

impl Clause {
    fn bind(&mut self, value: impl Into<Sql>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }
}

/// The clause of a filter; `1` when it asks for everything.
pub(crate) fn clause(filter: &RunFilter, moment: Moment) -> Clause {
    let mut clause = Clause { sql: String::new(), values: Vec::new() };
    let mut all = Vec::new();
    if filter.roots_only {
        all.push("r.parent_run_id IS NULL".to_owned());
    }
    for condition in &filter.conditions {
        let one = match &condition.comparison {
            Comparison::Is(values) => {
                let any: Vec<String> =
                    values.iter().map(|value| is(&mut clause, condition.filter, value, moment)).collect();
                if any.is_empty() { "1".to_owned() } else { format!("({})", any.join(" OR ")) }
            }
            Comparison::Bound { name, low, high } => bound(&mut clause, condition.filter, name, *low, *high),
        };
        all.push(if condition.negated { format!("NOT coalesce({one}, 0)") } else { one });
    }
    if let Some(expression) = match_expression(&filter.search) {
        let bound = clause.bind(expression);
        all.push(format!(
            "r.trace_group IN (WITH found (content) AS (SELECT rowid FROM search WHERE search MATCH {bound}),
                 met (record) AS (SELECT c.record FROM found JOIN contents c ON c.id = found.content
                     UNION ALL SELECT o.record FROM found JOIN uses o ON o.content = found.content)
                 SELECT coalesce(u.leader, u.id) FROM met JOIN records c ON c.id = met.record JOIN trace_groups u ON u.id = c.trace_group)"
        ));
    }
    clause.sql = if all.is_empty() { "1".to_owned() } else { all.join(" AND ") };
    clause
}

/// The FTS expression that asks for all of these words and phrases, each taken literally.
pub(crate) fn match_expression(texts: &[String]) -> Option<String> {
    let phrases: Vec<String> = texts
        .iter()
        .filter(|text| text.chars().any(char::is_alphanumeric))
        .map(|text| match text.strip_suffix('*') {
            Some(prefix) => format!("\"{}\"*", prefix.replace('"', "\"\"")),
            None => format!("\"{}\"", text.replace('"', "\"\"")),
        })
        .collect();
    (!phrases.is_empty()).then(|| phrases.join(" AND "))
}

fn is(clause: &mut Clause, filter: Filter, value: &str, moment: Moment) -> String {
    let column = match filter {
        Filter::Status => return status(clause, value, moment),
        Filter::Verdict => {
            return match value {
                _ if value == Verdict::Allow.as_str() => "r.allow_count > 0".into(),
                _ if value == Verdict::Deny.as_str() => "r.deny_count > 0".into(),
                _ if value == Verdict::Hitl.as_str() => "r.hitl_count > 0".into(),
                "*" => "r.allow_count + r.deny_count + r.hitl_count > 0".into(),
                _ => "0".into(),
            };
        }
        Filter::Error => {
            return match value {
                "*" | "true" => "r.error_count > 0".into(),
                "false" => "r.error_count = 0".into(),
                text => {
                    let pattern = clause.bind(format!("%{}%", text.replace('*', "%")));
                    format!("(r.error_type LIKE {pattern} OR r.error_message LIKE {pattern})")
                }
            };
        }
        Filter::Score => {
            let (name, label) = (glob(clause, "z.name", value), glob(clause, "z.label", value));
            return format!(
                "EXISTS (SELECT 1 FROM scores z WHERE z.run_id = r.run_id AND ({name} OR {label}))"
            );
        }
        Filter::Model => return listed(clause, field::MODEL, value),
        Filter::Provider => return listed(clause, field::PROVIDER, value),
        Filter::Tool => return listed(clause, field::TOOL, value),
        Filter::RiskTier => return listed(clause, field::RISK_TIER, value),
        Filter::Tag => {
            let listed = listed(clause, field::TAG, value);
            let given = glob(clause, "t.tag", value);
            return format!(
                "({listed} OR EXISTS (SELECT 1 FROM tags t WHERE t.trace_group = r.trace_group AND t.run_id = r.run_id AND {given}))"
            );
        }
        Filter::ParentRunId | Filter::TraceId => {
            let column = if filter == Filter::TraceId { "r.trace_id" } else { "r.parent_run_id" };
            let bytes = match filter {
                Filter::TraceId => {
                    value.parse::<turnscope_model::TraceId>().map(|id| id.bytes().to_vec()).ok()
                }
                _ => value.parse::<RunId>().map(|id| id.bytes().to_vec()).ok(),
            };
            return match bytes {
                Some(bytes) => format!("{column} = {}", clause.bind(bytes)),
                None if value == "*" => format!("{column} IS NOT NULL"),
                None => "0".into(),
            };
        }
        Filter::User => "r.user_id",
        Filter::Session => "r.session_id",
        Filter::Agent => "r.agent_name",
        Filter::Service => "r.service_name",
        Filter::Name => "r.name",
        Filter::Dialect => "r.dialect",
        Filter::UserRole => "r.user_role",
        Filter::Trigger => "r.trigger_type",
        Filter::Prompt => "r.prompt_id",
        Filter::PromptVersion => "r.prompt_version",
        Filter::Experiment => "r.experiment_id",
        Filter::ExperimentVariant => "r.experiment_variant",
        Filter::NativeRunId => "r.native_run_id",
        number => {
            return match value.parse::<f64>() {
                Ok(value) => bound(clause, number, "", Some((value, true)), Some((value, true))),
                Err(_) => "0".into(),
            };
        }
    };
    glob(clause, column, value)
}

/// Equality, or a pattern where the value holds a star.
fn glob(clause: &mut Clause, column: &str, value: &str) -> String {
    if value == "*" {
        return format!("{column} IS NOT NULL");
    }
    if !value.contains('*') {
        return format!("{column} = {}", clause.bind(value.to_owned()));
    }
    let escaped: String = value
        .chars()
        .map(|c| match c {
            '?' => "[?]".to_owned(),
            '[' => "[[]".to_owned(),
            other => other.to_string(),
        })
        .collect();
    format!("{column} GLOB {}", clause.bind(escaped))
}

fn listed(clause: &mut Clause, field: u8, value: &str) -> String {
    let matches = glob(clause, "v.value", value);
    format!("r.id IN (SELECT v.run FROM run_values v WHERE v.field = {field} AND {matches})")
}

fn status(clause: &mut Clause, value: &str, moment: Moment) -> String {
    let silent_since = moment.now_ms.saturating_sub(moment.inactivity_ms);
    let open = "r.failed = 0 AND r.ended_at IS NULL";
    match value {
        _ if value == RunStatus::Failed.as_str() => "r.failed".into(),
        _ if value == RunStatus::Completed.as_str() => "(r.failed = 0 AND r.ended_at IS NOT NULL)".into(),
        _ if value == RunStatus::Running.as_str() => {
            format!("({open} AND r.received_at >= {})", clause.bind(silent_since))
        }
        _ if value == RunStatus::Incomplete.as_str() => {
            format!("({open} AND r.received_at < {})", clause.bind(silent_since))
        }
        "*" => "1".into(),
        _ => "0".into(),
    }
}

fn bound(
    clause: &mut Clause,
    filter: Filter,
    name: &str,
    low: Option<(f64, bool)>,
    high: Option<(f64, bool)>,
) -> String {
    let (expression, scale) = match filter {
        Filter::Started => ("r.started_at", 1e6),
        Filter::Duration => ("r.duration", 1e6),
        Filter::Tokens => ("r.total_tokens", 1.0),
        Filter::Cost => ("r.cost", 1e9),
        Filter::Turns => ("r.turn_count", 1.0),
        Filter::ToolCalls => ("r.tool_call_count", 1.0),
        Filter::LlmCalls => ("r.llm_call_count", 1.0),
        Filter::Errors => ("r.error_count", 1.0),
        Filter::Score => ("z.value", 1.0),
        _ => return "0".into(),
    };
    let mut parts = Vec::new();
    for (limit, strict, inclusive) in [(low, ">", ">="), (high, "<", "<=")] {
        if let Some((value, including)) = limit {
            let sign = if including { inclusive } else { strict };
            // Columns of integers are compared with an integer: as a float, a time in nanoseconds is 200 ns off.
            let scaled = value * scale;
            #[expect(clippy::cast_possible_truncation, reason = "only a whole number that fits is cast")]
            let bound = if filter == Filter::Score || scaled.fract() != 0.0 || scaled.abs() >= 9.2e18 {
                clause.bind(scaled)
            } else {
                clause.bind(scaled as i64)
            };
            parts.push(format!("{expression} {sign} {bound}"));
        }
    }
    let parts = if parts.is_empty() { "1".to_owned() } else { parts.join(" AND ") };
    if filter == Filter::Score {
        let name = clause.bind(name.to_owned());
        return format!(
            "EXISTS (SELECT 1 FROM scores z WHERE z.run_id = r.run_id AND z.name = {name} AND {parts})"
        );
    }
    format!("({parts})")
}
