//! A real Prometheus scrapes the metrics page, with the configuration, the query and the alert of `docs/metrics.md`.
//!
//! The test is left out on a machine without Prometheus. CI installs it.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::Span,
};
use serde_json::Value as Json;
use std::{
    fmt::Write as _,
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use turnscope_tests::{http, load, testkit::Turnscope};

const DOCS: &str = include_str!("../../../docs/metrics.md");
const PROTOBUF: [(&str, &str); 1] = [("content-type", "application/x-protobuf")];

/// The block of code in the docs that contains this.
fn documented(what: &str) -> &'static str {
    let mut blocks = DOCS.split("```").skip(1).step_by(2);
    let block = blocks.find(|block| block.contains(what)).expect("a block of the docs");
    block.split_once('\n').expect("a language, then the code").1
}

/// A running Prometheus.
struct Prometheus {
    address: SocketAddr,
    child: Child,
    directory: TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prometheus {
    /// Scrapes a server each second. `None` where Prometheus is not installed.
    fn start(server: SocketAddr) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let config = documented("scrape_configs").replace("127.0.0.1:8000", &server.to_string());
        let often = "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n";
        let file = directory.path().join("prometheus.yml");
        std::fs::write(&file, format!("{often}{config}")).unwrap();
        std::fs::write(directory.path().join("turnscope-rules.yml"), documented("alert:")).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let said = std::fs::File::create(directory.path().join("said.txt")).unwrap();
        let started = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", directory.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn();
        match started {
            Ok(child) => Some(Self { address, child, directory }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                println!("left out: there is no program `prometheus` (Debian's package has the same name)");
                None
            }
            Err(error) => panic!("prometheus does not start: {error}"),
        }
    }

    /// What its API answers, once it does and the answer is as wanted.
    fn wait(&self, path: &str, wanted: impl Fn(&Json) -> bool) -> Json {
        let until = Instant::now() + Duration::from_secs(90);
        let mut last = String::new();
        while Instant::now() < until {
            match http::send(self.address, "GET", path, &[], &[]) {
                Ok(reply) if reply.status == 200 => {
                    let data = reply.json()["data"].take();
                    if wanted(&data) {
                        return data;
                    }
                    last = data.to_string();
                }
                Ok(reply) => last = reply.text(),
                Err(error) => last = error.to_string(),
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("{path} answers {last}; prometheus said {}", self.said());
    }

    /// The result of a query, once it is as wanted.
    fn query(&self, query: &str, wanted: impl Fn(&[Json]) -> bool) -> Vec<Json> {
        let mut encoded = String::new();
        for byte in query.bytes() {
            let _ = write!(encoded, "%{byte:02X}");
        }
        let wanted = |data: &Json| data["result"].as_array().is_some_and(|result| wanted(result));
        let data = self.wait(&format!("/api/v1/query?query={encoded}"), wanted);
        data["result"].as_array().cloned().unwrap_or_default()
    }

    fn said(&self) -> String {
        let path: &Path = self.directory.path();
        std::fs::read_to_string(path.join("said.txt")).unwrap_or_default()
    }
}

/// The value of a sample.
fn value(sample: &Json) -> f64 {
    sample["value"][1].as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn truth(key: &str, value: bool) -> KeyValue {
    let value = AnyValue { value: Some(Value::BoolValue(value)) };
    KeyValue { key: key.into(), value: Some(value), key_strindex: 0 }
}

/// Calls of a tool that a policy judged.
fn calls(run: u64, count: u64, tool: &str, is_denied: bool) -> Vec<Span> {
    let call = |n| {
        let attributes = vec![
            load::text("gen_ai.operation.name", "execute_tool"),
            load::text("gen_ai.tool.name", tool),
            truth("kitelogik.policy.allow", !is_denied),
            truth("kitelogik.policy.deny", is_denied),
        ];
        load::span(run, n, None, &format!("execute_tool {tool}"), attributes)
    };
    (0..count).map(call).collect()
}

fn send(server: &Turnscope, spans: Vec<Span>) {
    assert_eq!(server.post("/v1/traces", &PROTOBUF, &load::encode(spans)).status, 200);
}

#[test]
fn prometheus_scrapes_the_page_and_raises_the_documented_alert() {
    let flags = documented("turnscope serve").trim().strip_prefix("turnscope serve ").expect("flags");
    let flags: Vec<&str> = flags.split(' ').collect();
    let server = Turnscope::start_on(Arc::new(tempfile::tempdir().unwrap()), &flags);
    let Some(prometheus) = Prometheus::start(server.0.listen) else { return };

    // No name that a client chooses costs the page.
    let names =
        ["\"", "\\", "a\nb", "\r\t", "nul \0 byte", "} 1\n# TYPE x counter", "é\u{202e}🚀", "ends in \\"];
    for (name, run) in names.into_iter().zip(100..) {
        send(&server, calls(run, 1, name, false));
    }
    send(&server, calls(1, 5, "refund", true));
    send(&server, calls(2, 5, "lookup", false));
    let denied = r#"traces_spanmetrics_calls_total{kitelogik_policy_deny="true"}"#;
    let first = prometheus.query(denied, |result| !result.is_empty());
    assert_eq!((first.len(), value(&first[0])), (1, 5.0), "{first:?}");
    assert_eq!(first[0]["metric"]["tool_name"], "refund");
    for name in names {
        let named = format!("traces_spanmetrics_calls_total{{tool_name={}}}", Json::from(name));
        prometheus.query(&named, |result| result.len() == 1);
    }

    send(&server, calls(3, 200, "refund", true));
    send(&server, calls(4, 200, "lookup", false));
    let rates =
        prometheus.query(documented("\nsum by").trim(), |result| result.iter().any(|one| value(one) > 0.0));
    assert_eq!(rates.len(), 1, "{rates:?}");
    assert_eq!(rates[0]["metric"], serde_json::json!({"tool_name": "refund"}));
    let is_firing = |alert: &Json| alert["state"] == "firing" && alert["labels"]["tool_name"] == "refund";
    let alerts = prometheus.wait("/api/v1/alerts", |data| {
        data["alerts"].as_array().is_some_and(|alerts| alerts.iter().any(is_firing))
    });
    assert_eq!(alerts["alerts"].as_array().map(Vec::len), Some(1), "{alerts}");
    let targets = prometheus.wait("/api/v1/targets", |data| data["activeTargets"][0]["health"] == "up");
    assert_eq!(targets["activeTargets"][0]["lastError"], "");
}
