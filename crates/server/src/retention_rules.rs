//! The user's rules of retention: their file, which is read again when it changes, and how they are applied.

use crate::{
    ServeError,
    user_file::{UserFile, text_of},
};
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use turnscope_query::{
    Clock, Moment, Pruned, Retention, RetentionRule, RetentionRules, RuleOutcome, length_of_time,
};
use turnscope_store::{Store, StoreError};

/// The name of the user's file in the data directory.
pub(crate) const FILE: &str = "retention.toml";

/// The user's file, and the rules that are in force.
pub(crate) struct OwnRetention(UserFile<RetentionRules>);

impl OwnRetention {
    /// Reads the user's file, if there is one.
    pub(crate) fn open(file: PathBuf) -> Result<Self, ServeError> {
        let refusal = "the file of retention rules cannot be used; the previous ones stay in force";
        UserFile::open(file, refusal, read).map(Self)
    }

    /// The path of the user's file.
    pub(crate) fn file(&self) -> &Path {
        self.0.path()
    }

    /// The rules in force; none where there is no file.
    pub(crate) fn rules(&self) -> Arc<RetentionRules> {
        self.0.content()
    }

    /// What is wrong with the user's file, if it cannot be used. The previous rules stay in force.
    pub(crate) fn wrong(&self) -> Option<String> {
        self.0.wrong()
    }

    /// Reads the user's file again if it has changed.
    pub(crate) fn refresh(&self) {
        self.0.refresh();
    }
}

/// Deletes what is not to be kept. Rules come before the limit of age, which holds for what no rule matches; the limit of size comes
/// last. With `dry_run` nothing is deleted, and the outcomes say what would be. The last outcome is that of the limit of
/// age.
pub(crate) fn apply(
    store: &dyn Store,
    rules: &RetentionRules,
    retention: Retention,
    moment: Moment,
    dry_run: bool,
) -> Result<(Vec<RuleOutcome>, Pruned), StoreError> {
    if rules.0.is_empty() && !dry_run {
        return Ok((Vec::new(), turnscope_store::retain(store, retention, moment.now_ms)?));
    }
    let rules = rules.clone().with_rest(retention.max_age);
    // Queries were checked when the file was read, and times in them mean something at any moment.
    let filters = rules.filters(&Clock::utc(moment.now_ms)).map_err(|(rule, error)| {
        StoreError::Database(format!("the runs of retention rule {}: {error}", rule + 1).into())
    })?;
    let (outcomes, mut pruned) = turnscope_store::apply_rules(store, &rules, &filters, moment, dry_run)?;
    if !dry_run {
        pruned += turnscope_store::retain(store, Retention { max_age: None, ..retention }, moment.now_ms)?;
    }
    Ok((outcomes, pruned))
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    runs: String,
    keep: Option<String>,
    contents: Option<String>,
    sample: Option<f64>,
}

/// The rules in the file; none where there is no file.
fn read(file: &Path) -> Result<RetentionRules, ServeError> {
    let Some(text) = text_of(file, "retention rules")? else { return Ok(RetentionRules::default()) };
    parse(&text)
        .map_err(|error| ServeError::Config(format!("the retention rules {}: {error}", file.display())))
}

fn parse(text: &str) -> Result<RetentionRules, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut rules = Vec::with_capacity(file.rule.len());
    for (number, rule) in (1..).zip(file.rule) {
        let length = |name: &str, text: Option<String>| -> Result<Option<Duration>, String> {
            match text.as_deref() {
                None | Some("forever") => Ok(None),
                Some(text) => length_of_time(text).map(Some).ok_or_else(|| {
                    format!("{name} = {text:?} of rule {number} is no length of time: write 36h, 90d, 8w or forever")
                }),
            }
        };
        let sample = rule.sample.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&sample) {
            return Err(format!(
                "sample = {sample} of rule {number} is no share: write a number from 0 to 1"
            ));
        }
        let (keep, contents) = (length("keep", rule.keep)?, length("contents", rule.contents)?);
        if rule.sample.is_some() && contents.is_none() {
            return Err(format!(
                "rule {number} has a sample, but no time after which contents go: add contents"
            ));
        }
        rules.push(RetentionRule { runs: rule.runs, keep, contents, sample });
    }
    let rules = RetentionRules(rules);
    rules
        .filters(&Clock::utc(0))
        .map_err(|(at, error)| format!("runs of rule {}: {error}; {}", at + 1, error.help))?;
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_they_are_written() {
        let rules = parse(
            r#"
            [[rule]]
            runs = "tag:gold"
            keep = "forever"
            [[rule]]
            runs = "-(status:failed OR cost>1)"
            keep = "12w"
            contents = "24h"
            sample = 0.05
            "#,
        )
        .unwrap();
        let day = Duration::from_secs(86_400);
        assert_eq!(
            rules.0,
            [
                RetentionRule { runs: "tag:gold".into(), keep: None, contents: None, sample: 0.0 },
                RetentionRule {
                    runs: "-(status:failed OR cost>1)".into(),
                    keep: Some(day * 84),
                    contents: Some(day),
                    sample: 0.05
                },
            ]
        );
        assert_eq!(parse("").unwrap(), RetentionRules::default());
    }

    #[test]
    fn mistakes_say_which_rule_it_is_and_what_to_write() {
        for (text, said) in [
            ("[[rule]]\nkeep = \"9d\"", "missing field `runs`"),
            ("[[rule]]\nruns = \"\"\nkeeep = \"9d\"", "unknown field `keeep`"),
            ("[[rule]]\nruns = \"\"\nkeep = \"90\"", "keep = \"90\" of rule 1"),
            ("[[rule]]\nruns = \"\"\nkeep = \"-3d\"", "write 36h, 90d"),
            ("[[rule]]\nruns = \"\"\ncontents = \"1d\"\nsample = 5.0", "from 0 to 1"),
            ("[[rule]]\nruns = \"\"\nsample = 0.5", "add contents"),
            ("[[rule]]\nruns = \"\"\n[[rule]]\nruns = \"agnet:a\"", "rule 2: there is no field"),
            ("[[rule]]\nruns = \"refund\"", "cannot look into contents"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
