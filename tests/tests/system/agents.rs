//! The reference agents as programs, a scripted model, and a running server: the examples of docs/agents.md, seen in the command
//! line, over REST and in the audit trail.

use serde_json::Value as Json;
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use turnscope_scripted_model::ScriptedModel;
use turnscope_tests::testkit::{Turnscope, program};

/// The examples, a model that answers as their script says, and a server.
struct World {
    server: Turnscope,
    model: ScriptedModel,
    directory: TempDir,
}

/// A served agent, stopped by its own id.
struct Served {
    child: Child,
    url: String,
    _out: BufReader<ChildStdout>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

impl World {
    /// With the files of an example, which send to this server.
    fn of(folder: &str, script: &str) -> Self {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/agents/examples").join(folder);
        let server = Turnscope::start();
        let directory = tempfile::tempdir().expect("a directory");
        for file in std::fs::read_dir(&examples).expect("examples").flatten() {
            if let Ok(text) = std::fs::read_to_string(file.path()) {
                let text = text.replace("http://localhost:4317", &format!("http://{}", server.0.otlp_grpc));
                std::fs::write(directory.path().join(file.file_name()), text).expect("written");
            }
        }
        let script = std::fs::read_to_string(examples.join(script)).expect("a script");
        let model = ScriptedModel::start(serde_json::from_str(&script).expect("a script")).expect("a model");
        Self { server, model, directory }
    }

    fn data(&self) -> PathBuf {
        self.server.data().path().join("data")
    }

    fn agents(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program("turnscope-agents"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.directory.path())
            .env("OPENAI_BASE_URL", self.model.base_url())
            .env("ANTHROPIC_BASE_URL", self.model.url())
            .env("TURNSCOPE_DATA", self.data())
            .current_dir(self.directory.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs an agent that has to answer.
    fn run(&self, args: &[&str]) -> String {
        let ran = self.agents(args).output().expect("the program");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("text")
    }

    fn serve(&self, role: &str) -> Served {
        let mut child = self.agents(&["serve", role]).stdout(Stdio::piped()).spawn().expect("the program");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut url = String::new();
        out.read_line(&mut url).expect("an address");
        assert!(url.starts_with("http://"), "{role} did not start");
        Served { child, url: url.trim().to_owned(), _out: out }
    }

    /// `turnscope` on the server's data.
    fn turnscope(&self, args: &[&str]) -> String {
        let ran = Command::new(program("turnscope"))
            .args(args)
            .arg("--data")
            .arg(self.data())
            .env_clear()
            .env("HOME", self.directory.path())
            .output()
            .expect("the program");
        assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("text")
    }

    /// The runs, once there are so many and all have ended.
    fn runs(&self, count: usize) -> Vec<Json> {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let runs = self.server.json("/v1/runs?limit=100")["runs"].as_array().expect("runs").clone();
            if runs.len() == count && runs.iter().all(|run| run["status"] != "running") {
                return runs;
            }
            assert!(Instant::now() < until, "{runs:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn audit_of(&self, run: &Json) -> Vec<Json> {
        let path = format!("/v1/runs/{}/audit", run["run_id"].as_str().expect("an id"));
        self.server.json(&path)["records"].as_array().expect("records").clone()
    }
}

#[test]
fn quick_start_with_each_runner() {
    for runner in ["openai-agent", "plan_execute", "deep-agent"] {
        let world = World::of("", "quick-start.script.json");
        let answer = world.run(&["run", "quick-start.yaml", "-p", "What time is it?", "--runner", runner]);
        assert_eq!(answer, "I have looked at the clock for you.\n");
        let run = &world.runs(1)[0];
        assert_eq!(
            (&run["agent_name"], &run["status"]),
            (&"traced-agent".into(), &"completed".into()),
            "{run:#}"
        );
        assert_eq!(run["trigger_type"], "cli");
        assert_eq!(run["input_preview"], "What time is it?");
        assert_eq!(run["output_preview"], "I have looked at the clock for you.");
        assert_eq!(run["turn_count"], run["llm_call_count"], "{runner}: {run:#}");
        let shown = world.turnscope(&["show", "last"]);
        assert!(shown.contains("traced-agent") && shown.contains("gpt-4o-mini"), "{shown}");
        if runner != "plan_execute" {
            assert_eq!(run["tools"], serde_json::json!(["clock"]));
            assert!(shown.contains("clock"), "{shown}");
        }
        let records = world.audit_of(run);
        assert_eq!(records.len(), 1);
        assert_eq!((&records[0]["record"], &records[0]["source"]), (&"run".into(), &"agent".into()));
        assert_eq!(records[0]["input_tokens"], run["input_tokens"], "{runner}");
        assert!(world.turnscope(&["audit", "verify"]).contains("each as it was written"));
    }
}

#[test]
fn customer_support_escalates_over_four_processes_in_one_trace() {
    let world = World::of("support", "script.json");
    let (billing, technical, manager) =
        (world.serve("billing.yaml"), world.serve("technical.yaml"), world.serve("manager.yaml"));
    let triage = world.directory.path().join("triage.yaml");
    let text = std::fs::read_to_string(&triage).expect("a role");
    let text =
        text.replace("http://127.0.0.1:7001", &billing.url).replace("http://127.0.0.1:7002", &technical.url);
    std::fs::write(&triage, text.replace("http://127.0.0.1:7003", &manager.url)).expect("written");
    let answer =
        world.run(&["run", "triage.yaml", "-p", "My order 7 for 240 never came.", "--session", "s-7"]);
    assert_eq!(answer, "We are sorry: 240 for your order 7 is refunded.\n");

    let runs = world.runs(3);
    let named = |name: &str| runs.iter().find(|run| run["agent_name"] == name).expect(name);
    let (triage, billing, manager) = (named("triage"), named("billing"), named("manager"));
    for run in [billing, manager] {
        assert_eq!(run["parent_run_id"], triage["run_id"], "{run:#}");
        assert_eq!(run["trace_id"], triage["trace_id"]);
        assert_eq!((&run["session_id"], &run["tool_call_count"]), (&"s-7".into(), &1.into()), "{run:#}");
    }
    assert_eq!(
        (&billing["deny_count"], &billing["user_role"]),
        (&1.into(), &"billing_clerk".into()),
        "{billing:#}"
    );
    assert_eq!(manager["deny_count"], 0);

    // The verdict in the trail, from it to its step, and back.
    let denied: Vec<Json> =
        world.audit_of(billing).into_iter().filter(|record| record["verdict"] == "deny").collect();
    assert_eq!(denied.len(), 1);
    assert_eq!((&denied[0]["tool"], &denied[0]["risk_tier"]), (&"memory_set".into(), &"high".into()));
    assert_eq!(denied[0]["reason"], "refunds above 100 are the manager's");
    let steps =
        world.server.json(&format!("/v1/traces/{}", denied[0]["trace_id"].as_str().expect("a trace")));
    let gate =
        steps["steps"].as_array().expect("steps").iter().find(|step| step["span_id"] == denied[0]["span_id"]);
    assert_eq!(gate.expect("the gate's step")["verdict"]["reason"], denied[0]["reason"]);
    let exported = world.turnscope(&["audit", "export", "--denied", "--format", "csv"]);
    assert_eq!(exported.lines().count(), 2, "{exported}");
    assert!(world.turnscope(&["show", "last"]).contains("manager"));
}
