//! Ingesting and searching documents, and errors on the way.

use crate::world::World;
use serde_json::json;
use std::fs;
use turnscope_agents::{AgentError, Role, Runner, ingest::IngestError};
use turnscope_scripted_model::{Endpoint, Fault, Reply, Script};

const INGEST: &str = "  ingest: {paths: [docs/], chunk_size: 60, chunk_overlap: 0, top_k: 1}\n";

/// A test setup with documents, one of which is not text.
fn with_documents(script: Script) -> World {
    let world = World::new(script);
    fs::create_dir_all(world.directory.path().join("docs/more")).unwrap();
    world.write(
        "docs/refunds.md",
        "Refunds above 100 are the manager's.\n\nSmaller refunds are made at once.",
    );
    world.write("docs/more/pump.md", "When the pump hums, open the valve.");
    fs::write(world.directory.path().join("docs/picture.png"), b"\x89PNG\0").unwrap();
    world
}

fn looking(query: &str) -> Script {
    Script::new().reply(Reply::tool("search_docs", json!({ "query": query }))).reply(Reply::text("Found."))
}

/// The embedded texts of each request.
fn embedded(world: &World) -> Vec<Vec<String>> {
    let requests = world.model.requests();
    let inputs = requests.iter().filter(|request| request.endpoint == Endpoint::Embeddings);
    inputs.map(|request| serde_json::from_value(request.body["input"].clone()).unwrap()).collect()
}

fn role(world: &World, more: &str) -> Role {
    world.role("openai", &format!("{INGEST}{more}"))
}

#[tokio::test]
async fn documents_are_ingested_and_found() {
    let world = with_documents(looking("the pump hums"));
    let role = role(&world, "  tools: [{mcp: builtin}]\n");
    let result = world.run(role, Runner::OpenAiAgent, "What do I do when the pump hums?").await.unwrap();
    assert_eq!(result.text, "Found.");
    insta::assert_snapshot!(world.tree());
    let reply = world.model.requests().last().unwrap().body["messages"][3]["content"].clone();
    assert_eq!(reply, "docs/more/pump.md: When the pump hums, open the valve.");
    let chunks = [
        "When the pump hums, open the valve.",
        "Refunds above 100 are the manager's.",
        "Smaller refunds are made at once.",
    ];
    assert_eq!(embedded(&world), [chunks.map(str::to_owned).to_vec(), vec!["the pump hums".to_owned()]]);
}

#[tokio::test]
async fn initrunner_names() {
    let world = with_documents(Script::new());
    let role = role(&world, "  observability: {backend: otlp, names: initrunner}\n");
    world.open(role, Runner::OpenAiAgent).await.unwrap().close().await;
    insta::assert_snapshot!(world.tree());
}

#[tokio::test]
async fn only_what_changed_is_embedded_again() {
    let world = with_documents(Script::new());
    let open = async || world.open(role(&world, ""), Runner::OpenAiAgent).await.unwrap().close().await;
    open().await;
    open().await;
    assert_eq!((embedded(&world).len(), world.spans("ingest").len()), (1, 1), "nothing has changed");
    world.write("docs/more/pump.md", "When the pump hums, close the valve.");
    fs::remove_file(world.directory.path().join("docs/refunds.md")).unwrap();
    open().await;
    assert_eq!(embedded(&world)[1..], [["When the pump hums, close the valve."]]);
    let index = fs::read_to_string(world.directory.path().join("role.index.json")).unwrap();
    assert!(
        index.contains("close the valve") && !index.contains("Refunds"),
        "deleted documents leave the index"
    );
    world.write("role.index.json", "[]");
    let error = world.open(role(&world, ""), Runner::OpenAiAgent).await.err().unwrap();
    assert_eq!((error.kind(), error.exit_code()), ("index", 1), "{error}");
}

#[tokio::test]
async fn many_chunks_are_embedded_in_batches() {
    let world = with_documents(Script::new());
    let words: Vec<String> = (0..400).map(|n| format!("word{n}")).collect();
    world.write("docs/long.txt", &words.join(" "));
    world.open(role(&world, ""), Runner::OpenAiAgent).await.unwrap().close().await;
    let sizes: Vec<usize> = embedded(&world).iter().map(Vec::len).collect();
    assert!(sizes.len() > 1 && sizes[..sizes.len() - 1].iter().all(|size| *size == 32), "{sizes:?}");
    assert_eq!(world.spans("embeddings text-embedding-3-small").len(), sizes.len());
}

#[tokio::test]
async fn missing_and_empty_documents_are_errors() {
    let world = World::new(Script::new());
    let open = async || world.open(role(&world, ""), Runner::OpenAiAgent).await.err().unwrap();
    let missing = open().await;
    assert!(matches!(missing, AgentError::Ingest(IngestError::Documents { .. })), "{missing}");
    assert!(missing.to_string().contains("docs/: "), "{missing}");
    assert_eq!(missing.exit_code(), 2);
    fs::create_dir(world.directory.path().join("docs")).unwrap();
    fs::write(world.directory.path().join("docs/only.bin"), [0, 1, 2]).unwrap();
    let nothing = open().await;
    assert_eq!((nothing.kind(), nothing.exit_code()), ("documents", 2), "{nothing}");
    assert_eq!(world.tree().lines().filter(|line| line.starts_with("ingest error: ")).count(), 2);
}

#[tokio::test]
async fn a_failing_endpoint_is_retried_a_limited_number_of_times() {
    let failing = |reply: Reply| Script::new().reply(reply.at(Endpoint::Embeddings));
    for fault in
        [Fault::Status { code: 503, retry_after_s: None }, Fault::InvalidJson, Fault::Cut { after: 0 }]
    {
        let world = with_documents(failing(Reply::fault(fault)));
        world.open(role(&world, ""), Runner::OpenAiAgent).await.unwrap().close().await;
        assert_eq!(embedded(&world).len(), 2, "{fault:?}");
    }
    let world = with_documents(failing(Reply::fault(Fault::Status { code: 401, retry_after_s: None })));
    let error = world.open(role(&world, ""), Runner::OpenAiAgent).await.err().unwrap();
    assert_eq!((error.kind(), error.exit_code()), ("provider_error", 3), "{error}");
    assert!(world.tree().starts_with("ingest error: cannot embed the documents"), "{}", world.tree());
    assert!(!world.directory.path().join("role.index.json").exists());
}
