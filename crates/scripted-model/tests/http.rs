//! The server as a client sees it, over real connections.

use reqwest::{Response, StatusCode};
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};
use turnscope_scripted_model::{Endpoint, Fault, Reply, Script, ScriptedModel, Usage};

/// Installs a crypto provider: another crate's features may have built `reqwest` without one, and `reqwest`
/// needs it even for plain HTTP.
fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

const ENDPOINTS: [Endpoint; 3] = [Endpoint::Chat, Endpoint::Responses, Endpoint::Messages];

fn start(replies: impl IntoIterator<Item = Reply>) -> ScriptedModel {
    ScriptedModel::start(Script { replies: replies.into_iter().collect() }).unwrap()
}

/// A request with this text in the endpoint's format.
fn saying(endpoint: Endpoint, text: &str, stream: bool) -> Json {
    match endpoint {
        Endpoint::Chat => json!({
            "model": "m-1",
            "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
            "stream": stream,
            "stream_options": {"include_usage": true},
        }),
        Endpoint::Responses => json!({"model": "m-1", "input": text, "stream": stream}),
        Endpoint::Messages => json!({
            "model": "m-1",
            "max_tokens": 100,
            "messages": [{"role": "user", "content": text}],
            "stream": stream,
        }),
        Endpoint::Embeddings => json!({"model": "e-1", "input": [text]}),
    }
}

async fn ask(model: &ScriptedModel, endpoint: Endpoint, body: &Json) -> Response {
    let url = format!("{}{}", model.url(), endpoint.path());
    client().post(url).header("traceparent", "00-a-b-01").json(body).send().await.unwrap()
}

/// The name and data of each event of a stream.
fn events(text: &str) -> Vec<(Option<String>, Json)> {
    text.split_terminator("\n\n")
        .map(|event| {
            let name = event.lines().find_map(|line| line.strip_prefix("event: ")).map(str::to_owned);
            let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
            (name, serde_json::from_str(data).unwrap_or_else(|_| data.into()))
        })
        .collect()
}

fn everything() -> Reply {
    Reply::text("Let me look.")
        .reasoning("Which order?")
        .and_tool("lookup", json!({"order": 17, "name": "Zoë"}))
        .usage(Usage { input: 120, output: 30, cached: 100, cache_written: 10, reasoning: 8 })
}

#[tokio::test]
async fn responses_have_each_providers_format_streamed_or_not() {
    for endpoint in ENDPOINTS {
        let model = start([everything(), everything()]);
        let whole: Json =
            ask(&model, endpoint, &saying(endpoint, "order 17", false)).await.json().await.unwrap();
        let response = ask(&model, endpoint, &saying(endpoint, "order 17", true)).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let streamed = events(&response.text().await.unwrap());
        for (name, data) in streamed.iter().filter(|(name, _)| name.is_some()) {
            assert_eq!(name.as_deref(), data["type"].as_str());
        }
        let streamed: Vec<Json> = streamed.into_iter().map(|(_, data)| data).collect();
        insta::assert_yaml_snapshot!(format!("{endpoint:?}"), json!({"whole": whole, "streamed": streamed}));
    }
}

#[tokio::test]
async fn replies_are_selected_by_the_last_message_and_then_by_order() {
    let model = start([
        Reply::text("one"),
        Reply::text("again").when("again").repeated(),
        Reply::text("two"),
        Reply::text("only Anthropic").at(Endpoint::Messages),
    ]);
    let mut said = Vec::new();
    for text in ["x", "again", "again", "y", "z"] {
        let answer: Json =
            ask(&model, Endpoint::Chat, &saying(Endpoint::Chat, text, false)).await.json().await.unwrap();
        said.push(answer["choices"][0]["message"]["content"].as_str().map(str::to_owned));
    }
    assert_eq!(
        said,
        [Some("one"), Some("again"), Some("again"), Some("two"), None].map(|s| s.map(str::to_owned))
    );

    let result = json!({"model": "m-1", "messages": [
        {"role": "user", "content": "hello"},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "at sea"}]},
    ]});
    let answer: Json = ask(&model, Endpoint::Messages, &result).await.json().await.unwrap();
    assert_eq!(answer["content"][0]["text"], "only Anthropic");
    let refused = ask(&model, Endpoint::Messages, &result).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let refused: Json = refused.json().await.unwrap();
    assert_eq!(refused["error"]["message"], "the script has no reply to \"at sea\"");
}

#[tokio::test]
async fn similar_texts_have_similar_embeddings() {
    let model = start([Reply::text("not for embeddings")]);
    let body = json!({"model": "e-1", "input": ["the red fox", "the red hen", "quarterly figures"]});
    let answer: Json = ask(&model, Endpoint::Embeddings, &body).await.json().await.unwrap();
    let vector =
        |n: usize| -> Vec<f64> { serde_json::from_value(answer["data"][n]["embedding"].clone()).unwrap() };
    let alike = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let [fox, hen, figures] = [0, 1, 2].map(vector);
    assert!((alike(&fox, &fox) - 1.0).abs() < 1e-9);
    assert!(alike(&fox, &hen) > alike(&fox, &figures), "{answer}");
    assert!(answer["usage"]["prompt_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn errors_have_the_providers_format_and_a_retry_after_header() {
    for endpoint in ENDPOINTS {
        let model = start([Reply::rate_limited(7), Reply::server_error()]);
        let body = saying(endpoint, "hello", true);
        let limited = ask(&model, endpoint, &body).await;
        assert_eq!(
            (limited.status(), &limited.headers()["retry-after"]),
            (StatusCode::TOO_MANY_REQUESTS, &"7".parse().unwrap())
        );
        let limited: Json = limited.json().await.unwrap();
        assert_eq!(limited["error"]["type"], "rate_limit_error");
        assert_eq!(limited["type"] == "error", endpoint == Endpoint::Messages);
        assert_eq!(ask(&model, endpoint, &body).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}

#[tokio::test]
async fn a_cut_off_stream_ends_with_an_error_after_its_first_events() {
    for endpoint in ENDPOINTS {
        let model = start([Reply::fault(Fault::Cut { after: 2 }), Reply::fault(Fault::Cut { after: 2 })]);
        let mut response = ask(&model, endpoint, &saying(endpoint, "hello", true)).await;
        let mut got = String::new();
        let end = loop {
            match response.chunk().await {
                Ok(Some(bytes)) => got.push_str(std::str::from_utf8(&bytes).unwrap()),
                other => break other,
            }
        };
        assert!(end.is_err(), "{endpoint:?}: {end:?}");
        assert_eq!(events(&got).len(), 2, "{endpoint:?}: {got}");
        let whole = ask(&model, endpoint, &saying(endpoint, "hello", false)).await.text().await;
        assert!(whole.is_err(), "{endpoint:?}: {whole:?}");
    }
}

#[tokio::test]
async fn invalid_json_comes_with_status_200() {
    for endpoint in ENDPOINTS {
        let model = start([Reply::fault(Fault::InvalidJson), Reply::fault(Fault::InvalidJson)]);
        let whole = ask(&model, endpoint, &saying(endpoint, "hello", false)).await;
        assert_eq!(whole.status(), StatusCode::OK);
        assert!(serde_json::from_str::<Json>(&whole.text().await.unwrap()).is_err());
        let streamed = ask(&model, endpoint, &saying(endpoint, "hello", true)).await.text().await.unwrap();
        let streamed = events(&streamed);
        assert!(streamed[0].1.is_object() && streamed[1].1.is_string(), "{streamed:?}");
    }
}

#[tokio::test]
async fn a_slow_response_is_slow_and_does_not_delay_the_servers_shutdown() {
    let model = start([
        Reply::fault(Fault::Slow { first_ms: 30, each_ms: 10 }),
        Reply::fault(Fault::Slow { first_ms: 600_000, each_ms: 0 }),
    ]);
    let since = Instant::now();
    let body = saying(Endpoint::Chat, "hello", true);
    let text = ask(&model, Endpoint::Chat, &body).await.text().await.unwrap();
    assert!(events(&text).len() > 5 && since.elapsed() >= Duration::from_millis(80));

    let url = format!("{}{}", model.url(), Endpoint::Chat.path());
    let waiting = tokio::spawn(client().post(url).json(&body).send());
    while model.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    drop(model);
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test]
async fn requests_are_recorded_with_their_headers() {
    let model = start([Reply::text("hi")]);
    ask(&model, Endpoint::Chat, &saying(Endpoint::Chat, "hello", false)).await;
    let url = format!("{}{}", model.url(), Endpoint::Responses.path());
    let refused = client().post(url).body("{").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let requests = model.requests();
    assert_eq!(
        requests.iter().map(|r| r.endpoint).collect::<Vec<_>>(),
        [Endpoint::Chat, Endpoint::Responses]
    );
    assert_eq!((requests[0].header("traceparent"), requests[0].header("none")), (Some("00-a-b-01"), None));
    assert_eq!((&requests[0].body["model"], &requests[1].body), (&json!("m-1"), &json!("{")));
}
