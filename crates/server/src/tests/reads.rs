//! The bounds on questions, seen by clients.

use super::{Server, one_run, read_all};
use crate::reads::{AT_ONCE, IN_HAND};
use std::time::Duration;
use tokio::{sync::mpsc, task::JoinSet};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_beyond_the_limit_is_told_to_come_back_and_a_client_that_goes_ends_its_question() {
    let (server, store) = Server::start_watched().await;
    server.ask("POST", "/v1/traces", &one_run(1)).await;
    let beyond = 20;
    store.hold(true);
    let (answered, mut answers) = mpsc::unbounded_channel();
    let mut clients = JoinSet::new();
    for _ in 0..IN_HAND + beyond {
        let stream = server.open("GET", "/v1/runs", b"").await;
        let answered = answered.clone();
        clients.spawn(async move { answered.send(read_all(stream).await) });
    }
    for _ in 0..beyond {
        let answer = answers.recv().await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("\r\nretry-after: "), "{answer}");
    }
    while store.opened() < AT_ONCE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(store.interrupted(), 0);
    // The clients go, and their connections with them: the work ends although nothing lets it go on.
    clients.shutdown().await;
    while store.interrupted() < AT_ONCE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    store.hold(false);
    let answer = server.ask("GET", "/v1/runs", b"").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    server.stop().await.unwrap();
}
