//! Runs the reference agents as programs with a scripted model and a server, and checks the command line, REST
//! and the audit trail.

mod examples;
mod later;
mod litellm;
mod policy;
mod runners;

use serde_json::Value as Json;
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use turnscope_scripted_model::{Script, ScriptedModel};
use turnscope_tests::testkit::{Turnscope, program};

/// An example, a model that answers from its script, and a server.
struct World {
    server: Turnscope,
    model: ScriptedModel,
    directory: TempDir,
}

/// A served agent, stopped by its own process id.
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
    /// With the files of an example, changed to send to this server.
    fn of(folder: &str, script: &str) -> Self {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/agents/examples").join(folder);
        let server = Turnscope::start();
        let directory = tempfile::tempdir().expect("a directory");
        copy(&examples, directory.path(), &format!("http://{}", server.0.otlp_grpc));
        let script = std::fs::read_to_string(examples.join(script)).expect("a script");
        let model = ScriptedModel::start(serde_json::from_str(&script).expect("a script")).expect("a model");
        Self { server, model, directory }
    }

    /// With a role of its own.
    fn with_role(role: &str, script: Script) -> Self {
        let server = Turnscope::start();
        let directory = tempfile::tempdir().expect("a directory");
        let observability = format!(
            "  observability: {{backend: otlp, endpoint: 'http://{}', include_content: true}}\n",
            server.0.otlp_grpc
        );
        std::fs::write(directory.path().join("role.yaml"), format!("{role}{observability}"))
            .expect("written");
        Self { server, model: ScriptedModel::start(script).expect("a model"), directory }
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

    /// Runs an agent, which must succeed.
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

    /// The runs, once there are this many and all have ended.
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

/// Copies an example and makes it send to `endpoint`.
fn copy(from: &Path, to: &Path, endpoint: &str) {
    std::fs::create_dir_all(to).expect("a folder");
    for file in std::fs::read_dir(from).expect("examples").flatten() {
        let to = to.join(file.file_name());
        if file.path().is_dir() {
            copy(&file.path(), &to, endpoint);
        } else if let Ok(text) = std::fs::read_to_string(file.path()) {
            std::fs::write(to, text.replace("http://localhost:4317", endpoint)).expect("written");
        }
    }
}
