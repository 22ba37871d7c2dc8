//! Which kind of work a span is by its name, where its attributes do not say or say too little.
//!
//! Here: the tables of names. Not here: rules on attributes, and how both come together (`kinds`, `facts::kind_of`).

use turnscope_model::Kind::{
    self, Embedding, Http, Ingest, Llm, Mcp, Memory, Other, Policy, Run, Sanitizer, Tool, Turn, Workflow,
};

/// How a name is compared.
#[derive(Clone, Copy, Debug)]
pub(super) enum Name {
    /// The whole name.
    Is(&'static str),
    /// Its beginning.
    Starts(&'static str),
    /// Its end.
    Ends(&'static str),
    /// The beginning, then only a number: `Step 3`.
    Numbered(&'static str),
}

impl Name {
    /// Whether a span's name is meant.
    pub(super) fn matches(self, name: &str) -> bool {
        // Most names already differ in the first letter.
        let first = |pattern: &str| pattern.as_bytes().first() == name.as_bytes().first();
        match self {
            Self::Is(whole) => first(whole) && name == whole,
            Self::Starts(start) => first(start) && name.starts_with(start),
            Self::Ends(end) => name.ends_with(end),
            Self::Numbered(start) => name.strip_prefix(start).is_some_and(is_number),
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

use Name::{Ends, Is, Numbered, Starts};

/// Rules on names, the first that matches wins.
pub(super) static BY_NAME: &[(Name, Kind)] = &[
    (Is("claude_code.interaction"), Run),
    (Is("claude_code.llm_request"), Llm),
    (Is("claude_code.tool"), Tool),
    (Is("claude_code.tool.blocked_on_user"), Policy),
    (Starts("claude_code."), Workflow),
    (Is("session_task.turn"), Run),
    (Is("guardian_scoring_observation"), Other),
    (Is("agent_session"), Run),
    (Is("policy_gate.evaluate"), Policy),
    (Is("policy_gate.evaluate_event"), Policy),
    (Is("policy_gate.sanitize_response"), Sanitizer),
    (Starts("policy_gate."), Other),
    (Is("kitelogik.adapter.tool_call"), Tool),
    (Is("initrunner.agent.run"), Run),
    (Starts("initrunner.ingest"), Ingest),
    (Is("agent.run"), Run),
    (Is("agent.turn"), Turn),
    (Is("agent.step"), Turn),
    (Is("tool.call"), Tool),
    (Starts("tool.execute."), Tool),
    (Starts("gen_ai.completion"), Llm),
    (Starts("gen_ai.chat"), Llm),
    (Starts("agent run"), Run),
    (Starts("Agent run"), Run),
    (Starts("Function: "), Tool),
    (Starts("agent_run"), Run),
    (Starts("invoke_agent"), Run),
    (Is("invocation"), Run),
    (Is("agent_turn"), Turn),
    (Is("turn"), Turn),
    (Is("agent"), Run),
    (Is("agent.invoke"), Run),
    (Is("agent.execute"), Run),
    (Is("llm_call"), Llm),
    (Is("llm.call"), Llm),
    (Is("llm.chat"), Llm),
    (Is("llm.completion"), Llm),
    (Is("llm.request"), Llm),
    (Is("model_call"), Llm),
    (Is("tool_call"), Tool),
    (Is("tool.execute"), Tool),
    (Starts("memory_read"), Memory),
    (Starts("memory.write"), Memory),
    (Starts("memory.steps"), Memory),
    (Starts("memory.read"), Memory),
    (Starts("memory.write"), Memory),
    (Starts("memory.steps"), Memory),
    (Starts("memory.search"), Memory),
    (Ends("_loop_cycle"), Turn),
    (Is("haystack.agent.run"), Run),
    (Is("haystack.agent.step"), Turn),
    (Is("haystack.agent.step.llm"), Llm),
    (Is("haystack.agent.step.tool"), Tool),
    (Is("guardrails.request"), Workflow),
    (Is("guardrails.rail"), Policy),
    (Is("guardrails.action"), Workflow),
    (Starts("langchain4j.tools."), Tool),
    (Starts("langchain4j.aiservices."), Workflow),
    (Starts("haystack.tracing"), Other),
    (Starts("haystack."), Workflow),
    (Starts("invoke_workflow"), Workflow),
    (Is("workflow.run"), Workflow),
    (Starts("executor.process"), Workflow),
    (Is("AutoFunctionInvocationLoop"), Workflow),
    (Is("crewai.workflow"), Workflow),
    (Is("running tool"), Tool),
    (Starts("running output function"), Tool),
    (Starts("running tools"), Workflow),
    (Starts("running "), Workflow),
    (Is("function_tool"), Tool),
    (Is("FunctionTool.call"), Tool),
    (Is("FunctionTool.acall"), Tool),
    (Starts("execute_tool "), Tool),
    (Starts("execute_guardrail"), Policy),
    (Starts("execute_task "), Workflow),
    (Is("call_llm"), Llm),
    (Is("litellm_request"), Llm),
    (Is("chat"), Llm),
    (Starts("chat "), Llm),
    (Starts("generate_content "), Llm),
    (Starts("embeddings "), Embedding),
    (Is("raw_gen_ai_request"), Other),
    (Is("Received Proxy Server Request"), Http),
    (Starts("MCP "), Mcp),
];

/// Corrections of what a framework's own marker says too coarsely: of this kind and so named, it is rather that.
pub(super) static DETAILS: &[(Kind, Name, Kind)] = &[
    // Parts of a streamed answer name the tool that it asks for.
    (Tool, Is("handle_responses"), Other),
    // A loop's steps come as chains.
    (Workflow, Numbered("Step "), Turn),
    (Workflow, Numbered("step "), Turn),
    (Workflow, Is("turn"), Turn),
    // A batch of tools is not a tool.
    (Tool, Is("execute_tool (merged)"), Workflow),
    (Tool, Starts("running tools"), Workflow),
    // A tool's own class as a task.
    (Workflow, Is("FunctionTool.task"), Tool),
    // Hooks of an agent's middleware are marked as agents, for the word in their name.
    (Run, Ends(".before_agent"), Workflow),
    (Run, Ends(".after_agent"), Workflow),
    (Run, Ends(".before_model"), Workflow),
    (Run, Ends(".after_model"), Workflow),
    // Helpers that are marked as calls but call nothing.
    (Llm, Ends("._prepare_chat_with_tools"), Workflow),
    (Llm, Is("raw_gen_ai_request"), Other),
    // A tool's own span that MCP's instrumentation only added to.
    (Mcp, Starts("execute_tool"), Tool),
];

/// Spans of an HTTP client or server that carry nothing but their name.
pub(super) static HTTP_VERBS: &[&str] = &["GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "HEAD ", "OPTIONS "];
