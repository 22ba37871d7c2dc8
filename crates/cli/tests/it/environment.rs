//! A test environment: an empty home directory, no environment variables, a fixed width, and servers that
//! stop at the end.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// Time limit for starting and stopping.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An empty home.
pub(crate) struct TestEnvironment {
    home: tempfile::TempDir,
}

/// The result of a command.
#[must_use]
pub(crate) struct CommandOutput {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A server, stopped when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) listen: String,
    pub(crate) otlp_http: String,
}

impl TestEnvironment {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnscope"));
        command
            .args(args)
            .env_clear()
            .current_dir(self.home.path())
            .env("HOME", self.home.path())
            .env("COLUMNS", "100");
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> CommandOutput {
        ran(&self.command(args).output().unwrap())
    }

    /// Runs a command that must succeed, and returns its output.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        ran.out
    }

    /// Runs a command that must succeed, and returns its output as JSON.
    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ok(args)).unwrap()
    }

    /// Starts a server on free ports.
    pub(crate) fn serve(&self, args: &[&str]) -> Server {
        let free = ["--listen", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0"];
        let mut all = vec!["serve", "--data", "data"];
        all.extend(free);
        all.extend(args);
        self.start(&all)
    }

    /// Starts any command that serves.
    pub(crate) fn start(&self, args: &[&str]) -> Server {
        let ready = self.path("ready.json");
        let _ = fs::remove_file(&ready);
        let mut child = self
            .command(args)
            .args(["--ready-file".as_ref(), ready.as_os_str()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while !ready.exists() {
            assert!(child.try_wait().unwrap().is_none(), "{args:?} ended");
            assert!(began.elapsed() < TIMEOUT, "{args:?} was not ready in time");
            std::thread::sleep(Duration::from_millis(10));
        }
        let addresses: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&ready).unwrap()).unwrap();
        let address = |name: &str| addresses[name].as_str().unwrap().to_owned();
        Server { listen: address("listen"), otlp_http: address("otlp_http"), child }
    }
}

impl Server {
    /// Stops the server like a service manager would, and waits.
    pub(crate) fn stop(mut self) {
        self.terminate();
    }

    fn terminate(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let began = Instant::now();
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if began.elapsed() > TIMEOUT {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a corpus file, and waits until it can be read.
    pub(crate) fn send(&self, file: &Path) {
        let body = fs::read(file).unwrap();
        let mut stream = TcpStream::connect(&self.otlp_http).unwrap();
        write!(
            stream,
            "POST /v1/traces HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        stream.write_all(&body).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        assert!(reply.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&reply));
        let mut stream = TcpStream::connect(&self.listen).unwrap();
        let settled = "GET /v1/runs?limit=1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nturnscope-wait-for: all\r\n\r\n";
        stream.write_all(settled.as_bytes()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.terminate();
    }
}

pub(crate) fn ran(output: &Output) -> CommandOutput {
    CommandOutput {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A real capture.
pub(crate) fn corpus(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus").join(file)
}
