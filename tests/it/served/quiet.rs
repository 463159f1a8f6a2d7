//! The log of a server holds no text of a request, at its most talkative.

use reqwest::Method;
use serde_json::json;

use super::program::Program;
use crate::pty::Home;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_of_a_request_is_logged() {
    let home = Home::new();
    let mut server = Program::start(&home, None, &["--log", "trace"]);
    let send = async |method: Method, path: &str, body: serde_json::Value| {
        let reply = server.ask(method, path).json(&body).send().await.unwrap();
        (reply.status().as_u16(), reply.text().await.unwrap())
    };
    let note = json!({"title": "zqtitle", "body": "zqbody", "tags": ["zqtag"], "fields": {"zqfield": "zqvalue"}});
    let (status, made) = send(Method::POST, "/api/notes", note).await;
    assert_eq!(status, 201, "{made}");
    let id = serde_json::from_str::<serde_json::Value>(&made).unwrap()["data"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/notes/{id}");
    send(Method::PUT, &path, json!({"base_version": 1, "body": "zqsecond"})).await;
    assert_eq!(send(Method::PUT, &path, json!({"base_version": 1, "body": "zqrefused"})).await.0, 409);
    assert_eq!(send(Method::PUT, &path, json!({"base_version": 2, "zqmember": "zqwrong"})).await.0, 422);
    assert_eq!(send(Method::GET, "/api/notes?q=zqsearch&tag=zqwanted", json!(null)).await.0, 200);
    assert_eq!(send(Method::GET, "/api/zqnowhere?zq=zq", json!(null)).await.0, 404);
    assert_eq!(send(Method::from_bytes(b"zqmethod").unwrap(), "/api/notes", json!(null)).await.0, 405);
    assert_eq!(send(Method::GET, "/api/notes?since=zqnumber", json!(null)).await.0, 422);
    assert_eq!(send(Method::PUT, &format!("/api/bookmarks/{id}"), json!({"note": "zqwhy"})).await.0, 200);
    let (_, lock) = send(Method::POST, &format!("{path}/lock"), json!({})).await;
    let lock = serde_json::from_str::<serde_json::Value>(&lock).unwrap()["data"]["token"].as_str().unwrap().to_owned();
    let broken = server.ask(Method::PUT, &path).header("Content-Type", "application/json").body("{\"zqbroken").send().await.unwrap();
    assert_eq!(broken.status(), 400);
    let wrong = server.http.post(format!("{}/admin/login", server.url)).body("token=zqtoken").send().await.unwrap();
    assert_eq!(wrong.status(), 403);
    server.terminate();
    assert_eq!(server.ended().await, 0);
    let log = std::fs::read_to_string(home.path("state/diptych/diptych.log")).unwrap();
    assert!(log.contains("/api/notes/{id}") && log.contains("409"), "requests are logged by their route: {log}");
    for secret in ["zq", &server.token, &lock, &id] {
        let line = log.lines().find(|l| l.contains(secret));
        assert_eq!(line, None, "{secret:?} is in the log");
    }
}
