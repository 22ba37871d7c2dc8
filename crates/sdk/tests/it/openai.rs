//! The real `async-openai` client against a scripted model.

use crate::tree::{self, Kept};
use async_openai::{
    Client,
    config::OpenAIConfig,
    types::{
        chat::CreateChatCompletionRequest, embeddings::CreateEmbeddingRequest, responses::CreateResponse,
    },
};
use futures_util::StreamExt;
use serde_json::{Value as Json, json};
use turnscope::{Recorder, openai::Record};
use turnscope_scripted_model::{Fault, Reply, Script, ScriptedModel, Usage};

fn start(replies: impl IntoIterator<Item = Reply>) -> (ScriptedModel, Client<OpenAIConfig>) {
    crate::with_crypto();
    let model = ScriptedModel::start(Script { replies: replies.into_iter().collect() }).unwrap();
    let config = OpenAIConfig::new().with_api_base(model.base_url()).with_api_key("none");
    (model, Client::with_config(config))
}

fn recorder() -> (Recorder, Kept) {
    let (recorder, kept) = tree::recorder();
    (recorder.with_content(true), kept)
}

fn answers() -> [Reply; 2] {
    let usage = Usage { input: 120, output: 18, cached: 100, reasoning: 5, ..Usage::default() };
    let tool = Reply::tool("lookup", json!({"order": 17})).usage(usage);
    [tool, Reply::text("It is at sea.").usage(Usage { input: 160, output: 6, ..usage })]
}

fn chat(messages: &Json) -> CreateChatCompletionRequest {
    let request = json!({
        "model": "gpt-5-mini",
        "messages": messages,
        "max_completion_tokens": 256,
        "temperature": 0.2,
        "stop": ["END"],
        "tools": [{"type": "function", "function": {"name": "lookup", "description": "finds orders"}}],
        "stream_options": {"include_usage": true},
    });
    serde_json::from_value(request).unwrap()
}

/// A conversation with a tool call.
fn conversation() -> Json {
    json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [
            {"type": "text", "text": "Where is order 17?"},
            {"type": "image_url", "image_url": {"url": "http://localhost/label.png"}},
        ]},
        {"role": "assistant", "tool_calls": [
            {"id": "call_1_1", "type": "function", "function": {"name": "lookup", "arguments": "{\"order\":17}"}},
        ]},
        {"role": "tool", "tool_call_id": "call_1_1", "content": "at sea"},
    ])
}

fn respond(input: &Json) -> CreateResponse {
    let request = json!({
        "model": "gpt-5-mini",
        "instructions": "Be brief.",
        "input": input,
        "max_output_tokens": 256,
        "reasoning": {"effort": "low"},
        "tools": [{"type": "function", "name": "lookup", "parameters": {"type": "object"}, "strict": true}],
    });
    serde_json::from_value(request).unwrap()
}

fn items() -> Json {
    json!([
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Where is order 17?"}]},
        {"type": "function_call", "call_id": "call_1_1", "name": "lookup", "arguments": "{\"order\":17}"},
        {"type": "function_call_output", "call_id": "call_1_1", "output": "at sea"},
    ])
}

#[tokio::test]
async fn chat_completions_are_steps_with_what_went_in_and_came_out() {
    let (_model, client) = start(answers());
    let (recorder, kept) = recorder();
    let run = recorder.run("helpdesk");
    let turn = run.turn();
    let hello = json!([{"role": "user", "content": "Where is order 17?"}]);
    let answer = client.chat().recorded_in(&turn).create(chat(&hello)).await.unwrap();
    assert_eq!(answer.choices[0].message.tool_calls.as_ref().unwrap().len(), 1);
    let _entered = turn.enter();
    client.chat().recorded().provider("groq").create(chat(&conversation())).await.unwrap();
    drop(turn);
    drop(run);
    insta::assert_snapshot!(kept.tree());
}

/// The tree without the attributes that only streams have.
fn without_stream(tree: &str) -> String {
    let differs = ["request.stream =", "time_to_first_chunk ="];
    tree.lines().filter(|line| !differs.iter().any(|part| line.contains(part))).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_streamed_chat_completion_is_recorded_like_a_whole_one() {
    let (_model, client) = start(answers().into_iter().chain(answers()));
    let (whole, streamed) = (recorder(), recorder());
    let ask = async |(recorder, kept): &(Recorder, Kept), stream: bool| {
        let run = recorder.run("helpdesk");
        for messages in [json!([{"role": "user", "content": "Where is order 17?"}]), conversation()] {
            let chat_api = client.chat().recorded_in(&run);
            if stream {
                let mut pieces = chat_api.create_stream(chat(&messages)).await.unwrap();
                let mut count = 0;
                while let Some(piece) = pieces.next().await {
                    piece.unwrap();
                    count += 1;
                }
                assert!(count > 3, "{count}");
            } else {
                chat_api.create(chat(&messages)).await.unwrap();
            }
        }
        drop(run);
        kept.tree()
    };
    let (whole, streamed) = (ask(&whole, false).await, ask(&streamed, true).await);
    assert_eq!(streamed.matches("gen_ai.request.stream = true").count(), 2);
    assert_eq!(streamed.matches("gen_ai.response.time_to_first_chunk = ").count(), 2);
    // The script numbers its responses.
    let numbered = |text: &str| {
        text.replace("chatcmpl-3", "chatcmpl-1")
            .replace("chatcmpl-4", "chatcmpl-2")
            .replace("call_3_1", "call_1_1")
    };
    assert_eq!(without_stream(&numbered(&streamed)), whole.trim_end());
}

#[tokio::test]
async fn responses_whole_and_streamed_are_recorded_alike() {
    let (_model, client) = start(answers().into_iter().chain(answers()));
    let (recorder, kept) = recorder();
    for input in [json!("Where is order 17?"), items()] {
        let run = recorder.run("helpdesk");
        client.responses().recorded_in(&run).create(respond(&input)).await.unwrap();
    }
    let whole = kept.tree();
    insta::assert_snapshot!(whole);

    let (recorder, kept) = self::recorder();
    for input in [json!("Where is order 17?"), items()] {
        let run = recorder.run("helpdesk");
        let mut events = client.responses().recorded_in(&run).create_stream(respond(&input)).await.unwrap();
        while let Some(event) = events.next().await {
            event.unwrap();
        }
    }
    let streamed =
        kept.tree().replace("resp_3", "resp_1").replace("resp_4", "resp_2").replace("call_3_1", "call_1_1");
    assert_eq!(without_stream(&streamed), whole.trim_end());
}

#[tokio::test]
async fn the_clients_retries_are_one_step() {
    let (model, client) = start([Reply::rate_limited(0), Reply::text("hi")]);
    let (recorder, kept) = recorder();
    let run = recorder.run("helpdesk");
    client.chat().recorded_in(&run).create(chat(&json!([]))).await.unwrap();
    drop(run);
    assert_eq!(model.requests().len(), 2);
    let tree = kept.tree();
    assert_eq!((tree.matches("chat gpt-5-mini").count(), tree.contains("error")), (1, false), "{tree}");
}

#[tokio::test]
async fn each_failure_has_a_name_and_ends_its_step() {
    let refused = |code| Reply::fault(Fault::Status { code, retry_after_s: None });
    let (_model, client) = start([
        refused(400),
        Reply::fault(Fault::InvalidJson),
        Reply::fault(Fault::Cut { after: 2 }),
        Reply::fault(Fault::Cut { after: 3 }),
        refused(400),
    ]);
    let (recorder, kept) = recorder();
    let run = recorder.run("helpdesk");
    for _ in 0..3 {
        client.chat().recorded_in(&run).create(chat(&json!([]))).await.unwrap_err();
    }
    let mut pieces = client.chat().recorded_in(&run).create_stream(chat(&json!([]))).await.unwrap();
    let mut last = None;
    while let Some(piece) = pieces.next().await {
        last = Some(piece);
    }
    assert!(matches!(last, Some(Err(_))), "{last:?}");
    drop(pieces);
    client.chat().recorded_in(&run).create_stream(chat(&json!([]))).await.unwrap_err();
    drop(run);
    let tree = kept.tree();
    let kinds: Vec<_> = tree.lines().filter_map(|line| line.trim().strip_prefix(". error.type = ")).collect();
    assert_eq!(
        kinds,
        [
            "invalid_request_error",
            "invalid_response",
            "connection_error",
            "stream_error",
            "invalid_request_error"
        ],
        "{tree}"
    );
    assert!(tree.contains(r#""content":"This is ""#), "text before the truncation is recorded: {tree}");
}

#[tokio::test]
async fn a_stream_that_is_dropped_ends_its_step_with_what_came() {
    let (_model, client) = start([Reply::text("one two three")]);
    let (recorder, kept) = recorder();
    let run = recorder.run("helpdesk");
    let mut pieces = client.chat().recorded_in(&run).create_stream(chat(&json!([]))).await.unwrap();
    pieces.next().await.unwrap().unwrap();
    pieces.next().await.unwrap().unwrap();
    drop(pieces);
    drop(run);
    assert!(kept.tree().contains(r#""content":"one ""#), "{}", kept.tree());
}

#[tokio::test]
async fn embeddings_are_steps_too_and_contents_stay_out_unless_asked_for() {
    let (_model, client) = start([Reply::text("hello")]);
    let (recorder, kept) = tree::recorder();
    let run = recorder.run("helpdesk");
    let request: CreateEmbeddingRequest =
        serde_json::from_value(json!({"model": "text-embedding-3-small", "input": "order"})).unwrap();
    client.embeddings().recorded_in(&run).create(request).await.unwrap();
    client.chat().recorded_in(&run).create(chat(&conversation())).await.unwrap();
    drop(run);
    insta::assert_snapshot!(kept.tree());
}
