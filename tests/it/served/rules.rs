//! Policies given to the program, by file and singly, decide what it serves, whatever keeps the notes.

use reqwest::Method;
use serde_json::{Value, json};

use super::program::Program;
use crate::pty::Home;

async fn said(server: &Program, method: Method, path: &str, body: Value) -> (u16, Value) {
    let reply = server.ask(method, path).json(&body).send().await.unwrap();
    (reply.status().as_u16(), reply.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_file_decides_what_is_served() {
    for home in Home::over_each_store() {
        decided_by_file(&home).await;
    }
}

async fn decided_by_file(home: &Home) {
    let file = home.path("policies.toml");
    std::fs::write(&file, "[notes]\nbody = \"last-write-wins\"\ntitle = \"server-wins\"\n\"fields.seats\" = \"sum\"\n").unwrap();
    let server = Program::start(home, None, &["--policies", file.to_str().unwrap(), "--policy", "notes.title=manual"]);
    let (_, told) = said(&server, Method::GET, "/api/policies", json!(null)).await;
    let notes = &told["data"]["notes"];
    let shown = (&notes["body"], &notes["title"], &notes["fields.seats"], &notes["tags"]);
    assert_eq!(shown, (&json!("last-write-wins"), &json!("manual"), &json!("sum"), &json!("union")), "{told}");
    let note = json!({"title": "Trip", "body": "b", "fields": {"seats": 4}});
    let (status, made) = said(&server, Method::POST, "/api/notes", note).await;
    assert_eq!(status, 201, "{made}");
    let path = format!("/api/notes/{}", made["data"]["id"].as_str().unwrap());
    let theirs = json!({"base_version": 1, "title": "Theirs", "body": "theirs", "fields": {"seats": 6}});
    assert_eq!(said(&server, Method::PUT, &path, theirs).await.0, 200);
    let (status, saved) = said(&server, Method::PUT, &path, json!({"base_version": 1, "body": "mine", "fields": {"seats": 3}})).await;
    assert_eq!((status, &saved["data"]["body"], &saved["data"]["fields"]["seats"]), (200, &json!("mine"), &json!(5)), "{saved}");
    assert_eq!((&saved["merged"], &saved["overruled"]), (&json!(["fields.seats"]), &json!(["body"])));
    let (status, refused) = said(&server, Method::PUT, &path, json!({"base_version": 1, "title": "Mine"})).await;
    assert_eq!((status, &refused["conflicts"]), (409, &json!(["title"])), "the single policy is over the file");
    let entry: uuid::Uuid = refused["conflict_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(entry.get_version_num(), 7, "an id the program makes sorts by time");
    let (_, log) = said(&server, Method::GET, "/api/audit", json!(null)).await;
    let actions: Vec<&Value> = log["data"].as_array().unwrap().iter().map(|e| &e["action"]).collect();
    assert_eq!(actions, [&json!("conflict_409"), &json!("conflict_lww")]);
}
