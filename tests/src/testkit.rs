//! Starts a server in one line: the real binary on a temporary data directory, or one in this process with any configuration.
//!
//! Servers listen on free ports, and are stopped by their own process id when dropped.

use crate::{
    corpus::{Request, Signal},
    http::{self, Reply},
};
use serde_json::Value as Json;
use std::{
    ops::Deref,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, OnceLock, mpsc},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use turnscope_otlp::decode::Format;
use turnscope_server::{Addresses, Config};

/// The addresses of a running server, and requests to them.
#[derive(Clone, Copy, Debug)]
pub struct At(pub Addresses);

/// Asks for an answer that shows everything acknowledged so far.
pub const SETTLED: (&str, &str) = ("turnscope-wait-for", "all");

impl At {
    /// A GET on the main port, answered once everything that was acknowledged before it can be read.
    pub fn get(&self, path: &str) -> Reply {
        http::send(self.0.listen, "GET", path, &[SETTLED], &[]).expect("an answer")
    }

    /// A GET that must return 200 and JSON.
    pub fn json(&self, path: &str) -> Json {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// Any request on the main port, with a JSON body, answered as [`At::get`].
    pub fn ask(&self, method: &str, path: &str, body: &Json) -> Reply {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        http::send(self.0.listen, method, path, &[("content-type", "application/json"), SETTLED], &body)
            .expect("an answer")
    }

    /// A POST on the OTLP/HTTP port.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        http::send(self.0.otlp_http, "POST", path, headers, body).expect("an answer")
    }

    /// Sends a captured request as its exporter did, without compression.
    pub fn send(&self, request: &Request) -> Reply {
        self.post(path_of(request.signal), &[("content-type", content_type(request.format))], &request.body)
    }
}

/// The OTLP/HTTP path of a signal.
pub fn path_of(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/v1/traces",
        Signal::Logs => "/v1/logs",
        Signal::Metrics => "/v1/metrics",
    }
}

/// The content type of a format.
pub fn content_type(format: Format) -> &'static str {
    if format == Format::Json { "application/json" } else { "application/x-protobuf" }
}

/// The real binary.
pub struct Turnscope {
    child: Child,
    at: At,
    data: Arc<TempDir>,
}

impl Deref for Turnscope {
    type Target = At;
    fn deref(&self) -> &At {
        &self.at
    }
}

impl Turnscope {
    /// Starts the server on a new data directory.
    #[must_use]
    pub fn start() -> Self {
        Self::start_on(Arc::new(tempfile::tempdir().expect("a directory")), &[])
    }

    /// Starts the server on a data directory that may have a store already, with more flags.
    #[must_use]
    pub fn start_on(data: Arc<TempDir>, flags: &[&str]) -> Self {
        let ready = data.path().join("ready.json");
        let _ = std::fs::remove_file(&ready);
        let any = "127.0.0.1:0";
        let mut child = Self::command()
            .args(["--listen", any, "--otlp-grpc", any, "--otlp-http", any])
            .arg("--data")
            .arg(data.path().join("data"))
            .arg("--ready-file")
            .arg(&ready)
            .args(flags)
            .stderr(std::fs::File::create(data.path().join("said.txt")).expect("a file"))
            .spawn()
            .expect("the binary starts");
        let until = Instant::now() + Duration::from_secs(30);
        let addresses = loop {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                break serde_json::from_str(&text).expect("addresses");
            }
            if let Ok(Some(status)) = child.try_wait() {
                let said = std::fs::read_to_string(data.path().join("said.txt")).unwrap_or_default();
                panic!("the server ended at once with {status}: {said}");
            }
            assert!(Instant::now() < until, "the server was not ready in time");
            std::thread::sleep(Duration::from_millis(5));
        };
        Self { child, at: At(addresses), data }
    }

    /// `turnscope serve` with a cleared environment, not yet started.
    pub fn command() -> Command {
        let mut command = Self::program();
        command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// `turnscope` with a cleared environment, for any of its commands.
    pub fn program() -> Command {
        let mut command = Command::new(program("turnscope"));
        command.env_clear();
        command
    }

    /// The parent of the data directory, for starting on it again.
    pub fn data(&self) -> Arc<TempDir> {
        Arc::clone(&self.data)
    }

    /// Kills it (SIGKILL).
    pub fn kill(mut self) {
        self.child.kill().expect("the process is ours");
        self.child.wait().expect("it ends");
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    }

    /// Waits until it has exited.
    pub fn wait(mut self) -> ExitStatus {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().expect("the process is ours") {
                return status;
            }
            assert!(Instant::now() < until, "the server did not stop in time");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Its peak resident memory in bytes, from the kernel.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("kB") * 1024
    }
}

impl Drop for Turnscope {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path of a binary of this workspace, or of an example (`examples/NAME`).
///
/// `cargo xtask test` has built them all and names their folder in `TURNSCOPE_PROGRAMS`. Without it, they are built here once, in the
/// profile of the test.
pub fn program(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let program = FOLDER
        .get_or_init(|| std::env::var_os("TURNSCOPE_PROGRAMS").map_or_else(build_programs, Into::into))
        .join(name);
    assert!(
        program.exists(),
        "{} is not there: unset TURNSCOPE_PROGRAMS to have it built",
        program.display()
    );
    program
}

fn build_programs() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let folder = test.ancestors().nth(2).expect("target/<profile>/deps/<test>");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(name) => name,
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--bins", "--examples", "--profile", profile])
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
        .arg("--target-dir")
        .arg(folder.parent().expect("target"))
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the programs do not build");
    folder.to_owned()
}

/// A server in this process.
pub struct InProcess {
    at: At,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    _data: TempDir,
}

impl Deref for InProcess {
    type Target = At;
    fn deref(&self) -> &At {
        &self.at
    }
}

impl InProcess {
    /// Starts with a configuration.
    #[must_use]
    pub fn start(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let mut config = Config::new(data.path().to_owned());
        change(&mut config);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (ready, addresses) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let serving = turnscope_server::serve(
                config,
                |addresses| {
                    let _ = ready.send(addresses);
                    Ok(())
                },
                async {
                    let _ = stopped.await;
                },
            );
            runtime.block_on(serving).expect("the server runs");
        });
        let at = At(addresses.recv_timeout(Duration::from_secs(30)).expect("the server is ready"));
        Self { at, stop: Some(stop), thread: Some(thread), _data: data }
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(std::thread::JoinHandle::join);
        if let Some(Err(panic)) = ended
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}
