//! The SQL of filters: clauses with bound values, never text from a user.

use super::SqliteReader;
use crate::{error::Result, schema::stored::field};
use rusqlite::types::Value as Sql;
use std::collections::BTreeSet;
use turnscope_model::{RunStatus, TraceGroupId, Verdict};
use turnscope_query::{
    Bounds, Condition, Known, Moment, NumberField, Pattern, Phrase, Range, RunFilter, TextField,
};

/// Holds of a run that stopped for a person, and that no other run has gone on from.
pub(super) const WAITING: &str = "r.waiting_since IS NOT NULL AND r.continued_by IS NULL";

/// A `WHERE` clause on `runs r` with its bound values.
pub(crate) struct Clause {
    pub(crate) sql: String,
    pub(crate) values: Vec<Sql>,
    with_text: GroupsWithText,
}

/// The trace groups that hold the texts of a filter.
pub(super) type GroupsWithText = Vec<(Vec<Phrase>, BTreeSet<TraceGroupId>)>;

impl SqliteReader<'_> {
    /// The clause of a filter; `1` when it asks for everything.
    pub(super) fn clause(&mut self, filter: &RunFilter, moment: Moment) -> Result<Clause> {
        let mut clause = Clause::new(self.groups_of_texts(filter)?);
        clause.sql = clause.filter(filter, moment);
        Ok(clause)
    }

    /// The trace groups that hold the texts of a filter.
    pub(super) fn groups_of_texts(&mut self, filter: &RunFilter) -> Result<GroupsWithText> {
        let mut texts = Vec::new();
        texts_of(filter, &mut texts);
        let with_text = |phrases: &[Phrase]| Ok((phrases.to_vec(), self.groups_with_text(phrases)?));
        texts.into_iter().map(with_text).collect()
    }
}

/// The texts that a filter asks for.
fn texts_of<'f>(filter: &'f RunFilter, texts: &mut Vec<&'f [Phrase]>) {
    match filter {
        RunFilter::All(filters) | RunFilter::Any(filters) => {
            for one in filters {
                texts_of(one, texts);
            }
        }
        RunFilter::Not(inner) => texts_of(inner, texts),
        RunFilter::Is(Condition::Content(phrases)) => texts.push(phrases),
        RunFilter::Is(_) => {}
    }
}

impl Clause {
    pub(super) const fn new(with_text: GroupsWithText) -> Self {
        Self { sql: String::new(), values: Vec::new(), with_text }
    }

    /// Every run.
    pub(super) fn of_all() -> Self {
        Self { sql: "1".into(), ..Self::new(GroupsWithText::default()) }
    }

    pub(super) fn bind(&mut self, value: impl Into<Sql>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// The condition that a filter makes, with its values bound.
    pub(super) fn filter(&mut self, filter: &RunFilter, moment: Moment) -> String {
        match filter {
            RunFilter::All(filters) => self.joined(filters, moment, "AND", "1"),
            RunFilter::Any(filters) => self.joined(filters, moment, "OR", "0"),
            // As the index of topmost runs is declared.
            RunFilter::Not(inner) if **inner == RunFilter::Is(Condition::Has(Known::Parent)) => {
                "r.parent_run_id IS NULL".into()
            }
            // What is unknown does not hold, so its negation does.
            RunFilter::Not(filter) => format!("NOT coalesce({}, 0)", self.filter(filter, moment)),
            RunFilter::Is(condition) => self.condition(condition, moment),
        }
    }

    fn joined(&mut self, filters: &[RunFilter], moment: Moment, operator: &str, none: &str) -> String {
        let parts: Vec<String> = filters.iter().map(|one| self.filter(one, moment)).collect();
        balanced(&parts, operator, none)
    }

    fn condition(&mut self, condition: &Condition, moment: Moment) -> String {
        match condition {
            Condition::Status(status) => self.status(*status, moment),
            Condition::Verdict(Verdict::Allow) => "r.allow_count > 0".into(),
            Condition::Verdict(Verdict::Deny) => "r.deny_count > 0".into(),
            Condition::Verdict(Verdict::Hitl) => "r.hitl_count > 0".into(),
            Condition::Text(field, patterns) => self.text(*field, patterns),
            Condition::Number(field, range) => self.number(*field, *range),
            Condition::Error(pattern) => {
                let pattern = self.bind(pattern.anywhere().lowercase().to_string());
                format!(
                    "(matches_lowercase(r.error_type, {pattern}) OR matches_lowercase(r.error_message, {pattern}))"
                )
            }
            Condition::Score(pattern) => {
                let patterns = std::slice::from_ref(pattern);
                let (name, label) = (self.matches("z.name", patterns), self.matches("z.label", patterns));
                format!("EXISTS (SELECT 1 FROM scores z WHERE z.run_id = r.run_id AND ({name} OR {label}))")
            }
            Condition::ScoreFigure(name, bounds) => {
                let (name, between) = (self.bind(name.clone()), self.between("z.value", *bounds));
                format!(
                    "EXISTS (SELECT 1 FROM scores z WHERE z.run_id = r.run_id AND z.name = {name} AND {between})"
                )
            }
            Condition::Trace(trace) => {
                let (id, hex) = (self.bind(trace.bytes().to_vec()), self.bind(trace.to_string()));
                // A run in several traces has none of its own.
                format!(
                    "(r.trace_id = {id} OR (r.trace_id IS NULL AND EXISTS
                         (SELECT 1 FROM json_each(r.lists, '$.trace_ids') t WHERE t.value = {hex})))"
                )
            }
            Condition::Parent(run) => format!("r.parent_run_id = {}", self.bind(run.bytes().to_vec())),
            Condition::Has(known) => has(*known),
            Condition::Content(phrases) => {
                let found = self.with_text.iter().find(|(asked, _)| asked == phrases);
                let ids: Vec<i64> =
                    found.into_iter().flat_map(|(_, groups)| groups).map(|group| group.0).collect();
                let ids = self.bind(serde_json::to_string(&ids).unwrap_or_default());
                format!("r.trace_group IN (SELECT value FROM json_each({ids}))")
            }
            Condition::Runs(runs) => {
                format!(
                    "r.run_id IN (SELECT unhex(value) FROM json_each({}))",
                    self.bind(super::find::json_ids(runs))
                )
            }
            // Attributes are in the records: `answers` looks through the runs that the rest leaves.
            Condition::Attribute(_) => "1".into(),
        }
    }

    fn status(&mut self, status: RunStatus, moment: Moment) -> String {
        let waiting = WAITING;
        let open = format!("r.failed = 0 AND r.ended_at IS NULL AND NOT ({waiting})");
        let silent_since = moment.now_ms.saturating_sub(moment.inactivity_ms);
        match status {
            RunStatus::Failed => "r.failed".into(),
            RunStatus::Completed => {
                format!("(r.failed = 0 AND r.ended_at IS NOT NULL AND NOT ({waiting}))")
            }
            RunStatus::Waiting => format!("(r.failed = 0 AND {waiting})"),
            RunStatus::Running => format!("({open} AND r.received_at >= {})", self.bind(silent_since)),
            RunStatus::Incomplete => format!("({open} AND r.received_at < {})", self.bind(silent_since)),
        }
    }

    fn text(&mut self, field: TextField, patterns: &[Pattern]) -> String {
        match place(field) {
            Place::Column(column) => self.matches(column, patterns),
            Place::Listed(field) => self.listed(field, patterns),
            Place::Tags => {
                let (sent, given) = (self.listed(field::TAG, patterns), self.matches("t.tag", patterns));
                format!("({sent} OR {GIVEN_TAGS} WHERE {given}))")
            }
        }
    }

    fn listed(&mut self, field: u8, patterns: &[Pattern]) -> String {
        let matches = self.matches("v.value", patterns);
        format!("EXISTS (SELECT 1 FROM {VALUES_OF_RUN} AND v.field = {field} AND {matches})")
    }

    /// Equality with one of these, or a match of one that is a pattern.
    fn matches(&mut self, column: &str, patterns: &[Pattern]) -> String {
        let (mut literals, mut parts) = (Vec::new(), Vec::new());
        for pattern in patterns {
            match pattern.as_literal() {
                Some(text) => literals.push(self.bind(text.to_owned())),
                None => parts.push(self.pattern(column, pattern)),
            }
        }
        match &literals[..] {
            [] => {}
            [one] => parts.push(format!("{column} = {one}")),
            several => parts.push(format!("{column} IN ({})", several.join(", "))),
        }
        balanced(&parts, "OR", "0")
    }

    fn pattern(&mut self, column: &str, pattern: &Pattern) -> String {
        let whole = self.bind(pattern.to_string());
        if pattern.prefix().is_empty() {
            return format!("matches({column}, {whole})");
        }
        // The bounds let an index find what begins like this.
        let first = self.bind(pattern.prefix().to_owned());
        let last = self.bind(format!("{}{}", pattern.prefix(), char::MAX));
        format!("({column} >= {first} AND {column} < {last} AND matches({column}, {whole}))")
    }

    fn number(&mut self, field: NumberField, range: Range) -> String {
        let column = number_column(field);
        if range.first > range.last {
            return "0".into();
        }
        if range.first == range.last {
            return format!("{column} = {}", self.bind(range.first));
        }
        let mut parts = Vec::new();
        if range.first > i64::MIN {
            parts.push(format!("{column} >= {}", self.bind(range.first)));
        }
        if range.last < i64::MAX {
            parts.push(format!("{column} <= {}", self.bind(range.last)));
        }
        balanced(&parts, "AND", "1")
    }

    fn between(&mut self, column: &str, bounds: Bounds) -> String {
        let mut parts = Vec::new();
        for (bound, strict, including) in [(bounds.low, ">", ">="), (bounds.high, "<", "<=")] {
            if let Some((value, is_included)) = bound {
                let sign = if is_included { including } else { strict };
                parts.push(format!("{column} {sign} {}", self.bind(value)));
            }
        }
        balanced(&parts, "AND", "1")
    }
}

/// Joins conditions as a tree of little depth: SQLite counts each operator in a row as one level, and has a limit.
fn balanced(parts: &[String], operator: &str, none: &str) -> String {
    match parts {
        [] => none.to_owned(),
        [one] => one.clone(),
        _ => {
            let (left, right) = parts.split_at(parts.len() / 2);
            format!("({} {operator} {})", balanced(left, operator, none), balanced(right, operator, none))
        }
    }
}

/// The few values of one run, whatever else an index could lead to.
const VALUES_OF_RUN: &str = "run_values v INDEXED BY run_values_run WHERE v.run = r.id";

/// Runs with tags that people gave: there are few, and they are found once for all runs that are looked at.
const GIVEN_TAGS: &str =
    "r.id IN (SELECT g.id FROM tags t JOIN runs g ON g.run_id = t.run_id AND g.trace_group = t.trace_group";

/// Where a field's texts are.
pub(super) enum Place {
    Column(&'static str),
    /// In `run_values`, under this number.
    Listed(u8),
    /// Among those that were sent and those given by API.
    Tags,
}

pub(super) const fn place(field: TextField) -> Place {
    Place::Column(match field {
        TextField::Model => return Place::Listed(field::MODEL),
        TextField::Provider => return Place::Listed(field::PROVIDER),
        TextField::Tool => return Place::Listed(field::TOOL),
        TextField::RiskTier => return Place::Listed(field::RISK_TIER),
        TextField::Tag => return Place::Tags,
        TextField::User => "r.user_id",
        TextField::Session => "r.session_id",
        TextField::Agent => "r.agent_name",
        TextField::Service => "r.service_name",
        TextField::Name => "r.name",
        TextField::Dialect => "r.dialect",
        TextField::UserRole => "r.user_role",
        TextField::Trigger => "r.trigger_type",
        TextField::Prompt => "r.prompt_id",
        TextField::PromptVersion => "r.prompt_version",
        TextField::Experiment => "r.experiment_id",
        TextField::ExperimentVariant => "r.experiment_variant",
        TextField::NativeRunId => "r.native_run_id",
    })
}

const fn number_column(field: NumberField) -> &'static str {
    match field {
        NumberField::Started => "r.started_at",
        NumberField::Duration => "r.duration",
        NumberField::Tokens => "r.total_tokens",
        NumberField::Cost => "r.cost",
        NumberField::Turns => "r.turn_count",
        NumberField::ToolCalls => "r.tool_call_count",
        NumberField::LlmCalls => "r.llm_call_count",
        NumberField::Errors => "r.error_count",
    }
}

fn has(known: Known) -> String {
    match known {
        Known::Text(field) => match place(field) {
            // An empty name of a service, or of a dialect, is none.
            Place::Column(column) => format!("{column} <> ''"),
            Place::Listed(field) => {
                format!("EXISTS (SELECT 1 FROM {VALUES_OF_RUN} AND v.field = {field})")
            }
            Place::Tags => format!(
                "(EXISTS (SELECT 1 FROM {VALUES_OF_RUN} AND v.field = {}) OR {GIVEN_TAGS}))",
                field::TAG
            ),
        },
        Known::Number(field) => format!("{} IS NOT NULL", number_column(field)),
        Known::Verdict => "r.allow_count + r.deny_count + r.hitl_count > 0".into(),
        Known::Error => "r.error_count > 0".into(),
        Known::Score => "EXISTS (SELECT 1 FROM scores z WHERE z.run_id = r.run_id)".into(),
        Known::Parent => "r.parent_run_id IS NOT NULL".into(),
        Known::ParentInSession => "EXISTS (SELECT 1 FROM runs p
             WHERE p.run_id = r.parent_run_id AND p.session_id = r.session_id)"
            .into(),
    }
}
