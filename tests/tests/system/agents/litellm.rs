//! A LiteLLM proxy between an agent and its model that exports to the same server: its spans are children of the agent's calls.

use super::World;
use crate::venv;
use serde_json::Value as Json;
use std::{
    collections::HashMap,
    fs::File,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use turnscope_tests::http;

/// The settings of docs/agents.md, with the scripted model behind them.
const SETTINGS: &str = "model_list:
  - model_name: gpt-4o-mini
    litellm_params: {model: openai/gpt-4o-mini, api_base: os.environ/UPSTREAM, api_key: none}
litellm_settings:
  callbacks: [\"otel\"]
";
/// The proxy needs a key and refuses short ones.
const KEY: &str = "sk-5b0f3a9e7c1d4826a0e9b7d3c5f1e824";

/// The proxy, stopped by its own process id.
struct Proxy {
    child: Child,
    address: SocketAddr,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Proxy {
    /// Starts it on a free port and waits until it answers.
    fn start(world: &World, programs: &std::path::Path) -> Self {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
        let address = address.expect("a free port");
        let at = |name: &str| world.directory.path().join(name);
        std::fs::write(at("litellm.yaml"), SETTINGS).expect("written");
        let said = File::create(at("litellm.txt")).expect("a file");
        let child = Command::new(programs.join("litellm"))
            .args(["--config", "litellm.yaml", "--host", "127.0.0.1", "--port", &address.port().to_string()])
            .env_clear()
            .env(
                "PATH",
                std::env::join_paths([programs, "/usr/bin".as_ref(), "/bin".as_ref()]).expect("a path"),
            )
            .env("HOME", world.directory.path())
            .env("NO_PROXY", "127.0.0.1")
            .env("UPSTREAM", world.model.base_url())
            .env("LITELLM_MASTER_KEY", KEY)
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
            .env("OTEL_EXPORTER", "otlp_http")
            .env("OTEL_ENDPOINT", format!("http://{}/v1/traces", world.server.0.otlp_http))
            .current_dir(world.directory.path())
            .stdin(Stdio::null())
            .stdout(said.try_clone().expect("a file"))
            .stderr(said)
            .spawn()
            .expect("the proxy");
        let mut proxy = Self { child, address };
        let until = Instant::now() + Duration::from_secs(300);
        let is_ready = |address| {
            http::send(address, "GET", "/health/liveliness", &[], &[]).is_ok_and(|reply| reply.status == 200)
        };
        while !is_ready(address) {
            let said = || std::fs::read_to_string(at("litellm.txt")).unwrap_or_default();
            let ended = proxy.child.try_wait().expect("the process is ours");
            assert!(ended.is_none() && Instant::now() < until, "the proxy did not start: {}", said());
            std::thread::sleep(Duration::from_millis(100));
        }
        proxy
    }
}

/// The steps of a trace, once the proxy's spans have arrived.
fn steps(world: &World, trace: &str) -> Vec<Json> {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let steps =
            world.server.json(&format!("/v1/traces/{trace}"))["steps"].as_array().expect("steps").clone();
        if steps.iter().filter(|step| step["name"] == "litellm_request").count() == 2 {
            return steps;
        }
        assert!(Instant::now() < until, "the proxy exported nothing: {steps:#?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn the_proxys_spans_lie_below_the_agents_calls() {
    if venv::is_left_out() {
        return;
    }
    let programs = match venv::programs("litellm.txt", Duration::from_secs(300)) {
        Ok(programs) => programs,
        Err(why) => {
            println!("left out, as LiteLLM cannot be installed: {why}");
            return;
        }
    };
    let world = World::of("", "quick-start.script.json");
    let proxy = Proxy::start(&world, &programs);
    let mut agents = world.agents(&["run", "quick-start.yaml", "-p", "What time is it?"]);
    agents.env("OPENAI_BASE_URL", format!("http://{}/v1", proxy.address)).env("OPENAI_API_KEY", KEY);
    let ran = agents.output().expect("the program");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "I have looked at the clock for you.\n");

    let runs = world.server.json("/v1/runs?agent=traced-agent")["runs"].clone();
    let trace = runs[0]["trace_id"].as_str().expect("a trace");
    let steps = steps(&world, trace);
    let by_id: HashMap<&str, &Json> =
        steps.iter().filter_map(|step| Some((step["span_id"].as_str()?, step))).collect();
    let above = |step: &Json| step["parent_step_id"].as_str().and_then(|id| by_id.get(id).copied()).cloned();
    for request in steps.iter().filter(|step| step["name"] == "litellm_request") {
        assert_eq!(request["service_name"], "litellm");
        let ancestors: Vec<Json> = std::iter::successors(above(request), above).collect();
        let names: Vec<&str> = ancestors.iter().filter_map(|step| step["name"].as_str()).collect();
        let call = names.iter().position(|name| *name == "chat gpt-4o-mini");
        assert_eq!(names.get(call.expect("below a call") + 1), Some(&"agent.turn"), "{names:?}");
    }
    // The proxy's span of a call is not counted in addition to the agent's own.
    let run = world.server.json(&format!("/v1/runs/{}", runs[0]["run_id"].as_str().expect("an id")));
    assert_eq!((&run["llm_call_count"], &run["turn_count"]), (&2.into(), &2.into()), "{run:#}");
    assert_eq!((&run["input_tokens"], &run["output_tokens"]), (&205.into(), &20.into()), "{run:#}");
    let all = world.server.json("/v1/runs")["runs"].clone();
    assert_eq!(all.as_array().map(Vec::len), Some(1), "the proxy's spans are the run's: {all:#}");
}
