//! All of a store moved to the other kind and back, compared through the protocol; what is refused; what comes too late.

use diptych::domain::policy::Policies;
use diptych::server::migrate::{Moved, copy};
use diptych::server::{self, store::StoreError};
use serde_json::json;

use crate::contract::server::{Server, send};
use crate::postgres;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

async fn serve(address: &str) -> Server {
    Server::start(server::open(address).await.unwrap(), Policies::default()).await
}

/// Fills a server with one of everything, and enough to need several batches. Gives the paths to compare.
async fn fill(s: &Server) -> Vec<String> {
    let note =
        s.note(json!({"title": "ü \u{1F600}", "body": "b\r\n", "tags": ["x"], "fields": {"f": 1.5, "n": -1, "l": ["a"], "t": true}})).await;
    s.put(&note, "desk", json!({"base_version": 1, "body": "b2", "title": "t2"})).await.is(200);
    s.put(&note, "lap", json!({"base_version": 1, "title": "t3"})).await.is(200);
    let refused = s.put(&note, "lap", json!({"base_version": 1, "body": "b3"})).await.is(409).body;
    s.post("/api/audit/settled", "lap", json!({"conflict_id": refused["conflict_id"], "outcome": "mine", "seconds": 3})).await.is(201);
    let marks = note.replace("notes", "bookmarks");
    s.put(&marks, "lap", json!({"marked": true, "note": "why"})).await.is(200);
    s.post(&format!("{note}/lock"), "desk", json!({})).await.is(200);
    let gone = s.note(json!({"title": "gone"})).await;
    s.delete(&format!("{gone}?base_version=1"), "desk").await.is(200);
    let key = "6f1c0000-0000-4000-8000-000000000001";
    send(s.ask("POST", "/api/notes", "lap").header("Idempotency-Key", key).json(&json!({"title": "keyed"}))).await.is(201);
    for _ in 0..3 {
        s.note(json!({"title": "large", "body": "x".repeat(600_000)})).await;
    }
    let many = (0..1100).map(|n| s.post("/api/notes", "desk", json!({"title": n.to_string()})));
    futures_util::future::join_all(many).await;
    let audit = "/api/audit?limit=100".to_owned();
    vec![note.clone(), format!("{note}/versions"), format!("{note}/versions/1"), marks, gone, audit, "/api/notes?since=0".to_owned()]
}

async fn compare(a: &Server, b: &Server, paths: &[String]) {
    for path in paths {
        let (mut there, mut here) = (a.get(path).await.is(200).body, b.get(path).await.is(200).body);
        // its own servers may each have opened an epoch of their own since
        there["store"].take();
        here["store"].take();
        assert_eq!(there, here, "{path}");
    }
}

#[test]
fn a_store_moves_to_the_other_kind_and_back() {
    let Some(address) = postgres::database() else { return };
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
        let (first, last) = (file("first.db"), file("last.db"));
        let before = serve(&first).await;
        let paths = fill(&before).await;
        let list = before.get("/api/notes?since=0").await.body;
        let Moved { rows, late } = copy(&first, &address).await.unwrap();
        let count = |name: &str| rows.iter().find(|(n, _)| *n == name).unwrap().1;
        assert_eq!(
            rows.iter().map(|(n, _)| *n).collect::<Vec<_>>(),
            ["spaces", "epochs", "tokens", "versions", "notes", "bookmarks", "locks", "audit", "memory"]
        );
        assert_eq!((count("versions"), count("notes"), count("audit"), count("memory"), late), (1109, 1106, 3, 1, 0));
        let mut between = serve(&address).await;
        between.ada.clone_from(&before.ada);
        compare(&before, &between, &paths).await;
        // a reader goes on where it was: its place is part of the new store's past
        let place = format!("/api/notes?since={}&store={}", list["seq"], list["store"].as_str().unwrap());
        let on = between.get(&place).await.is(200).body;
        assert_eq!((&on["data"], &on["reset"]), (&json!([]), &json!(null)));
        // and a retry of what was asked before the move gets the first answer
        let key = "6f1c0000-0000-4000-8000-000000000001";
        let again = send(between.ask("POST", "/api/notes", "lap").header("Idempotency-Key", key).json(&json!({"title": "keyed"}))).await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
        between.put(&paths[0], "desk", json!({"base_version": 3, "title": "on"})).await.is(200);
        between.note(json!({"title": "new"})).await;
        let back = copy(&address, &last).await.unwrap();
        assert_eq!((back.rows[4], back.late), (("notes", 1107), 0));
        let mut after = serve(&last).await;
        after.ada.clone_from(&before.ada);
        compare(&between, &after, &paths).await;
        after.put(&paths[0], "desk", json!({"base_version": 4, "title": "and on"})).await.is(200);
    });
}

#[test]
fn what_cannot_be_moved_is_left_alone() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
        let (full, other, empty) = (file("full.db"), file("other.db"), file("empty.db"));
        let refused = async |from: &str, to: &str, why: &str| match copy(from, to).await {
            Err(e) => assert!(e.to_string().contains(why), "{from} to {to}: {e}"),
            Ok(moved) => panic!("{from} to {to}: {moved:?}"),
        };
        refused(&file("nowhere.db"), &other, "does not exist").await;
        let (s, t) = (serve(&full).await, serve(&other).await);
        let (note, theirs) = (s.note(json!({"title": "t"})).await, t.note(json!({"title": "theirs"})).await);
        refused(&full, &other, "not empty").await;
        refused(&full, &full, "not empty").await;
        assert_eq!(t.get(&theirs).await.is(200).body["data"]["title"], "theirs");
        assert_eq!(t.get("/api/notes").await.body["data"].as_array().unwrap().len(), 1);
        // a broken source: nothing is in the target afterwards, and it can be used
        let raw = rusqlite::Connection::open(folder.path().join("full.db")).unwrap();
        raw.execute("INSERT INTO bookmarks VALUES (1, 'ada', x'0102', 5, 1, '', 0, 1, 'd')", []).unwrap();
        refused(&full, &empty, "bookmarks.note holds a value of another kind").await;
        raw.execute("DELETE FROM bookmarks", []).unwrap();
        assert_eq!(copy(&full, &empty).await.unwrap().late, 0);
        let mut moved = serve(&empty).await;
        moved.ada.clone_from(&s.ada);
        moved.get(&note).await.is(200);
        if let Some(address) = postgres::database() {
            copy(&full, &address).await.unwrap();
            refused(&full, &address, "not empty").await;
            refused("postgres://localhost:1/none", &file("new.db"), "not available").await;
            match copy(&full, "postgres://localhost:1/none").await {
                Err(StoreError::Unavailable(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    });
}

/// A source that goes on is read as of one moment, and what came later is counted.
#[test]
fn a_source_that_goes_on_is_read_in_one_moment() {
    let Some(address) = postgres::database() else { return };
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let file = format!("sqlite:{}", folder.path().join("a.db").display());
        let s = serve(&file).await;
        for _ in 0..8 {
            s.note(json!({"title": "large", "body": "x".repeat(900_000)})).await;
        }
        let path = s.note(json!({"title": "t", "body": "0"})).await;
        let ada = s.ada.clone();
        drop(s);
        for (from, to) in [(file.clone(), address.clone()), (address, format!("sqlite:{}", folder.path().join("b.db").display()))] {
            let mut s = serve(&from).await;
            s.ada.clone_from(&ada);
            let base = s.get(&path).await.is(200).body["data"]["version"].as_i64().unwrap();
            let saving = async {
                let mut version = base;
                loop {
                    s.put(&path, "desk", json!({"base_version": version, "body": version.to_string()})).await.is(200);
                    version += 1;
                }
            };
            let moved = tokio::select! {
                moved = copy(&from, &to) => moved.unwrap(),
                () = saving => unreachable!(),
            };
            assert!(moved.late > 0, "saves went on meanwhile, and are counted: {moved:?}");
        }
    });
}
