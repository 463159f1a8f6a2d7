//! Lines of the protocol that the larger stories pass by.

use serde_json::{Value, json};

use super::Server;
use super::live::{events, read};
use super::server::send;

fn key(n: u32) -> String {
    format!("6f1c0000-0000-4000-8000-{n:012}")
}

/// The same key on any write gives the first reply again, for a day; the same key with anything else is refused.
pub async fn every_write_has_its_key(s: Server) {
    let path = s.note(json!({"title": "t", "body": "b"})).await;
    let other = s.note(json!({"title": "o"})).await;
    let marks = path.replace("/api/notes/", "/api/bookmarks/");
    s.put(&path, "desk", json!({"base_version": 1, "body": "b2"})).await.is(200);
    let refused = s.put(&path, "lap", json!({"base_version": 1, "body": "b3"})).await.is(409).body;
    let settled = json!({"conflict_id": refused["conflict_id"], "outcome": "mine", "seconds": 1});
    let writes: Vec<(&str, String, Option<Value>)> = vec![
        ("POST", "/api/notes".into(), Some(json!({"title": "new"}))),
        ("PUT", path.clone(), Some(json!({"base_version": 2, "title": "t2"}))),
        ("PUT", path.clone(), Some(json!({"base_version": 1, "body": "b4"}))),
        ("PUT", marks.clone(), Some(json!({"marked": true}))),
        ("DELETE", marks, None),
        ("POST", format!("{path}/lock"), Some(json!({}))),
        ("POST", "/api/audit/settled".into(), Some(settled)),
        ("DELETE", format!("{other}?base_version=1"), None),
    ];
    let ask = |n: usize, method: &str, path: &str, body: &Option<Value>| {
        let request = s.ask(method, path, "lap").header("Idempotency-Key", key(u32::try_from(n).unwrap()));
        send(match body {
            Some(body) => request.json(body),
            None => request,
        })
    };
    let mut first = Vec::new();
    for (n, (method, path, body)) in writes.iter().enumerate() {
        first.push(ask(n, method, path, body).await);
    }
    let log = s.get("/api/audit?limit=100").await.body;
    s.pass(24 * 3600 - 60);
    for (n, (method, path, body)) in writes.iter().enumerate() {
        let again = ask(n, method, path, body).await;
        let told = format!("{method} {path}");
        assert_eq!((again.status, again.header("idempotency-replayed"), &again.body), (first[n].status, "true", &first[n].body), "{told}");
        ask(n, "POST", "/api/notes", &Some(json!({"title": "something else"}))).await.fails(422, "idempotency_key_reused");
    }
    assert_eq!(s.get("/api/audit?limit=100").await.body, log, "nothing was done twice");
    // keys belong to who used them
    let eves =
        s.http.post(format!("{}/api/notes", s.url)).bearer_auth(&s.eve).header("Idempotency-Key", key(0)).json(&json!({"title": "e"}));
    assert_eq!(send(eves).await.is(201).header("idempotency-replayed"), "");
}

/// What each policy did stands in the log under its own name, with both values.
pub async fn each_policy_is_logged_by_name(s: Server) {
    let s = s
        .with_policies(&[
            ("title", "server-wins"),
            ("body", "client-wins"),
            ("fields.m", "max"),
            ("fields.s", "sum"),
            ("fields.l", "last-write-wins"),
        ])
        .await;
    let base = json!({"title": "t", "body": "b", "tags": ["a"], "fields": {"m": 1, "s": 1, "l": 1, "q": 1}});
    for (theirs, mine, action, field, kept) in [
        (json!({"title": "x"}), json!({"title": "y"}), "conflict_server_wins", "title", json!("x")),
        (json!({"body": "x"}), json!({"body": "y"}), "conflict_client_wins", "body", json!("y")),
        (json!({"tags": ["a", "x"]}), json!({"tags": ["y"]}), "conflict_merged", "tags", json!(["x", "y"])),
        (json!({"fields": {"m": 5}}), json!({"fields": {"m": 3}}), "conflict_merged", "fields.m", json!(5)),
        (json!({"fields": {"s": 5}}), json!({"fields": {"s": 3}}), "conflict_merged", "fields.s", json!(7)),
        (json!({"fields": {"l": 5}}), json!({"fields": {"l": 3}}), "conflict_lww", "fields.l", json!(3)),
        (json!({"fields": {"q": 5}}), json!({"fields": {"q": 3}}), "conflict_409", "fields.q", json!(5)),
    ] {
        let path = s.note(base.clone()).await;
        let with = |mut body: Value| {
            body["base_version"] = json!(1);
            body
        };
        s.put(&path, "desk", with(theirs)).await.is(200);
        let got = s.put(&path, "lap", with(mine)).await;
        assert_eq!(got.status, if action == "conflict_409" { 409 } else { 200 }, "{field}: {}", got.body);
        let log = s.get(&format!("/api/audit?entity=note&entity_id={}", path.trim_start_matches("/api/notes/"))).await.is(200).body;
        assert_eq!(log["data"].as_array().unwrap().len(), 1, "{field}");
        let entry = &log["data"][0];
        assert_eq!((&entry["action"], &entry["meta"]["fields"][field]["kept"]), (&json!(action), &kept), "{field}: {entry}");
        let overruled = got.body["overruled"].as_array().is_some_and(|o| o.contains(&json!(field)));
        let merged = got.body["merged"].as_array().is_some_and(|m| m.contains(&json!(field)));
        assert_eq!((merged, overruled), (action == "conflict_merged", !["conflict_merged", "conflict_409"].contains(&action)), "{field}");
    }
}

/// A deletion names its base in the same three ways, and so does an undelete.
pub async fn a_deletion_names_its_base_too(s: Server) {
    let path = s.note(json!({"title": "t", "body": "b"})).await;
    let by = |method: &str, name: &str, value: &str| s.ask(method, &path, "lap").header(name, value);
    send(by("DELETE", "If-Match", "\"7\"")).await.fails(422, "unknown_base");
    send(by("DELETE", "If-Match", "1")).await.fails(400, "malformed_precondition");
    s.put(&path, "desk", json!({"base_version": 1, "body": "b2"})).await.is(200);
    let stale = send(by("DELETE", "If-Match", "\"1\"")).await.fails(412, "version_conflict");
    assert_eq!((&stale.body["conflicts"], &stale.body["base"]["version"]), (&json!(["deleted"]), &json!(1)));
    let first = s.get(&format!("{path}/versions/1")).await.body["data"]["updated_at"].as_str().unwrap().to_owned();
    send(by("DELETE", "If-Unmodified-Since", &first)).await.fails(409, "version_conflict");
    let gone = send(by("DELETE", "If-Match", "\"2\"")).await.is(200);
    assert_eq!((&gone.body["data"]["deleted"], gone.header("etag")), (&json!(true), "\"3\""));
    let at = gone.body["data"]["updated_at"].as_str().unwrap().to_owned();
    let back = send(by("PUT", "If-Unmodified-Since", &at).json(&json!({"deleted": false}))).await.is(200).body;
    assert_eq!((&back["data"]["deleted"], &back["data"]["body"], &back["data"]["version"]), (&json!(false), &json!("b2"), &json!(4)));
    let both = s.ask("DELETE", &format!("{path}?base_version=2"), "lap").header("If-Match", "\"4\"");
    send(both).await.fails(400, "preconditions_disagree");
    s.delete("/api/notes/0193a1c2-0000-7000-8000-00000000ffff?base_version=1", "lap").await.fails(404, "not_found");
    let body = json!({"base_version": 4, "id": "0193a1c2-0000-7000-8000-00000000ffff"});
    s.put(&path, "lap", body).await.fails(422, "server_owned_field");
}

/// The server's own members may be sent back as they are, and as nothing else; the origin has its bounds.
pub async fn what_the_server_owns_stays_its_own(s: Server) {
    let path = s.note(json!({"title": "t"})).await;
    for (name, value) in [
        ("version", json!(2)),
        ("created_at", json!("2020-01-01T00:00:00Z")),
        ("updated_at", json!("2020-01-01T00:00:00Z")),
        ("updated_by", json!("eve")),
        ("updated_from", json!("lap")),
    ] {
        let told = s.put(&path, "desk", json!({"base_version": 1, name: value})).await.fails(422, "server_owned_field");
        assert!(told.body["fields"][name].is_string(), "{}", told.body);
        s.post("/api/notes", "desk", json!({"title": "n", name: value})).await.fails(422, "server_owned_field");
    }
    let (longest, longer) = ("x".repeat(64), "x".repeat(65));
    let saved = s.put(&path, &longest, json!({"base_version": 1, "title": "t2"})).await.is(200).body;
    assert_eq!(saved["data"]["updated_from"], longest);
    for bad in [longer.as_str(), "a b", "a/b", ""] {
        let request = s.http.put(format!("{}{path}", s.url)).bearer_auth(&s.ada).header("X-Client", bad);
        send(request.json(&json!({"base_version": 2, "title": "t3"}))).await.fails(422, "invalid");
    }
    assert_eq!(s.get(&path).await.body["data"]["version"], 2);
    // every call under /api asks for a token
    for (method, path) in [
        ("GET", path.clone()),
        ("PUT", path.clone()),
        ("DELETE", path.clone()),
        ("POST", "/api/notes".to_owned()),
        ("GET", format!("{path}/versions")),
        ("GET", format!("{path}/versions/1")),
        ("POST", format!("{path}/lock")),
        ("DELETE", format!("{path}/lock")),
        ("GET", path.replace("notes", "bookmarks")),
        ("PUT", path.replace("notes", "bookmarks")),
        ("DELETE", path.replace("notes", "bookmarks")),
        ("POST", "/api/audit/settled".to_owned()),
    ] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let got = send(s.http.request(method.clone(), format!("{}{path}", s.url)).json(&json!({}))).await.fails(401, "unauthorized");
        assert_eq!(got.header("www-authenticate"), "Bearer", "{method} {path}");
    }
}

/// A listener too far behind is told to look again, and then hears on.
pub async fn a_listener_too_far_behind_resyncs(s: Server) {
    let path = s.note(json!({"title": "t"})).await;
    let first = s.get("/api/notes?since=0").await.body["seq"].as_i64().unwrap();
    let many = (0..1010).map(|n| s.post("/api/notes", "desk", json!({"title": n.to_string()})));
    futures_util::future::join_all(many).await;
    let listen = |seen: i64| s.ask("GET", "/api/events", "lap").header("Last-Event-ID", seen.to_string()).send();
    let mut behind = listen(first).await.unwrap();
    let told = events(&read(&mut behind, "\n\n").await);
    assert_eq!((told[0].0, told[0].1.as_str()), (first + 1010, "resync"));
    s.put(&path, "desk", json!({"base_version": 1, "title": "t2"})).await.is(200);
    assert_eq!(events(&read(&mut behind, "\"version\":2").await)[0].0, first + 1011);
    // one that can still catch up hears each change once, in order
    let mut near = listen(first + 900).await.unwrap();
    let told = events(&read(&mut near, "\"version\":2").await);
    assert_eq!(told.iter().map(|e| e.0).collect::<Vec<_>>(), (first + 901..=first + 1011).collect::<Vec<_>>());
    assert!(told.iter().all(|e| e.1 == "note"));
    let data: Value = serde_json::from_str(&told.last().unwrap().2).unwrap();
    assert_eq!(data, json!({"id": path.trim_start_matches("/api/notes/"), "version": 2, "updated_from": "desk", "deleted": false}));
}

/// The policies in force are the documented ones where nothing else is said, and the figures for Prometheus count what was done.
pub async fn policies_and_figures_are_told(s: Server) {
    let policies = s.get("/api/policies").await.is(200).body["data"]["notes"].clone();
    for (field, policy) in [
        ("title", "last-write-wins"),
        ("body", "manual"),
        ("tags", "union"),
        ("fields.*", "manual"),
        ("fields.price_cents", "manual"),
        ("version", "server-owned"),
        ("created_at", "server-owned"),
        ("updated_by", "server-owned"),
        ("updated_from", "server-owned"),
    ] {
        assert_eq!(policies[field], policy, "{field}: {policies}");
    }
    let path = s.note(json!({"title": "t", "body": "b"})).await;
    s.put(&path, "desk", json!({"base_version": 1, "body": "b2", "title": "t2"})).await.is(200);
    s.put(&path, "lap", json!({"base_version": 1, "body": "b3"})).await.is(409);
    s.put(&path, "lap", json!({"base_version": 1, "title": "t3"})).await.is(200);
    for made_up in ["BREW", "ZQZQ"] {
        send(s.ask(made_up, "/api/notes", "desk")).await.fails(405, "method_not_allowed");
    }
    let live = s.ask("GET", "/api/events", "desk").send().await.unwrap();
    let text = send(s.http.get(format!("{}/metrics", s.url))).await.is(200);
    assert!(text.header("content-type").starts_with("application/openmetrics-text"));
    let text = text.body.as_str().unwrap().to_owned();
    for line in [
        "diptych_saves_total 3",
        "diptych_conflicts_total{action=\"conflict_409\"} 1",
        "diptych_conflicts_total{action=\"conflict_lww\"} 1",
        "diptych_requests_total{method=\"PUT\",route=\"/api/notes/{id}\",status=\"409\"} 1",
        "diptych_requests_total{method=\"other\",route=\"/api/notes\",status=\"405\"} 2",
        "diptych_request_seconds_count 8",
        "diptych_writes_waiting 0",
        "diptych_listeners 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
    assert!(!text.contains("BREW") && !text.contains("ZQZQ"), "what a client makes up is no figure of its own: {text}");
    drop(live);
}

/// Ids may be written in any of the usual forms and come back in one; what is none names nothing.
pub async fn ids_are_uuids(s: Server) {
    let made = s.post("/api/notes", "desk", json!({"id": "0193A1C2-0000-7000-8000-00000000ABCD", "title": "t"})).await.is(201);
    assert_eq!(made.body["data"]["id"], "0193a1c2-0000-7000-8000-00000000abcd");
    for id in ["0193A1C2-0000-7000-8000-00000000ABCD", "0193a1c2000070008000", "x", "0193a1c2-0000-7000-8000-00000000abce"] {
        let whole = id.eq_ignore_ascii_case("0193a1c2-0000-7000-8000-00000000abcd");
        for path in [format!("/api/notes/{id}"), format!("/api/notes/{id}/versions"), format!("/api/notes/{id}/versions/1")] {
            assert_eq!(s.get(&path).await.status, if whole { 200 } else { 404 }, "{path}");
        }
    }
    s.post("/api/notes", "desk", json!({"id": "x", "title": "t"})).await.fails(422, "invalid");
}
