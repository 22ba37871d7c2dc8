//! Reads and the commits that they must show, seen by clients.

use super::{Server, one_call, read_all};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use std::time::Duration;
use turnscope_store::Pricing;

/// Prices that take for ever while `held`: so does every projection.
fn held_prices(held: &Arc<AtomicBool>) -> Pricing {
    let held = Arc::clone(held);
    Pricing {
        key: 1,
        price_of: Arc::new(move |_, _| {
            while held.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
            None
        }),
    }
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_waits_for_the_commits_that_it_names_and_is_answered_without_the_others() {
    let server = Server::start(|store| Arc::new(store)).await;
    let held = Arc::new(AtomicBool::new(true));
    server.app.store.set_pricing(held_prices(&held)).unwrap();
    let run = hex::encode([1; 16]);

    let acknowledged = server.ask("POST", "/v1/traces", &one_call(1)).await;
    assert!(acknowledged.starts_with("HTTP/1.1 200 "), "{acknowledged}");
    let commit = header(&acknowledged, "turnscope-commit").unwrap().to_owned();

    let at_once = server.ask("GET", "/v1/runs", b"").await;
    assert!(at_once.starts_with("HTTP/1.1 200 ") && !at_once.contains(&run), "{at_once}");
    assert!(header(&at_once, "turnscope-lag-ms").is_some(), "{at_once}");
    let bad = server.ask_with("GET", "/v1/runs", &[("turnscope-wait-for", "soon")], b"").await;
    assert!(bad.starts_with("HTTP/1.1 400 ") && bad.contains("turnscope-commit"), "{bad}");

    let mut waiting = Vec::new();
    for wanted in [commit.as_str(), "all"] {
        waiting.push(server.open_with("GET", "/v1/runs", &[("turnscope-wait-for", wanted)], b"").await);
    }
    held.store(false, Ordering::SeqCst);
    for stream in waiting {
        let answer = read_all(stream).await;
        assert!(answer.contains(&run), "{answer}");
        assert_eq!(header(&answer, "turnscope-lag-ms"), Some("0"));
    }
    server.stop().await.unwrap();
}
