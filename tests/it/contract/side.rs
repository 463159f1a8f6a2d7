//! Bookmarks, locks, tokens, spaces.

use serde_json::json;

use super::Server;
use super::server::send;

pub async fn bookmarks_take_the_last_write_and_log_it(s: Server) {
    let path = s.note(json!({"title": "t"})).await.replace("/api/notes/", "/api/bookmarks/");
    s.get(&path).await.fails(404, "not_found");
    let put =
        |from: &str, since: &str, body: serde_json::Value| send(s.ask("PUT", &path, from).header("If-Unmodified-Since", since).json(&body));
    let first = put("desk", "2026-11-24T01:00:00Z", json!({"marked": true, "note": "why"})).await.is(200).body["data"].clone();
    assert_eq!((&first["marked"], &first["note"]), (&json!(true), &json!("why")));
    assert_eq!(s.get(&path).await.is(200).body["data"], first);
    let at = first["updated_at"].as_str().unwrap().to_owned();
    put("lap", &at, json!({"note": "seen"})).await.is(200);
    assert_eq!(s.conflicts().await.len(), 0);
    let last = put("desk", &at, json!({"note": "late"})).await.is(200).body["data"].clone();
    assert_eq!(last["note"], "late");
    let log = s.conflicts().await;
    assert_eq!((log.len(), &log[0]["action"], &log[0]["entity"]), (1, &json!("conflict_lww"), &json!("bookmark")));
    let meta = &log[0]["meta"];
    assert_eq!((&meta["client_ts"], &meta["client_origin"], &meta["server_origin"]), (&json!(at), &json!("desk"), &json!("lap")));
    assert_eq!((&meta["fields"]["note"]["theirs"], &meta["fields"]["note"]["kept"]), (&json!("seen"), &json!("late")));
    assert!(meta["server_ts"].as_str().unwrap() > at.as_str());
    s.delete(&path, "desk").await.is(204);
    s.get(&path).await.fails(404, "not_found");
    s.put("/api/bookmarks/0193a1c2-0000-7000-8000-00000000ffff", "desk", json!({"marked": true})).await.fails(404, "not_found");
}

pub async fn a_lock_keeps_others_out_until_it_ends(s: Server) {
    let path = s.note(json!({"title": "t", "body": "b"})).await;
    let lock = format!("{path}/lock");
    let taken = send(s.ask("POST", &lock, "desk")).await.is(200).body["data"].clone();
    assert_eq!(taken["holder"], json!({"user": "ada", "client": "desk"}));
    let token = taken["token"].as_str().unwrap().to_owned();
    let refused = send(s.ask("POST", &lock, "lap")).await.fails(409, "locked");
    assert_eq!(refused.body["lock"]["holder"]["client"], "desk");
    assert!(!refused.body.to_string().contains(&token), "the token is the holder's alone");
    assert_eq!(s.get("/api/audit?action=lock_refused").await.body["data"].as_array().unwrap().len(), 1);
    s.put(&path, "lap", json!({"base_version": 1, "body": "x"})).await.fails(423, "locked");
    s.delete(&format!("{path}?base_version=1"), "lap").await.fails(423, "locked");
    // a save with the token renews, and so does asking again
    s.pass(280);
    send(s.ask("PUT", &path, "desk").header("X-Lock-Token", &token).json(&json!({"base_version": 1, "body": "b2"}))).await.is(200);
    s.pass(280);
    s.put(&path, "lap", json!({"base_version": 2, "body": "x"})).await.fails(423, "locked");
    let renewed = s.post(&lock, "desk", json!({"token": token})).await.is(200).body["data"].clone();
    assert_eq!((&renewed["token"], &renewed["acquired_at"]), (&taken["token"], &taken["acquired_at"]));
    // it ends by itself; another takes it; a late release does not free the newer lock
    s.pass(301);
    let newer = send(s.ask("POST", &lock, "lap")).await.is(200).body["data"].clone();
    assert_ne!(newer["token"], taken["token"]);
    send(s.ask("DELETE", &lock, "desk").header("X-Lock-Token", &token)).await.fails(409, "locked");
    s.put(&path, "desk", json!({"base_version": 2, "body": "x"})).await.fails(423, "locked");
    s.put(&path, "lap", json!({"base_version": 2, "body": "b3"})).await.is(200);
    send(s.ask("DELETE", &lock, "lap").json(&json!({"token": newer["token"]}))).await.is(204);
    // whose lock ran out and whose note changed gets an ordinary 409
    let late = s.ask("PUT", &path, "desk").header("X-Lock-Token", &token).json(&json!({"base_version": 2, "body": "late"}));
    send(late).await.fails(409, "version_conflict");
    send(s.ask("DELETE", &lock, "desk")).await.fails(422, "invalid");
}

pub async fn spaces_are_kept_apart_on_every_route(s: Server) {
    let path = s.note(json!({"title": "secret", "body": "b"})).await;
    let marks = path.replace("/api/notes/", "/api/bookmarks/");
    s.put(&marks, "desk", json!({"marked": true})).await.is(200);
    s.put(&path, "desk", json!({"base_version": 1, "body": "b2"})).await.is(200);
    let refused = s.put(&path, "lap", json!({"base_version": 1, "body": "b3"})).await.is(409).body;
    let eve = |method: &str, path: &str, body: Option<serde_json::Value>| {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = s.http.request(method, format!("{}{path}", s.url)).bearer_auth(&s.eve).header("X-Client", "lap");
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
    };
    for (method, path, body) in [
        ("GET", path.clone(), None),
        ("GET", format!("{path}/versions"), None),
        ("GET", format!("{path}/versions/1"), None),
        ("PUT", path.clone(), Some(json!({"base_version": 2, "body": "eve"}))),
        ("DELETE", format!("{path}?base_version=2"), None),
        ("POST", format!("{path}/lock"), None),
        ("DELETE", format!("{path}/lock"), Some(json!({"token": "6f1c0000-0000-4000-8000-000000000001"}))),
        ("GET", marks.clone(), None),
        ("PUT", marks.clone(), Some(json!({"marked": false}))),
        ("DELETE", marks.clone(), None),
        ("POST", "/api/audit/settled".to_owned(), Some(json!({"conflict_id": refused["conflict_id"], "outcome": "mine"}))),
    ] {
        let got = eve(method, &path, body).await;
        assert_eq!((got.status, got.body["error"].as_str()), (404, Some("not_found")), "{method} {path}: {}", got.body);
    }
    for list in ["/api/notes?since=0", "/api/notes", "/api/audit", "/api/notes?q=secret"] {
        assert_eq!(eve("GET", list, None).await.is(200).body["data"], json!([]), "{list}");
    }
    assert_eq!(eve("GET", "/api/audit/stats", None).await.is(200).body["data"]["conflicts"], 0);
    // the same id in another space is another note
    let id = path.trim_start_matches("/api/notes/");
    eve("POST", "/api/notes", Some(json!({"id": id, "title": "eve's"}))).await.is(201);
    assert_eq!(s.get(&path).await.body["data"]["body"], "b2");
}

pub async fn a_token_is_needed_and_can_be_revoked(s: Server) {
    let bare = |path: &str| s.http.get(format!("{}{path}", s.url));
    for path in ["/api/notes", "/api/audit", "/api/policies", "/api/events", "/api/audit/stats"] {
        let got = send(bare(path)).await.fails(401, "unauthorized");
        assert_eq!(got.header("www-authenticate"), "Bearer");
        send(bare(path).bearer_auth("dpt_wrong")).await.fails(401, "unauthorized");
    }
    send(bare("/healthz")).await.is(200);
    send(bare("/readyz")).await.is(200);
    s.get("/api/notes").await.is(200);
    let metrics = send(bare("/metrics")).await.is(200).body;
    assert!(metrics.as_str().unwrap().contains("diptych_requests_total"), "{metrics}");
    let document = send(bare("/api/openapi.json")).await.is(200).body;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let operations = document["paths"].as_object().unwrap().values().flat_map(|p| p.as_object().unwrap().values());
    let names: Vec<&str> = operations.map(|o| o["operationId"].as_str().unwrap()).collect();
    let mut once = names.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!((names.len(), once.len()), (17, 17), "each operation has a name of its own: {names:?}");
    let row = s.store.token(diptych::server::auth::hash_of(&s.ada)).await.unwrap().unwrap();
    assert!(s.store.revoke_token(row.id, diptych::domain::note::Time(1)).await.unwrap());
    assert!(!s.store.revoke_token(row.id, diptych::domain::note::Time(1)).await.unwrap());
    s.pass(2);
    s.get("/api/notes").await.fails(401, "unauthorized");
}
