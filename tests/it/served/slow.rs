//! Clients that are slow or stuck: they lose their connection in time, and nobody else waits for them.

use std::sync::Arc;
use std::time::Duration;

use diptych::server::sqlite::SqliteStore;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::contract::server::Server;
use crate::world::PATIENCE;

async fn begun(s: &Server, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(s.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// What comes until the server ends the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut out = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut out)).await;
    let _ = ended.expect("the server ends the connection"); // in order or by a reset
    String::from_utf8_lossy(&out).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stuck_clients_are_let_go_and_harm_nobody() {
    let s = Server::start_as(Arc::new(SqliteStore::temporary().unwrap()), |c| {
        c.header_timeout = Duration::from_millis(1500);
    })
    .await;
    let path = s.note(json!({"title": "t", "body": "b"})).await;
    let mut stuck = Vec::new();
    for _ in 0..40 {
        stuck.push(begun(&s, "").await); // says nothing
        stuck.push(begun(&s, "PUT /api/notes HTTP/1.1\r\nHost: x\r\nX-Cl").await); // stops in its head
    }
    let hasty = Server::start_as(Arc::new(SqliteStore::temporary().unwrap()), |c| c.request_timeout = Duration::from_secs(3)).await;
    let (token, half) = (hasty.ada.clone(), hasty.note(json!({"title": "t", "body": "b"})).await);
    let head = format!(
        "PUT {half} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    );
    let in_body = begun(&hasty, &format!("{head}{{\"base_version\": 1, ")).await; // stops in its body
    // all the while others are served
    for n in 1..=50 {
        s.put(&path, "desk", json!({"base_version": n, "body": format!("b{n}")})).await.is(200);
    }
    for stream in stuck {
        let told = rest(stream).await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{told}");
    }
    let told = rest(in_body).await;
    assert!(told.starts_with("HTTP/1.1 408") && told.contains("\"timeout\""), "{told}");
    assert_eq!(hasty.get(&half).await.body["data"]["version"], 1, "half a save is no save");
    assert_eq!(s.get(&path).await.body["data"]["version"], 51);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_never_reads_holds_back_only_itself() {
    let s = Server::start_as(Arc::new(SqliteStore::temporary().unwrap()), |c| c.drain = Duration::from_millis(100)).await;
    for n in 0..20 {
        s.note(json!({"title": n.to_string(), "body": "x".repeat(1_000_000)})).await;
    }
    let mut stuck = Vec::new();
    for path in ["/api/notes?since=0", "/api/events"] {
        for _ in 0..8 {
            let ask = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nLast-Event-ID: 0\r\n\r\n", s.ada);
            stuck.push(begun(&s, &ask).await);
        }
    }
    let mut live = s.ask("GET", "/api/events", "desk").send().await.unwrap();
    let path = s.note(json!({"title": "t", "body": "b"})).await;
    for n in 1..=300 {
        s.put(&path, "desk", json!({"base_version": n, "body": format!("b{n}")})).await.is(200);
    }
    let mut heard = String::new();
    while !heard.contains("\"version\":301") {
        let chunk = tokio::time::timeout(PATIENCE, live.chunk()).await.expect("a listener that reads hears");
        heard.push_str(&String::from_utf8_lossy(&chunk.unwrap().unwrap()));
    }
    assert_eq!(heard.matches("event: note").count(), 301, "each change once");
    assert_eq!(s.get("/api/notes?since=0").await.is(200).body["data"].as_array().unwrap().len(), 21);
    drop(stuck);
}
