//! `GET /v1/live`: events with ids, missed events after a reconnect, and `gap` if they are no longer known.

use serde_json::{Value as Json, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};
use turnscope_tests::{
    http, load,
    testkit::{At, InProcess, Turnscope},
};

/// One event.
#[derive(Debug, Default, PartialEq)]
struct Event {
    id: String,
    name: String,
    data: Json,
}

/// A listener.
struct Listener(BufReader<TcpStream>);

impl Listener {
    fn open(server: &At, last: Option<&str>) -> Self {
        let mut stream = http::open(server.0.listen).unwrap();
        let headers: Vec<(&str, &str)> = last.map(|id| ("last-event-id", id)).into_iter().collect();
        stream.write_all(http::head("GET", "/v1/live", &headers, None).as_bytes()).unwrap();
        let mut listener = Self(BufReader::new(stream));
        let status = listener.line();
        assert!(status.contains("200"), "{status}");
        while !listener.line().is_empty() {}
        listener
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
        line.trim_end().to_owned()
    }

    /// The next event. Skips comments and chunk sizes.
    fn next(&mut self) -> Event {
        let mut event = Event::default();
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            let line = self.line();
            match line.split_once(": ") {
                Some(("id", id)) => id.clone_into(&mut event.id),
                Some(("event", name)) => name.clone_into(&mut event.name),
                Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                _ if line.is_empty() && !event.name.is_empty() => return event,
                _ => {}
            }
        }
        panic!("no event came");
    }

    /// The next event about a run.
    fn next_of(&mut self, run: &str) -> Event {
        loop {
            let event = self.next();
            if event.data["run_id"] == run {
                return event;
            }
        }
    }
}

fn send(server: &At, run: u64) {
    let body = load::encode(load::run(run, 1));
    assert_eq!(server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &body).status, 200);
    server.json("/v1/runs?limit=1"); // waits until the run is derived
}

#[test]
fn events_come_as_things_happen_and_what_was_missed_on_coming_back() {
    let server = Turnscope::start();
    let mut first = Listener::open(&server, None);
    send(&server, 1);
    let seen = first.next_of(&load::run_id(1));
    assert_eq!((seen.name.as_str(), &seen.data["run"]["name"]), ("run", &json!("clerk")));
    assert!(!seen.id.is_empty());
    let score = server.ask(
        "POST",
        &format!("/v1/runs/{}/scores", load::run_id(1)),
        &json!({"name": "x", "value": 1}),
    );
    assert!(score.status < 300, "{}", score.text());
    let scored = first.next();
    assert_eq!((scored.name.as_str(), scored.data["run_id"].as_str()), ("score", Some(&*load::run_id(1))));
    drop(first);
    send(&server, 2);
    send(&server, 3);
    let mut again = Listener::open(&server, Some(&scored.id));
    assert_eq!(again.next().data["run_id"], load::run_id(2));
    assert_eq!(again.next().data["run_id"], load::run_id(3));
    // Nothing is told twice, and deleted runs are reported as gone.
    assert!(server.ask("DELETE", &format!("/v1/runs/{}", load::run_id(2)), &Json::Null).status < 300);
    let deleted = again.next();
    assert_eq!((&deleted.data["run_id"], &deleted.data["gone"]), (&json!(load::run_id(2)), &json!(true)));
}

#[test]
fn a_client_of_an_earlier_life_is_told_of_the_gap() {
    let server = Turnscope::start();
    let mut listener = Listener::open(&server, None);
    send(&server, 1);
    let last = listener.next();
    let data = server.data();
    server.kill();
    let server = Turnscope::start_on(Arc::clone(&data), &[]);
    let mut listener = Listener::open(&server, Some(&last.id));
    assert_eq!(listener.next().name, "gap");
    send(&server, 2);
    assert_eq!(listener.next_of(&load::run_id(2)).name, "run");
}

#[test]
fn a_client_knows_where_it_is_before_anything_happens() {
    let server = Turnscope::start();
    send(&server, 1);
    let mut first = Listener::open(&server, None);
    let line = first.line();
    let line = if line.starts_with("id: ") { line } else { first.line() }; // a chunk size precedes it
    let here = line.strip_prefix("id: ").unwrap().to_owned();
    drop(first);
    send(&server, 2);
    // Scripts in a browser cannot set the header, so a parameter does the same.
    let mut stream = http::open(server.0.listen).unwrap();
    let path = format!("/v1/live?last_event_id={here}");
    stream.write_all(http::head("GET", &path, &[], None).as_bytes()).unwrap();
    assert_eq!(Listener(BufReader::new(stream)).next_of(&load::run_id(2)).name, "run");
}

/// A run whose event in the live stream is large.
fn send_large(server: &At, run: u64) {
    let mut spans = load::run(run, 1);
    spans[0].attributes = vec![
        load::text("gen_ai.operation.name", "invoke_agent"),
        load::text("gen_ai.agent.name", "clerk".repeat(20_000)),
    ];
    let body = load::encode(spans);
    assert_eq!(server.post("/v1/traces", &[("content-type", "application/x-protobuf")], &body).status, 200);
}

#[test]
fn a_client_that_never_reads_is_dropped_and_ingest_goes_on() {
    let server = InProcess::start(|config| config.write_timeout = Duration::from_millis(500));
    let mut silent = http::open(server.0.listen).unwrap();
    silent.write_all(http::head("GET", "/v1/live", &[], None).as_bytes()).unwrap();
    let mut reading = Listener::open(&server, None);
    let reading = std::thread::spawn(move || {
        for run in 0..=400 {
            assert_eq!(reading.next_of(&load::run_id(run)).name, "run");
        }
    });
    // Far more than the buffers of a connection hold, but fewer events than may wait for a slow client.
    for run in 0..400 {
        send_large(&server, run);
    }
    // The server has closed the connection once it no longer takes what is sent on it.
    let until = Instant::now() + Duration::from_secs(60);
    while silent.write_all(b" ").is_ok() {
        assert!(Instant::now() < until, "the client was not dropped");
        std::thread::sleep(Duration::from_millis(20));
    }
    // A client that reads has missed nothing, and goes on.
    send_large(&server, 400);
    reading.join().unwrap();
}

/// Schemathesis cannot ask for it, because it never ends.
#[test]
fn every_documented_answer_of_the_live_stream_is_given_and_no_other() {
    let open = InProcess::start(|_| ());
    let locked = InProcess::start(|config| config.api_key = Some(turnscope_server::ApiKey::new("s3cret")));
    let document = open.json("/openapi.json");
    let replies = document["paths"]["/v1/live"]["get"]["responses"].as_object().unwrap();
    let mut given = Vec::new();
    for (server, path, headers) in [
        (&open, "/v1/live", &[][..]),
        (&open, "/v1/live?last_event_id=", &[]),
        (&open, "/v1/live?last_event_id=%00", &[]),
        (&open, "/v1/live", &[("last-event-id", "of-another-server-18446744073709551616")]),
        (&open, "/v1/live?lastEventId=1-1", &[]),
        (&locked, "/v1/live", &[]),
        (&open, "/v1/live", &[("host", "evil.example")]),
    ] {
        let mut stream = http::open(server.0.listen).unwrap();
        stream.write_all(http::head("GET", path, headers, None).as_bytes()).unwrap();
        let mut head = BufReader::new(stream).lines().map(|line| line.unwrap().to_ascii_lowercase());
        let status = head.next().unwrap().split(' ').nth(1).unwrap().to_owned();
        let media = head.find_map(|line| line.strip_prefix("content-type: ").map(str::to_owned)).unwrap();
        let documented = &replies[&status];
        let shared = documented["$ref"].as_str().and_then(|at| document.pointer(at.strip_prefix('#')?));
        let content = shared.unwrap_or(documented)["content"].as_object().unwrap();
        assert!(content.keys().all(|key| media.starts_with(key)), "{path}: {status} with {media}");
        given.push(status);
    }
    given.sort_unstable();
    given.dedup();
    assert_eq!(given, replies.keys().cloned().collect::<Vec<_>>());
}
