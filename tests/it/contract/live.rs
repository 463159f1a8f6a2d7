//! Server-sent events.

use serde_json::json;

use super::Server;

/// The events of a piece of a stream: place, kind, data.
pub fn events(text: &str) -> Vec<(i64, String, String)> {
    let part = |event: &str, name: &str| event.lines().find_map(|l| l.strip_prefix(name)).unwrap_or("").trim().to_owned();
    let whole = text.split("\n\n").filter(|e| e.contains("event:") && e.contains("data:"));
    whole.map(|e| (part(e, "id:").parse().unwrap(), part(e, "event:"), part(e, "data:"))).collect()
}

/// Reads a stream until it holds `until`.
pub async fn read(reply: &mut reqwest::Response, until: &str) -> String {
    let mut text = String::new();
    let all = async {
        while !text.contains(until) {
            text.push_str(&String::from_utf8_lossy(&reply.chunk().await.unwrap().expect("the stream goes on")));
        }
    };
    tokio::time::timeout(crate::world::PATIENCE, all).await.expect("the event comes");
    text
}

pub async fn events_resume_without_a_gap(s: Server) {
    let mut live = s.ask("GET", "/api/events", "desk").send().await.unwrap();
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    let path = s.note(json!({"title": "t"})).await;
    let id = path.trim_start_matches("/api/notes/").to_owned();
    let first = read(&mut live, "\n\n").await;
    assert!(first.contains("event: note") && first.contains(&id) && first.contains("\"version\":1"), "{first}");
    let seen = first.lines().find_map(|l| l.strip_prefix("id: ")).unwrap().to_owned();
    s.put(&path, "lap", json!({"base_version": 1, "title": "t2"})).await.is(200);
    s.put(&path, "desk", json!({"base_version": 1, "title": "t3"})).await.is(200);
    s.put(&path.replace("notes", "bookmarks"), "desk", json!({"marked": true})).await.is(200);
    s.ask("POST", &format!("{path}/lock"), "desk").send().await.unwrap();
    let rest = read(&mut live, "event: lock").await;
    assert!(rest.contains("event: audit") && rest.contains("event: bookmark") && rest.contains("\"updated_from\":\"lap\""), "{rest}");
    // resumed: the last change of each record, in order
    let mut again = s.ask("GET", "/api/events", "desk").header("Last-Event-ID", &seen).send().await.unwrap();
    let missed = read(&mut again, "event: lock").await;
    let kinds: Vec<_> = missed.lines().filter_map(|l| l.strip_prefix("event: ")).collect();
    assert_eq!(kinds, ["audit", "note", "bookmark", "lock"], "{missed}");
    // too far ahead (a store that was set back), and too far behind
    let mut lost = s.ask("GET", "/api/events", "desk").header("Last-Event-ID", "99999999").send().await.unwrap();
    assert!(read(&mut lost, "\n\n").await.contains("event: resync"));
    let wrong = s.ask("GET", "/api/events", "desk").header("Last-Event-ID", "x").send().await.unwrap();
    assert_eq!(wrong.status(), 422);
}

/// Who begins to listen is told which notes are locked, though the locks were taken before: with or without a place to go on from.
pub async fn a_listener_is_told_the_locks_that_are_held(s: Server) {
    let mut paths = Vec::new();
    for title in ["held", "given back", "ran out"] {
        paths.push(s.note(json!({"title": title})).await);
    }
    let lock = |path: &String| format!("{path}/lock");
    s.post(&lock(&paths[2]), "desk", json!({})).await.is(200);
    s.pass(301);
    let token = s.post(&lock(&paths[1]), "desk", json!({})).await.is(200).body["data"]["token"].clone();
    let released = s.ask("DELETE", &lock(&paths[1]), "desk").json(&json!({"token": token})).send().await.unwrap();
    assert_eq!(released.status(), 204);
    s.post(&lock(&paths[0]), "desk", json!({})).await.is(200);
    let newest = s.get("/api/notes?since=0").await.body["seq"].as_i64().unwrap();
    let id = paths[0].trim_start_matches("/api/notes/");
    let told = async |ask: reqwest::RequestBuilder| {
        let mut live = ask.send().await.unwrap();
        // What comes after is a change: by then all that is held was told.
        let path = s.note(json!({"title": "mark"})).await;
        read(&mut live, path.trim_start_matches("/api/notes/")).await
    };
    let listen = || s.ask("GET", "/api/events", "lap");
    let held = format!("event: lock\ndata: {{\"id\":\"{id}\",\"version\":null,\"updated_from\":\"desk\",\"deleted\":false}}\n\n");
    for from in [listen(), listen().header("Last-Event-ID", newest.to_string())] {
        let text = told(from).await;
        assert!(text.starts_with(&held) && text.matches("event: lock").count() == 1, "{text}");
    }
    let text = told(listen().header("Last-Event-ID", (newest - 1).to_string())).await;
    assert!(text.matches(id).count() == 1 && text.contains(&format!("id: {newest}\n")), "missed, and so told with its place alone: {text}");
    let text = told(listen().header("Last-Event-ID", "99999999")).await;
    assert!(text.starts_with(&format!("id: {}", newest + 3)) && text.contains(&format!("resync\ndata: {{}}\n\n{held}")), "{text}");
    let mut other = s.http.get(format!("{}/api/events", s.url)).bearer_auth(&s.eve).send().await.unwrap();
    let eves = s.http.post(format!("{}/api/notes", s.url)).bearer_auth(&s.eve).json(&json!({"title": "hers"})).send().await.unwrap();
    assert_eq!(eves.status(), 201);
    assert!(!read(&mut other, "event: note").await.contains("event: lock"), "another space");
}
