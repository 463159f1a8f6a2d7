//! What a server bounds: the rate of a token, the size of a request, the parts of a note.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Server;
use super::server::send;

pub async fn a_token_that_asks_too_often_waits_and_others_do_not(s: Server) {
    let s = Server::start_as(Arc::clone(&s.store), |c| c.rate = Some(5)).await;
    let mut granted = 0;
    let refused = loop {
        let got = s.get("/api/policies").await;
        if got.status != 200 {
            break got;
        }
        granted += 1;
        assert!(granted <= 10, "twice the rate at once, and no more");
    };
    assert_eq!(granted, 10);
    let refused = refused.fails(429, "too_many_requests");
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    // a write is held back as well, and applies nothing
    s.post("/api/notes", "desk", json!({"title": "t"})).await.fails(429, "too_many_requests");
    let other = s.http.get(format!("{}/api/policies", s.url)).bearer_auth(&s.eve);
    send(other).await.is(200);
    send(s.http.get(format!("{}/healthz", s.url))).await.is(200);
    s.pass(wait);
    for _ in 0..5 {
        s.get("/api/policies").await.is(200);
    }
    s.get("/api/policies").await.fails(429, "too_many_requests");
    s.pass(60);
    assert_eq!(s.get("/api/notes").await.is(200).body["data"], json!([]));
}

pub async fn a_request_is_as_large_as_the_limit_and_no_larger(s: Server) {
    let s = Server::start_as(Arc::clone(&s.store), |c| c.body_limit = 4096).await;
    let filled = |bytes: usize| {
        let rest = bytes - json!({"title": "t", "body": ""}).to_string().len();
        json!({"title": "t", "body": "x".repeat(rest)}).to_string()
    };
    let post = |body: String| send(s.ask("POST", "/api/notes", "desk").header("Content-Type", "application/json").body(body));
    post(filled(4096)).await.is(201);
    post(filled(4097)).await.fails(413, "too_large");
    let got = post(filled(1_000_000)).await.fails(413, "too_large");
    assert!(got.body["message"].as_str().unwrap().contains("4096"));
    assert_eq!(s.get("/api/notes").await.body["data"].as_array().unwrap().len(), 1);
}

pub async fn each_part_of_a_note_has_its_bound(s: Server) {
    let numbered = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>();
    let fields = |n: usize| Value::Object((0..n).map(|i| (format!("f{i}"), json!(1))).collect());
    for (name, fits, too_much) in [
        ("title", json!("t".repeat(1000)), json!("t".repeat(1001))),
        ("tags", json!(numbered(200)), json!(numbered(201))),
        ("tags", json!(["g".repeat(100)]), json!(["g".repeat(101)])),
        ("fields", fields(100), fields(101)),
    ] {
        s.post("/api/notes", "desk", json!({"body": "b", name: fits})).await.is(201);
        let told = s.post("/api/notes", "desk", json!({"body": "b", name: too_much})).await.fails(422, "invalid");
        assert!(told.body["fields"].as_object().unwrap().keys().any(|k| k.starts_with(name)), "{name}: {}", told.body);
    }
}
