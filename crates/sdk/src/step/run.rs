//! A run and its turns.

use super::{
    Step,
    guard::{Guard, chained, guard},
};
use crate::{AttributeValue, metrics::CountedTurn};
use opentelemetry::{
    KeyValue,
    trace::{SpanContext, SpanKind},
};
use serde::Serialize;
use std::{
    borrow::Cow,
    sync::atomic::{AtomicU32, Ordering},
    time::SystemTime,
};

/// One execution of one agent, from its input to its final answer.
///
/// It ends when dropped, or at [`end`](Self::end), and derefs to [`Step`].
///
/// ```
/// let run = turnscope::run("helpdesk");
/// run.session("s-17").user("ada").prompt("refund", "3").tags(["beta"]);
/// let turn = run.turn();
/// turn.tool("lookup").end();
/// run.final_answer("It is on its way.");
/// ```
#[derive(Debug)]
#[must_use = "a step ends when it is dropped"]
pub struct Run {
    step: Step,
    turns: AtomicU32,
}

impl Guard for Run {
    #[inline]
    fn disabled(step: Step) -> Self {
        Self { step, turns: AtomicU32::new(0) }
    }
}

impl Run {
    pub(crate) fn begin(parent: &Step, name: Cow<'static, str>) -> Self {
        let agent_run = parent.is_agent_run();
        let span_name =
            if agent_run { Cow::Borrowed("agent.run") } else { format!("invoke_agent {name}").into() };
        let mut attributes = vec![
            KeyValue::new("gen_ai.operation.name", "invoke_agent"),
            KeyValue::new("gen_ai.agent.name", name),
        ];
        if agent_run {
            attributes.push(KeyValue::new("agent.runner", "turnscope"));
        }
        let step = parent.fork().child(span_name, SpanKind::Internal, attributes);
        Self { step, turns: AtomicU32::new(0) }
    }

    /// Begins the next turn of this run, counting from 1.
    pub fn turn(&self) -> Turn {
        self.step.turn_at(self.turns.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The framework that runs the agent: `agent.runner`. Recorded only with
    /// [`Naming::AgentRun`](crate::Naming::AgentRun).
    pub fn runner(&self, runner: impl AttributeValue) -> &Self {
        if self.is_agent_run() { self.attribute("agent.runner", runner) } else { self }
    }

    /// The agent's purpose.
    pub fn description(&self, text: impl AttributeValue) -> &Self {
        self.attribute("gen_ai.agent.description", text)
    }

    /// The application's id of the session that this run belongs to. All steps that begin later carry it too.
    pub fn session(&self, id: impl AttributeValue) -> &Self {
        if !self.is_off()
            && let Some(id) = id.into_value()
        {
            self.share("session.id", id.clone()).share("gen_ai.conversation.id", id);
        }
        self
    }

    /// The user on whose behalf the agent acts. All steps that begin later carry it too.
    pub fn user(&self, id: impl AttributeValue) -> &Self {
        self.share("user.id", id)
    }

    /// The user's role, by which policies decide. All steps that begin later carry it too.
    pub fn user_role(&self, role: impl AttributeValue) -> &Self {
        self.share("kitelogik.user_role", role)
    }

    /// The prompt's id and version.
    pub fn prompt(&self, id: impl AttributeValue, version: impl AttributeValue) -> &Self {
        self.attribute("gen_ai.prompt.name", id).attribute("gen_ai.prompt.version", version)
    }

    /// The experiment and variant that this run is part of.
    pub fn experiment(&self, id: impl AttributeValue, variant: impl AttributeValue) -> &Self {
        self.attribute("experiment.id", id).attribute("experiment.variant", variant)
    }

    /// Tags of the run.
    pub fn tags<T: Into<String>>(&self, tags: impl IntoIterator<Item = T>) -> &Self {
        if self.is_off() {
            return self;
        }
        let tags: Vec<String> = tags.into_iter().map(Into::into).collect();
        self.attribute("turnscope.tags", tags)
    }

    /// One entry of the run's metadata.
    pub fn metadata(&self, key: &str, value: impl AttributeValue) -> &Self {
        if self.is_off() {
            return self;
        }
        self.step.set(format!("turnscope.metadata.{key}"), value);
        self
    }

    /// The input from the user. Recorded only if content capture is on.
    pub fn input(&self, text: &str) -> &Self {
        self.json("gen_ai.input.messages", &[Message::of_text("user", text, None)]);
        self
    }

    /// The agent's final answer. Records an event, and the text if content capture is on.
    pub fn final_answer(&self, text: &str) -> &Self {
        self.json("gen_ai.output.messages", &[Message::of_text("assistant", text, Some("stop"))]);
        self.event("final_answer", [("turnscope.answer.bytes", text.len() as i64)]);
        self
    }

    /// Marks this run as a regeneration of the answer of `earlier`, with a link.
    pub fn regenerates(&self, earlier: &SpanContext) -> &Self {
        if !self.is_off() {
            self.link(earlier.clone(), vec![KeyValue::new("turnscope.link", "regenerated")]);
        }
        self
    }

    /// Ends the run now. What is recorded on it afterwards is ignored.
    pub fn end(&self) {
        self.step.finish(false, None);
    }

    /// Ends the run with an end time of its own, for what is recorded afterwards.
    pub fn end_at(&self, time: SystemTime) {
        self.step.finish(false, Some(time));
    }

    chained!();

    fn share(&self, key: &'static str, value: impl AttributeValue) -> &Self {
        if !self.is_off()
            && let Some(value) = value.into_value()
        {
            self.step.share(key, value);
        }
        self
    }

    fn attribute(&self, key: &'static str, value: impl AttributeValue) -> &Self {
        self.step.set(key, value);
        self
    }
}

/// A message with one text part, in the shape of the GenAI semantic conventions.
#[derive(Serialize)]
struct Message<'a> {
    role: &'a str,
    parts: [Part<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Part<'a> {
    r#type: &'a str,
    content: &'a str,
}

impl<'a> Message<'a> {
    fn of_text(role: &'a str, content: &'a str, finish_reason: Option<&'a str>) -> Self {
        Self { role, parts: [Part { r#type: "text", content }], finish_reason }
    }
}

impl std::ops::Deref for Run {
    type Target = Step;
    #[inline]
    fn deref(&self) -> &Step {
        &self.step
    }
}

impl Drop for Run {
    #[inline]
    fn drop(&mut self) {
        self.step.finish_dropped(false);
    }
}

guard! {
    /// One decision of a run's model, and what followed from it.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// let turn = run.turn();
    /// turn.llm("openai", "gpt-5-mini").end();
    /// turn.tool("lookup").end();
    /// ```
    Turn { counted: CountedTurn }
}

impl Turn {
    pub(crate) fn begin(parent: &Step, n: u32) -> Self {
        let n = i64::from(n);
        let step = if parent.is_agent_run() {
            parent.child("agent.turn".into(), SpanKind::Internal, vec![KeyValue::new("turn.index", n)])
        } else {
            let attributes = vec![
                KeyValue::new("gen_ai.operation.name", "agent_step"),
                KeyValue::new("turnscope.turn", n),
            ];
            parent.child("agent_step".into(), SpanKind::Internal, attributes)
        };
        Self { step, counted: CountedTurn::begin(parent.instruments()) }
    }
}
