//! Scenarios: tasks for an agent with expected results. Pure, except for reading the file; the caller runs
//! the agent.

use crate::{AgentError, Approver, RoleError, RunResult, ToolUse};
use serde::Deserialize;
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The scenarios of one agent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// The role file, relative to this file.
    pub role: PathBuf,
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
}

/// A task with its expected result.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// The task.
    pub task: String,
    /// The decision of the person whom the policy asks for approval. If absent, nobody is there.
    #[serde(default)]
    pub person: Option<PersonDecision>,
    /// The expected result.
    pub expect: Expected,
}

/// A person's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonDecision {
    /// The call may proceed.
    Approve,
    /// The call is rejected.
    Reject,
}

/// The expected result of a scenario. Absent fields accept anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expected {
    /// The tools that were called successfully, in order.
    pub tools: Option<Vec<String>>,
    /// The tools that were refused, in order.
    pub refused: Option<Vec<String>>,
    /// Texts that the answer must contain, ignoring case.
    pub answer: Vec<String>,
    /// Maximum number of turns.
    #[serde(alias = "most_turns")]
    pub max_turns: Option<u32>,
    /// The expected error, such as `turn_limit`.
    pub error: Option<String>,
}

impl Suite {
    /// Reads a file of scenarios.
    ///
    /// # Errors
    /// When it cannot be read, or is invalid. The error names line and key.
    pub fn read(path: &Path) -> Result<Self, RoleError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| RoleError::Read { path: path.to_owned(), source })?;
        let mut suite: Self = crate::yaml::from_yaml(&text)
            .map_err(|message| RoleError::Wrong { path: path.to_owned(), message })?;
        suite.role = path.parent().unwrap_or(Path::new("")).join(&suite.role);
        Ok(suite)
    }
}

impl Approver for Scenario {
    fn approve(&self, _: &str) -> Option<(bool, String)> {
        self.person.map(|decision| (decision == PersonDecision::Approve, "user:scenario".to_owned()))
    }
}

/// The result of a scenario.
#[derive(Clone, Debug)]
pub struct ScenarioResult {
    name: String,
    tools: Vec<ToolUse>,
    /// Differences from the expected result; empty if the scenario passed.
    pub differences: Vec<String>,
}

/// Compares the outcome of a scenario with its expected result.
pub fn evaluate(scenario: &Scenario, outcome: &Result<RunResult, AgentError>) -> ScenarioResult {
    let expected = &scenario.expect;
    let mut wrong = Vec::new();
    let tools = match (outcome, &expected.error) {
        (Ok(result), None) => {
            wrong.extend(differences(expected, result));
            result.tools.clone()
        }
        (Ok(result), Some(error)) => {
            wrong.push(format!("it answered {:?} instead of failing with {error}", result.text));
            result.tools.clone()
        }
        (Err(error), wanted) => {
            if wanted.as_deref() != Some(error.kind()) {
                wrong.push(format!("it failed with {}: {error}", error.kind()));
            }
            Vec::new()
        }
    };
    ScenarioResult { name: scenario.name.clone(), tools, differences: wrong }
}

fn differences(expected: &Expected, result: &RunResult) -> Vec<String> {
    let mut wrong = Vec::new();
    for (what, wanted, refused) in [("called", &expected.tools, false), ("refused", &expected.refused, true)]
    {
        let of = |tool: &&ToolUse| if refused { tool.refused } else { !tool.refused && !tool.failed };
        let found: Vec<&str> = result.tools.iter().filter(of).map(|tool| tool.name.as_str()).collect();
        if let Some(wanted) = wanted
            && *wanted != found
        {
            wrong.push(format!("{what}: [{}] instead of [{}]", found.join(", "), wanted.join(", ")));
        }
    }
    let text = result.text.to_lowercase();
    let missing = expected.answer.iter().filter(|part| !text.contains(&part.to_lowercase()));
    wrong.extend(missing.map(|part| format!("the answer does not contain {part:?}: {:?}", result.text)));
    if let Some(most) = expected.max_turns.filter(|most| result.turns > *most) {
        wrong.push(format!("{} turns instead of at most {most}", result.turns));
    }
    wrong
}

impl fmt::Display for ScenarioResult {
    /// A line for the scenario, and one for each difference.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = |tool: &ToolUse| match (tool.refused, tool.failed) {
            (true, _) => format!("{} (refused)", tool.name),
            (false, true) => format!("{} (failed)", tool.name),
            (false, false) => tool.name.clone(),
        };
        let tools: Vec<String> = self.tools.iter().map(mark).collect();
        let word = if self.differences.is_empty() { "pass" } else { "FAIL" };
        let line = format!("{word}  {:<44}  {}", self.name, tools.join(", "));
        write!(f, "{}", line.trim_end())?;
        self.differences.iter().try_for_each(|difference| write!(f, "\n      {difference}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, failed: bool, refused: bool) -> ToolUse {
        ToolUse { name: name.into(), failed, refused }
    }

    #[test]
    fn every_difference_is_reported() {
        let expect = Expected {
            tools: Some(vec!["clock".into()]),
            refused: Some(vec!["memory_set".into()]),
            answer: vec!["NOON".into()],
            max_turns: Some(2),
            error: None,
        };
        let scenario = Scenario { name: "the time".into(), task: String::new(), person: None, expect };
        let tools =
            vec![tool("calculate", true, false), tool("clock", false, false), tool("memory_set", true, true)];
        let good = RunResult { text: "At noon.".into(), input_tokens: 0, output_tokens: 0, turns: 2, tools };
        let verdict = evaluate(&scenario, &Ok(good.clone()));
        let row = format!("pass  {:<44}  calculate (failed), clock, memory_set (refused)", "the time");
        assert_eq!(verdict.to_string(), row);
        let bad = RunResult { text: "At ten.".into(), turns: 3, tools: Vec::new(), ..good };
        let wrong = evaluate(&scenario, &Ok(bad)).differences;
        assert_eq!(wrong.len(), 4, "{wrong:?}");
        assert_eq!(wrong[0], "called: [] instead of [clock]");
        let failed = evaluate(&scenario, &Err(AgentError::TurnLimit(2))).to_string();
        assert!(failed.starts_with("FAIL  the time") && failed.contains("turn_limit"), "{failed}");
        let wanted = Expected { error: Some("turn_limit".into()), ..Expected::default() };
        let scenario = Scenario { expect: wanted, ..scenario };
        assert!(evaluate(&scenario, &Err(AgentError::TurnLimit(2))).differences.is_empty());
    }
}
