//! Scenarios: tasks for an agent, each with what must come of it. Pure, but for reading the file: whoever runs them brings the
//! agent.

use crate::{AgentError, Answered, Human, RoleError, ToolUse};
use serde::Deserialize;
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Scenarios for one agent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// The role file, relative to this one.
    pub role: PathBuf,
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
}

/// One task, and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, for people.
    pub name: String,
    /// What the agent is asked.
    pub task: String,
    /// What a person says whom the policy wants to be asked; nobody is there where this is absent.
    #[serde(default)]
    pub person: Option<Says>,
    /// What must come of it.
    pub expect: Expected,
}

/// What a person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Says {
    /// The call may be made.
    Approve,
    /// It may not.
    Reject,
}

/// What must come of a scenario; what is absent may be anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expected {
    /// The tools that were called and answered, in their order.
    pub tools: Option<Vec<String>>,
    /// The tools that were not let through, in their order.
    pub refused: Option<Vec<String>>,
    /// Texts that the answer holds, in upper or lower case.
    pub answer: Vec<String>,
    /// The turns that it takes at most.
    pub most_turns: Option<u32>,
    /// How it fails: the name of the error, such as `turn_limit`.
    pub error: Option<String>,
}

impl Suite {
    /// Reads a file of scenarios.
    ///
    /// # Errors
    /// When it cannot be read, or something in it makes no sense: with line and key.
    pub fn read(path: &Path) -> Result<Self, RoleError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| RoleError::Read { path: path.to_owned(), source })?;
        let mut suite: Self = crate::yaml::from_yaml(&text)
            .map_err(|message| RoleError::Wrong { path: path.to_owned(), message })?;
        suite.role = path.parent().unwrap_or(Path::new("")).join(&suite.role);
        Ok(suite)
    }
}

impl Human for Scenario {
    fn approves(&self, _: &str) -> Option<(bool, String)> {
        self.person.map(|says| (says == Says::Approve, "user:scenario".to_owned()))
    }
}

/// How a scenario went.
#[derive(Clone, Debug)]
pub struct Verdict {
    name: String,
    tools: Vec<ToolUse>,
    /// What is not as expected; empty where the scenario passed.
    pub wrong: Vec<String>,
}

/// Compares what came of a scenario with what must.
pub fn judge(scenario: &Scenario, outcome: &Result<Answered, AgentError>) -> Verdict {
    let expected = &scenario.expect;
    let mut wrong = Vec::new();
    let tools = match (outcome, &expected.error) {
        (Ok(answered), None) => {
            wrong.extend(differences(expected, answered));
            answered.tools.clone()
        }
        (Ok(answered), Some(error)) => {
            wrong.push(format!("it answered {:?} instead of failing with {error}", answered.text));
            answered.tools.clone()
        }
        (Err(error), wanted) => {
            if wanted.as_deref() != Some(error.kind()) {
                wrong.push(format!("it failed with {}: {error}", error.kind()));
            }
            Vec::new()
        }
    };
    Verdict { name: scenario.name.clone(), tools, wrong }
}

fn differences(expected: &Expected, answered: &Answered) -> Vec<String> {
    let mut wrong = Vec::new();
    for (what, wanted, refused) in [("called", &expected.tools, false), ("refused", &expected.refused, true)]
    {
        let of = |tool: &&ToolUse| if refused { tool.refused } else { !tool.refused && !tool.failed };
        let found: Vec<&str> = answered.tools.iter().filter(of).map(|tool| tool.name.as_str()).collect();
        if let Some(wanted) = wanted
            && *wanted != found
        {
            wrong.push(format!("{what}: [{}] instead of [{}]", found.join(", "), wanted.join(", ")));
        }
    }
    let text = answered.text.to_lowercase();
    let missing = expected.answer.iter().filter(|part| !text.contains(&part.to_lowercase()));
    wrong.extend(missing.map(|part| format!("the answer does not hold {part:?}: {:?}", answered.text)));
    if let Some(most) = expected.most_turns.filter(|most| answered.turns > *most) {
        wrong.push(format!("{} turns instead of at most {most}", answered.turns));
    }
    wrong
}

impl fmt::Display for Verdict {
    /// A line of the table, and one below it for each difference.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = |tool: &ToolUse| match (tool.refused, tool.failed) {
            (true, _) => format!("{} (refused)", tool.name),
            (false, true) => format!("{} (failed)", tool.name),
            (false, false) => tool.name.clone(),
        };
        let tools: Vec<String> = self.tools.iter().map(mark).collect();
        let word = if self.wrong.is_empty() { "pass" } else { "FAIL" };
        let line = format!("{word}  {:<44}  {}", self.name, tools.join(", "));
        write!(f, "{}", line.trim_end())?;
        self.wrong.iter().try_for_each(|wrong| write!(f, "\n      {wrong}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, failed: bool, refused: bool) -> ToolUse {
        ToolUse { name: name.into(), failed, refused }
    }

    #[test]
    fn what_is_not_as_expected_is_said() {
        let expect = Expected {
            tools: Some(vec!["clock".into()]),
            refused: Some(vec!["memory_set".into()]),
            answer: vec!["NOON".into()],
            most_turns: Some(2),
            error: None,
        };
        let scenario = Scenario { name: "the time".into(), task: String::new(), person: None, expect };
        let tools =
            vec![tool("calculate", true, false), tool("clock", false, false), tool("memory_set", true, true)];
        let good = Answered { text: "At noon.".into(), input_tokens: 0, output_tokens: 0, turns: 2, tools };
        let verdict = judge(&scenario, &Ok(good.clone()));
        let row = format!("pass  {:<44}  calculate (failed), clock, memory_set (refused)", "the time");
        assert_eq!(verdict.to_string(), row);
        let bad = Answered { text: "At ten.".into(), turns: 3, tools: Vec::new(), ..good };
        let wrong = judge(&scenario, &Ok(bad)).wrong;
        assert_eq!(wrong.len(), 4, "{wrong:?}");
        assert_eq!(wrong[0], "called: [] instead of [clock]");
        let failed = judge(&scenario, &Err(AgentError::TurnLimit(2))).to_string();
        assert!(failed.starts_with("FAIL  the time") && failed.contains("turn_limit"), "{failed}");
        let wanted = Expected { error: Some("turn_limit".into()), ..Expected::default() };
        let scenario = Scenario { expect: wanted, ..scenario };
        assert!(judge(&scenario, &Err(AgentError::TurnLimit(2))).wrong.is_empty());
    }
}
