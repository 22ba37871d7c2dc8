//! What the live stream reads.

use super::{Server, one_run};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

/// Reads from a live stream until this is there.
async fn read_until(stream: &mut TcpStream, wanted: &str) {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(wanted) {
        let mut more = [0; 4096];
        let count = stream.read(&mut more).await.unwrap();
        assert!(count > 0, "the stream ended");
        seen.extend_from_slice(&more[..count]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_read_once_however_many_clients_listen() {
    let (server, store) = Server::start_watched().await;
    let mut clients = Vec::new();
    for _ in 0..30 {
        let mut client = server.open("GET", "/v1/live", b"").await;
        read_until(&mut client, "id: ").await;
        clients.push(client);
    }
    for trace in 1..=3 {
        let before = store.opened();
        server.ask("POST", "/v1/traces", &one_run(trace)).await;
        for client in &mut clients {
            read_until(client, &hex::encode([trace; 16])).await;
        }
        assert_eq!(store.opened() - before, 1, "reads for one change and {} clients", clients.len());
    }
    drop(clients);
    server.stop().await.unwrap();
}
