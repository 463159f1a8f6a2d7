//! Devices that save without end over HTTP and remember what they were told, and the check that the server kept its word.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::program::Program;

/// One device with a note of its own.
pub struct Writer {
    path: String,
    /// What was answered with 200: version and text.
    saved: Vec<(i64, String)>,
    /// What was answered with 409: the entry of the audit log and the text refused.
    refused: Vec<(String, String)>,
    /// A request whose answer never came: its key, its base, its text.
    open: Option<(String, i64, String)>,
    turn: u64,
    name: u64,
}

/// What all writers were answered so far.
pub type Answered = Arc<AtomicUsize>;

impl Writer {
    pub async fn new(server: &Program, name: u64) -> Writer {
        let id = format!("0193a1c2-0000-7000-8000-{name:012x}");
        let note = json!({"id": id, "title": "t", "body": "first"});
        let made = server.ask(Method::POST, "/api/notes").json(&note).send().await.unwrap();
        assert_eq!(made.status(), 201);
        Writer { path: format!("/api/notes/{id}"), saved: vec![(1, "first".into())], refused: Vec::new(), open: None, turn: 0, name }
    }

    /// Saves until the server is gone. Every fifth save is on a version that has moved on.
    pub async fn run(mut self, url: String, token: String, answered: Answered) -> Writer {
        let http = Client::builder().no_proxy().build().unwrap();
        loop {
            let (key, base, text) = self.open.take().unwrap_or_else(|| self.next());
            let put = http.put(format!("{url}{}", self.path)).bearer_auth(&token).header("X-Client", "test");
            let request = put.header("Idempotency-Key", &key).json(&json!({"base_version": base, "body": text}));
            let told = async { request.send().await?.json::<Value>().await };
            let Ok(told) = told.await else {
                self.open = Some((key, base, text));
                return self;
            };
            answered.fetch_add(1, Ordering::Relaxed);
            if let Some(version) = told["data"]["version"].as_i64() {
                assert_eq!(version, self.version() + 1, "a save was done twice or not at all: {told}");
                self.saved.push((version, text));
            } else {
                assert_eq!(told["error"], "version_conflict", "{told}");
                assert!(base < self.version(), "the only device met a conflict: {told}");
                self.refused.push((told["conflict_id"].as_str().unwrap().to_owned(), text));
            }
        }
    }

    fn version(&self) -> i64 {
        self.saved.last().unwrap().0
    }

    fn next(&mut self) -> (String, i64, String) {
        self.turn += 1;
        let key = format!("{:08x}-0000-4000-8000-{:012x}", self.name, self.turn);
        let base = if self.turn % 5 == 4 { self.version() - 1 } else { self.version() };
        (key, base, format!("text {} of {}", self.turn, self.name))
    }

    /// Everything it was told stands: each version with its text, each refused text in the audit log.
    pub async fn check(&self, server: &Program, from: usize) {
        for (version, text) in self.saved.iter().skip(from) {
            let note: Value = get(server, &format!("{}/versions/{version}", self.path)).await;
            assert_eq!((&note["data"]["body"], &note["data"]["version"]), (&json!(text), &json!(version)));
        }
        let present = get(server, &self.path).await;
        let ahead = present["data"]["version"].as_i64().unwrap() - self.version();
        assert!(ahead == 0 || (ahead == 1 && self.open.is_some()), "{ahead} versions nobody was told of");
        let id = self.path.trim_start_matches("/api/notes/");
        let log = get(server, &format!("/api/audit?entity_id={id}&action=conflict_409&limit=1000")).await;
        let kept: Vec<(&str, &str)> = log["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| (e["id"].as_str().unwrap(), e["meta"]["fields"]["body"]["mine"].as_str().unwrap()))
            .collect();
        for (entry, text) in self.refused.iter().rev().take(900) {
            assert!(kept.contains(&(&**entry, &**text)), "the refused {text:?} is not in the log");
        }
    }

    /// How many saves it was answered.
    pub fn saves(&self) -> usize {
        self.saved.len()
    }
}

async fn get(server: &Program, path: &str) -> Value {
    let reply = server.ask(Method::GET, path).send().await.unwrap();
    assert_eq!(reply.status(), 200, "{path}");
    reply.json().await.unwrap()
}
