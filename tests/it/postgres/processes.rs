//! Two servers on one database, as two processes would be: they share nothing but PostgreSQL.

use std::collections::BTreeMap;

use diptych::domain::policy::Policies;
use serde_json::{Value, json};

use super::runtime;
use crate::contract::live::{events, read};
use crate::contract::server::{Server, send};

/// Two servers on a new database, with one token at both; and the database's address.
async fn two() -> Option<(Server, Server, String)> {
    let address = super::database()?;
    let a = Server::start(diptych::server::open(&address).await.unwrap(), Policies::default()).await;
    let mut b = Server::start(diptych::server::open(&address).await.unwrap(), Policies::default()).await;
    b.ada.clone_from(&a.ada);
    Some((a, b, address))
}

#[test]
fn two_servers_are_as_right_as_one() {
    runtime().block_on(async {
        let Some((a, b, _)) = two().await else { return };
        let both = |n: usize| if n.is_multiple_of(2) { &a } else { &b };
        let path = a.note(json!({"title": "t", "body": "0"})).await;
        for base in 1..=8 {
            let save = |n: usize| send(both(n).ask("PUT", &path, "d").json(&json!({"base_version": base, "body": format!("{base}.{n}")})));
            let got = futures_util::future::join_all((0..16).map(save)).await;
            let won: Vec<_> = got.iter().filter(|g| g.status == 200).collect();
            assert_eq!((won.len(), got.iter().filter(|g| g.status == 409).count()), (1, 15), "one save wins each version");
            assert!(got.iter().all(|g| g.status == 200 || g.body["server_version"] == won[0].body["data"]));
        }
        assert_eq!(b.get("/api/audit/stats").await.body["data"]["conflicts"], 8 * 15);
        // one key at both at once is one note
        let key = "6f1c0000-0000-4000-8000-00000000000a";
        let make = |n| send(both(n).ask("POST", "/api/notes", "lap").header("Idempotency-Key", key).json(&json!({"title": "once"})));
        let got = futures_util::future::join_all((0..12).map(make)).await;
        assert!(got.iter().all(|g| g.status == 201 && g.body == got[0].body), "{:?}", got.iter().map(|g| g.status).collect::<Vec<_>>());
        // one id made at both at once is one note too, and all others are told
        let id = "0193a1c2-0000-7000-8000-0000000000aa";
        let make = |n| send(both(n).ask("POST", "/api/notes", "lap").json(&json!({"id": id, "title": format!("n{n}")})));
        let got = futures_util::future::join_all((0..8).map(make)).await;
        assert_eq!(got.iter().filter(|g| g.status == 201).count(), 1);
        assert_eq!(a.get("/api/notes").await.body["data"].as_array().unwrap().len(), 3);
        // a lock taken at one holds at the other
        let lock = a.post(&format!("{path}/lock"), "desk", json!({})).await.is(200).body["data"]["token"].clone();
        b.put(&path, "lap", json!({"base_version": 9, "body": "x"})).await.fails(423, "locked");
        b.post(&format!("{path}/lock"), "lap", json!({})).await.fails(409, "locked");
        let mut live = b.ask("GET", "/api/events", "lap").send().await.unwrap();
        assert!(read(&mut live, "event: lock").await.contains("event: lock"), "who begins to listen at the other is told of it");
        send(b.ask("DELETE", &format!("{path}/lock"), "desk").json(&json!({"token": lock}))).await.is(204);
        a.put(&path, "lap", json!({"base_version": 9, "body": "x"})).await.is(200);
    });
}

/// Who saves at both while one reads by `since` again and again never misses a change: places become visible in their order.
#[test]
fn places_become_visible_in_order() {
    runtime().block_on(async {
        let Some((a, b, _)) = two().await else { return };
        let mut paths = Vec::new();
        for _ in 0..6 {
            paths.push(a.note(json!({"title": "t", "body": "0"})).await);
        }
        let save = async |s: &Server, path: &str| {
            for base in 1..=25 {
                s.put(path, "d", json!({"base_version": base, "body": base.to_string()})).await.is(200);
            }
        };
        let writers = paths.iter().enumerate().map(|(n, path)| save(if n.is_multiple_of(2) { &a } else { &b }, path));
        let reader = async {
            let (mut seq, mut last) = (0, BTreeMap::new());
            while last.len() < paths.len() || last.values().any(|v| *v < 26) {
                let page = a.get(&format!("/api/notes?since={seq}&limit=3")).await.is(200).body;
                seq = page["seq"].as_i64().unwrap();
                for note in page["data"].as_array().unwrap() {
                    last.insert(note["id"].to_string(), note["version"].as_i64().unwrap());
                }
            }
        };
        let all = async { tokio::join!(futures_util::future::join_all(writers), reader) };
        tokio::time::timeout(crate::world::PATIENCE, all).await.expect("the reader saw every note's last version");
    });
}

#[test]
fn a_save_at_one_is_heard_at_the_other() {
    runtime().block_on(async {
        let Some((a, b, address)) = two().await else { return };
        let mut live = b.ask("GET", "/api/events", "desk").send().await.unwrap();
        let path = a.note(json!({"title": "t", "body": "0"})).await;
        let id = path.trim_start_matches("/api/notes/");
        let first = read(&mut live, "\n\n").await;
        assert!(first.contains("event: note") && first.contains(id), "{first}");
        let seen = events(&first)[0].0;
        // many at once come as groups, each event once and in order
        let saves = (0..40).map(|n| a.post("/api/notes", "lap", json!({"title": format!("n{n}")})));
        futures_util::future::join_all(saves).await;
        a.put(&path, "lap", json!({"base_version": 1, "body": "last"})).await.is(200);
        let rest = events(&read(&mut live, &format!("\"id\":\"{id}\"")).await);
        assert_eq!(rest.iter().map(|e| e.0).collect::<Vec<_>>(), (seen + 1..=seen + 41).collect::<Vec<_>>());
        // resumed at the other process, from what was heard at this one
        let mut again = a.ask("GET", "/api/events", "desk").header("Last-Event-ID", (seen + 30).to_string()).send().await.unwrap();
        let missed = events(&read(&mut again, &format!("\"id\":\"{id}\"")).await);
        assert_eq!(missed.iter().map(|e| e.0).collect::<Vec<_>>(), (seen + 31..=seen + 41).collect::<Vec<_>>());
        // the connection that hears of changes is cut at both, and a change made meanwhile is not missed: resync, or the event
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        assert_eq!(super::ask(&address, cut), "2");
        a.put(&path, "lap", json!({"base_version": 2, "body": "while nobody heard"})).await.is(200);
        let told = events(&read(&mut live, "event: resync").await);
        let (place, kind, _) = told.last().unwrap();
        assert_eq!(kind, "resync");
        let list = b.get(&format!("/api/notes?since={}", seen + 41)).await.body;
        assert_eq!(list["data"][0]["body"], Value::from("while nobody heard"));
        a.put(&path, "lap", json!({"base_version": 3, "body": "heard again"})).await.is(200);
        let on = events(&read(&mut live, "\"version\":4").await);
        assert_eq!(on.iter().map(|e| e.0).collect::<Vec<_>>(), (place + 1..=seen + 43).collect::<Vec<_>>(), "nothing between is missed");
    });
}

/// What a server keeps is found by the next one: nothing is in the process alone.
#[test]
fn a_server_that_starts_later_knows_all() {
    runtime().block_on(async {
        let Some((a, b, address)) = two().await else { return };
        let key = "6f1c0000-0000-4000-8000-00000000000b";
        let make = |s: &Server| send(s.ask("POST", "/api/notes", "lap").header("Idempotency-Key", key).json(&json!({"title": "once"})));
        let made = make(&a).await.is(201);
        let mut c = Server::start(diptych::server::open(&address).await.unwrap(), Policies::default()).await;
        c.ada.clone_from(&a.ada);
        for s in [&b, &c] {
            let again = make(s).await.is(201);
            assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &made.body));
        }
        // and forgets a key after more than a day, with the first writes of a process
        a.pass(26 * 3600);
        let mut d = Server::start(diptych::server::open(&address).await.unwrap(), Policies::default()).await;
        d.ada.clone_from(&a.ada);
        d.pass(26 * 3600);
        d.note(json!({"title": "later"})).await;
        let left = "SELECT count(*) FROM memory";
        let patience = crate::world::Patience::new();
        while patience.lasts() {
            if super::ask(&address, left) == "0" {
                return;
            }
            d.get("/api/notes").await.is(200);
        }
        panic!("the old key is still kept");
    });
}
