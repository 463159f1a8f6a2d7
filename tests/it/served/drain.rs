//! SIGTERM: no more connections, requests under way end, streams close, what was answered stands.

use std::sync::atomic::Ordering;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::program::Program;
use super::writers::{Answered, Writer};
use crate::pty::Home;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_told_to_stop_ends_what_it_began() {
    for home in Home::over_each_store() {
        ends_what_it_began(&home).await;
    }
}

async fn ends_what_it_began(home: &Home) {
    let mut server = Program::start(home, None, &[]);
    let mut writers = Vec::new();
    for name in 0..6 {
        writers.push(Writer::new(&server, name).await);
    }
    let mut events = server.ask(Method::GET, "/api/events").send().await.unwrap();
    // a request that is half sent when the signal comes
    let note = json!({"title": "half", "body": "whole in the end"}).to_string();
    let mut half = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST /api/notes HTTP/1.1\r\nHost: l\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        server.token,
        note.len()
    );
    half.write_all(format!("{head}{}", &note[..10]).as_bytes()).await.unwrap();
    let answered = Answered::default();
    let tasks: Vec<_> =
        writers.drain(..).map(|w| tokio::spawn(w.run(server.url.clone(), server.token.clone(), answered.clone()))).collect();
    while answered.load(Ordering::Relaxed) < 100 {
        tokio::task::yield_now().await;
    }
    server.terminate();
    let streams_end = async { while events.chunk().await.expect("the stream ends in order").is_some() {} };
    tokio::time::timeout(crate::world::PATIENCE, streams_end).await.expect("the stream ends");
    half.write_all(&note.as_bytes()[10..]).await.unwrap();
    let mut reply = String::new();
    half.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 201"), "{reply}");
    for task in tasks {
        writers.push(task.await.unwrap());
    }
    assert_eq!(server.ended().await, 0);
    let after = Program::start(home, Some(&server.token), &[]);
    for writer in &writers {
        writer.check(&after, 0).await;
    }
    let list: serde_json::Value = after.ask(Method::GET, "/api/notes?q=half").send().await.unwrap().json().await.unwrap();
    assert_eq!(list["data"][0]["body"], "whole in the end");
    let id: uuid::Uuid = list["data"][0]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(id.get_version_num(), 7, "an id the program makes sorts by time");
}
