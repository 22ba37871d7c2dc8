//! A question to a person, before the work goes on.

use super::{Step, guard::guard};
use crate::AttributeValue;
use opentelemetry::{KeyValue, trace::SpanKind};
use std::borrow::Cow;

guard! {
    /// A person is asked. The run waits until the answer is recorded.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// let approval = run.ask_person("May I refund 120 EUR?");
    /// approval.about_tool("refund").about_call("call_1");
    /// // … later, when the person has answered:
    /// approval.approved("ada@example.com").answer("but no more than that");
    /// ```
    ///
    /// The question and the answer are recorded also where contents are not: leave out of them what must not be sent.
    ///
    /// With `live: true` the question is sent at once, so that whoever watches sees what the run waits for. A run that ends
    /// to go on later ends its question without an answer; the answer is recorded in the run that goes on.
    Approval
}

impl Approval {
    pub(crate) fn begin(parent: &Step, question: Cow<'static, str>) -> Self {
        let attributes = vec![
            KeyValue::new("turnscope.step.kind", "policy"),
            KeyValue::new("turnscope.question", question),
        ];
        Self { step: parent.child("await_approval".into(), SpanKind::Internal, attributes) }
    }

    /// The tool that the question is about.
    pub fn about_tool(&self, name: impl AttributeValue) -> &Self {
        self.set("gen_ai.tool.name", name);
        self
    }

    /// The id of the tool call that the question is about.
    pub fn about_call(&self, id: impl AttributeValue) -> &Self {
        self.set("gen_ai.tool.call.id", id);
        self
    }

    /// The person said yes.
    pub fn approved(&self, by: impl AttributeValue) -> &Self {
        self.resolved("approved", by)
    }

    /// The person said no.
    pub fn rejected(&self, by: impl AttributeValue) -> &Self {
        self.resolved("rejected", by)
    }

    fn resolved(&self, resolution: &'static str, by: impl AttributeValue) -> &Self {
        self.set("turnscope.resolution", resolution);
        self.set("turnscope.decided_by", by);
        self
    }

    /// The answer in the person's own words.
    pub fn answer(&self, answer: impl AttributeValue) -> &Self {
        self.set("turnscope.answer", answer);
        self
    }
}
