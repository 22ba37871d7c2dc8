//! A server under test: the real binary on free ports, measured through /proc, stopped by its own process id.

use anyhow::{Context as _, bail};
use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A running server.
pub(crate) struct Server {
    child: Child,
    /// UI, REST and OTLP/HTTP.
    pub(crate) listen: SocketAddr,
    /// Time from the start of the process to the ready file.
    pub(crate) ready_after: Duration,
}

/// The resources that the process has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// User and system time, seconds.
    pub(crate) cpu_seconds: f64,
    /// Peak resident memory so far, bytes.
    pub(crate) peak_bytes: u64,
    /// Current resident memory, bytes.
    pub(crate) resident_bytes: u64,
}

impl Server {
    /// Starts the binary on a data directory.
    pub(crate) fn start(binary: &Path, data: &Path, flags: &[&str]) -> anyhow::Result<Self> {
        let ready = data.with_extension("ready");
        let _ = std::fs::remove_file(&ready);
        let began = Instant::now();
        let child = Command::new(binary)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--otlp-grpc",
                "127.0.0.1:0",
                "--otlp-http",
                "127.0.0.1:0",
            ])
            .arg("--data")
            .arg(data)
            .arg("--ready-file")
            .arg(&ready)
            .args(flags)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| {
                format!("cannot start {}: build it with cargo build --release", binary.display())
            })?;
        while !ready.exists() {
            if began.elapsed() > Duration::from_secs(20) {
                bail!("the server was not ready after 20 s");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let ready_after = began.elapsed();
        let addresses: serde_json::Value = serde_json::from_slice(&std::fs::read(&ready)?)?;
        let listen = addresses["listen"].as_str().context("no address")?.parse()?;
        Ok(Self { child, listen, ready_after })
    }

    /// The resources it has used so far.
    pub(crate) fn used(&self) -> anyhow::Result<Used> {
        let pid = self.child.id();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // Fields after the name in parentheses; utime and stime are the 14th and 15th of all, in ticks of 10 ms.
        let after = stat.rsplit_once(')').context("no stat")?.1;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let kib = |name: &str| -> u64 {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
                .unwrap_or(0)
        };
        Ok(Used {
            cpu_seconds: ticks / 100.0,
            peak_bytes: kib("VmHWM:") * 1024,
            resident_bytes: kib("VmRSS:") * 1024,
        })
    }

    /// One GET of the REST interface.
    pub(crate) fn get(&self, path: &str) -> anyhow::Result<serde_json::Value> {
        let mut http = crate::http::Http::connect(self.listen)?;
        let (status, body) = http.get(path)?;
        if status != 200 {
            bail!("GET {path} answered {status}");
        }
        Ok(serde_json::from_slice(&body)?)
    }

    /// Stops it with SIGTERM and waits.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status()?;
        self.child.wait()?;
        Ok(())
    }
}
