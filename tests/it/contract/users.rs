//! Who may ask: every route by its document, and two users of one space.

use reqwest::Method;
use serde_json::{Value, json};

use super::Server;
use super::server::send;

/// Every operation of the document, with made-up ids in its path.
fn operations(document: &Value) -> Vec<(Method, String)> {
    let mut out = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let id = "0193a1c2-0000-7000-8000-000000000001";
        let path = path.replace("{id}", id).replace("{note_id}", id).replace("{n}", "1");
        for method in operations.as_object().unwrap().keys() {
            out.push((method.to_uppercase().parse().unwrap(), path.clone()));
        }
    }
    out
}

pub async fn every_route_asks_for_a_token(s: Server) {
    let document = send(s.http.get(format!("{}/api/openapi.json", s.url))).await.is(200).body;
    let all = operations(&document);
    assert_eq!(all.len(), 17);
    for (method, path) in all {
        let bare = || s.http.request(method.clone(), format!("{}{path}", s.url)).json(&json!({"base_version": 1}));
        for request in [bare(), bare().bearer_auth("dpt_wrong"), bare().header("Authorization", "Basic YTpi"), bare().bearer_auth("")] {
            let got = send(request).await.fails(401, "unauthorized");
            assert_eq!(got.header("www-authenticate"), "Bearer", "{method} {path}");
        }
        let wrong = bare().bearer_auth(&s.ada).header("X-Client", "x".repeat(65));
        send(wrong).await.fails(422, "invalid");
    }
    send(s.ask("GET", "/api/policies", &"x".repeat(64))).await.is(200);
}

pub async fn users_of_one_space_share_notes_and_not_bookmarks(s: Server) {
    let path = s.note(json!({"title": "t", "body": "b"})).await;
    let marks = path.replace("/api/notes/", "/api/bookmarks/");
    s.put(&marks, "desk", json!({"marked": true, "note": "ada's"})).await.is(200);
    let space = s.store.token(diptych::server::auth::hash_of(&s.ada)).await.unwrap().unwrap().space_name;
    let (bob, hash) = diptych::server::auth::token_of(*uuid::Uuid::now_v7().as_bytes().repeat(2).first_chunk().unwrap());
    s.store.add_token(space, "bob".into(), "bob".into(), hash, diptych::domain::note::Time(1)).await.unwrap();
    let ask = |method: Method, path: &str| s.http.request(method, format!("{}{path}", s.url)).bearer_auth(&bob).header("X-Client", "desk");
    send(ask(Method::GET, &marks)).await.fails(404, "not_found");
    send(ask(Method::PUT, &marks).json(&json!({"marked": true, "note": "bob's"}))).await.is(200);
    assert_eq!(s.get(&marks).await.is(200).body["data"]["note"], "ada's");
    let saved = send(ask(Method::PUT, &path).json(&json!({"base_version": 1, "body": "b2"}))).await.is(200).body;
    assert_eq!((&saved["data"]["updated_by"], &saved["data"]["updated_from"]), (&json!("bob"), &json!("desk")));
    // a lock is held by a user on a device: the same device name of another user is someone else
    send(s.ask("POST", &format!("{path}/lock"), "desk")).await.is(200);
    let held = send(ask(Method::POST, &format!("{path}/lock"))).await.fails(409, "locked").body;
    assert_eq!(held["lock"]["holder"], json!({"user": "ada", "client": "desk"}));
    send(ask(Method::PUT, &path).json(&json!({"base_version": 2, "body": "b3"}))).await.fails(423, "locked");
}
