//! Idempotency keys on SQLite: kept for a day, swept later; and a write that fails among others that do not.

use diptych::domain::policy::Policies;
use serde_json::json;

use crate::contract::server::{Server, send};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_kept_for_a_day_and_then_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.db");
    let open = async || diptych::server::open(&format!("sqlite:{}", file.display())).await.unwrap();
    let s = Server::start(open().await, Policies::default()).await;
    let key = "6f1c0000-0000-4000-8000-0000000000aa";
    let make = |s: &Server| send(s.ask("POST", "/api/notes", "lap").header("Idempotency-Key", key).json(&json!({"title": "once"})));
    let first = make(&s).await.is(201);
    let kept = || {
        let count = "SELECT count(*) FROM memory";
        rusqlite::Connection::open(&file).unwrap().query_row(count, [], |r| r.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(kept(), 1);
    let token = s.ada.clone();
    // A server that starts sweeps with its first write; a day is not yet over.
    let restarted = async |hours: i64| {
        let mut s = Server::start(open().await, Policies::default()).await;
        s.ada.clone_from(&token);
        s.pass(hours * 3600);
        s.note(json!({"title": "something"})).await;
        s
    };
    let s = restarted(24).await;
    let again = make(&s).await.is(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
    let s = restarted(26).await;
    assert_eq!(kept(), 0);
    let new = make(&s).await.is(201);
    assert_ne!(new.body["data"]["id"], first.body["data"]["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_fails_takes_no_other_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.db");
    let store = diptych::server::open(&format!("sqlite:{}", file.display())).await.unwrap();
    let s = Server::start(store, Policies::default()).await;
    let key = "6f1c0000-0000-4000-8000-0000000000bb";
    let make = |n: u32| {
        let request = s.ask("POST", "/api/notes", "lap").json(&json!({"title": n.to_string()}));
        send(if n == 7 { request.header("Idempotency-Key", key) } else { request })
    };
    make(7).await.is(201);
    // What is kept of that answer can no longer be read, so that giving it again fails inside the transaction.
    rusqlite::Connection::open(&file).unwrap().execute("UPDATE memory SET memory = '{'", []).unwrap();
    for _ in 0..5 {
        let got = futures_util::future::join_all((0..24).map(make)).await;
        for (n, got) in got.iter().enumerate() {
            assert_eq!(got.status, if n == 7 { 500 } else { 201 }, "{n}: {}", got.body);
        }
    }
    let list = s.get("/api/notes?since=0").await.is(200).body;
    assert_eq!((list["data"].as_array().unwrap().len(), &list["seq"]), (1 + 5 * 23, &json!(1 + 5 * 23)));
}
