//! Behind a real reverse proxy (nginx) that takes off a prefix: everything that a browser follows stays below it.
//!
//! The test is left out on a machine without nginx. CI installs it.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use turnscope_server::ApiKey;
use turnscope_tests::{
    http::{self, Reply},
    load,
    testkit::{At, InProcess, SETTLED},
};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

/// nginx in front of a server, at `/apps/turnscope/`.
struct Nginx {
    address: SocketAddr,
    child: Child,
    _directory: TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Nginx {
    /// `None` where there is no nginx.
    fn start(server: &At, says_prefix: bool) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let at = directory.path().display();
        let header = if says_prefix { "proxy_set_header X-Forwarded-Prefix /apps/turnscope;" } else { "" };
        let config = format!(
            "daemon off; master_process off; worker_processes 1; pid {at}/pid; error_log {at}/error.log;
            events {{}}
            http {{
                access_log off; client_max_body_size 0;
                client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi;
                uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;
                server {{
                    listen {address};
                    location /apps/turnscope/ {{ proxy_pass http://{}/; {header} }}
                }}
            }}",
            server.0.listen
        );
        let file = directory.path().join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new("nginx");
        command
            .arg("-c")
            .arg(&file)
            .arg("-p")
            .arg(directory.path())
            .arg("-e")
            .arg(directory.path().join("start.log"));
        command.env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default()));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = match child {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                println!("left out: there is no program `nginx` (Debian's package `nginx-light` has it)");
                return None;
            }
            Err(error) => panic!("nginx does not start: {error}"),
        };
        let nginx = Self { address, child, _directory: directory };
        for _ in 0..200 {
            if TcpStream::connect(address).is_ok() {
                return Some(nginx);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("nginx does not listen");
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let all: Vec<(&str, &str)> = headers.iter().copied().chain([SETTLED]).collect();
        http::send(self.address, method, path, &all, body).unwrap()
    }

    fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], &[])
    }
}

/// The paths of this host that a page asks for.
fn asked_for(page: &str) -> Vec<String> {
    let links = page.split(['"', '\'']).filter(|text| text.starts_with('/') && !text.contains([' ', '<']));
    links.map(str::to_owned).collect()
}

#[test]
fn everything_stays_below_the_prefix_that_a_reverse_proxy_takes_off() {
    for says_prefix in [true, false] {
        let server = InProcess::start(|config| {
            config.api_key = Some(ApiKey::new("s3cret"));
            if !says_prefix {
                config.path_prefix = "/apps/turnscope/".into();
            }
        });
        let Some(nginx) = Nginx::start(&server, says_prefix) else { return };
        for path in ["/apps/turnscope/", "/apps/turnscope/ui"] {
            let reply = nginx.get(path);
            let to = reply.header("location").expect("it leads on").to_owned();
            let path = to.strip_prefix(&format!("http://{}", nginx.address)).unwrap_or(&to);
            assert_eq!((reply.status, path), (307, "/apps/turnscope/ui/"));
        }
        for page in ["/apps/turnscope/ui/", "/apps/turnscope/ui/runs/any/page"] {
            let reply = nginx.get(page);
            let asked = asked_for(&reply.text());
            assert!(reply.status == 200 && asked.len() > 3, "{}", reply.text());
            for path in asked {
                assert!(path.starts_with("/apps/turnscope/"), "{path}");
                let is_file = path.contains("/assets/");
                assert!(!is_file || nginx.get(&path).status == 200, "{path}");
            }
        }
        let document = nginx.get("/apps/turnscope/openapi.json").json();
        assert_eq!(document["servers"][0]["url"], "/apps/turnscope");
        for docs in ["/apps/turnscope/docs", "/apps/turnscope/redoc"] {
            let page = nginx.get(docs).text();
            assert!(page.contains("openapi.json") && !page.contains("\"/openapi.json"), "{docs}");
        }
        let sign_in = [("content-type", "application/json")];
        let signed_in = nginx.ask("POST", "/apps/turnscope/v1/session", &sign_in, br#"{"key":"s3cret"}"#);
        let cookie = signed_in.header("set-cookie").expect("a session").to_owned();
        assert!(cookie.contains("; Path=/apps/turnscope/;"), "{cookie}");
        let session = cookie.split(';').next().unwrap();
        live_events_come_through(&nginx, session);
        assert_eq!(
            nginx.ask("GET", "/apps/turnscope/v1/runs", &[("cookie", session)], &[]).json()["total"],
            1
        );
    }
}

/// A change is heard through the proxy as it comes, although nginx holds replies back unless it is told not to.
fn live_events_come_through(nginx: &Nginx, session: &str) {
    let mut stream = http::open(nginx.address).unwrap();
    let head = http::head("GET", "/apps/turnscope/v1/live", &[("cookie", session)], None);
    stream.write_all(head.as_bytes()).unwrap();
    let mut heard = String::new();
    let mut hear = |what: &str| {
        let mut buffer = [0; 4096];
        while !heard.contains(what) {
            let count = stream.read(&mut buffer).expect("it comes");
            assert!(count > 0, "the stream ended: {heard}");
            heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    };
    hear("text/event-stream");
    let key = ("authorization", "Bearer s3cret");
    let sent =
        nginx.ask("POST", "/apps/turnscope/v1/traces", &[PROTOBUF, key], &load::encode(load::run(0, 1)));
    assert_eq!(sent.status, 200);
    hear("event: run");
}

#[test]
fn a_prefix_that_leads_elsewhere_is_ignored() {
    let server = InProcess::start(|_| ());
    for bad in ["//evil.example", "/\\evil.example", "https://evil.example", "/a\"><script>"] {
        let reply = http::send(server.0.listen, "GET", "/", &[("x-forwarded-prefix", bad)], &[]).unwrap();
        assert_eq!(reply.header("location"), Some("/ui/"), "{bad}");
    }
    let reply =
        http::send(server.0.listen, "GET", "/", &[("x-forwarded-prefix", "/one, /two")], &[]).unwrap();
    assert_eq!(reply.header("location"), Some("/one/ui/"));
}
