//! Servers that lie or break: whatever they answer, what was saved stays, nothing is taken for accepted, and the token goes nowhere else.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use diptych::client::handle::{Command, News, State};
use diptych::client::http::Access;
use diptych::domain::note::NoteId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::world::{Device, World, content, id};
use crate::world::Patience;

type Said = Arc<Mutex<Vec<String>>>;

/// Answers every request with `reply` (the note's id in place of `ID`) and keeps what was asked.
async fn liar(reply: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> (String, Said) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let said = Said::default();
    let (kept, reply) = (said.clone(), Arc::new(reply));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (kept, reply) = (kept.clone(), reply.clone());
            tokio::spawn(async move {
                let mut head = vec![0; 64 * 1024];
                let n = stream.read(&mut head).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&head[..n]).into_owned();
                kept.lock().unwrap().push(request.clone());
                // Whoever breaks off early is not waited for.
                let _ = stream.write_all(&reply(&request)).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (url, said)
}

fn http(status: &str, head: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{head}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn note_of(version: &str, body: &str, id: &str) -> String {
    format!(
        r#"{{"data":{{"id":"{id}","version":{version},"title":"t","body":{body},"tags":[],"fields":{{}},"deleted":false,
        "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","updated_by":"x","updated_from":"x"}}}}"#
    )
}

/// Saves against a liar, sees that nothing was taken for accepted, then meets an honest server with the same file.
async fn survives(name: &str, note: NoteId, url: String, said: Said) {
    let world = World::start().await;
    let db = world.folder.path().join("laptop.db");
    let access = Access { server: url, token: "dpt_secret".to_owned(), origin: "laptop".to_owned(), ca: None };
    let mut device = Device::start(access, db, None);
    let text = content("mine", "what I typed\r\nstays");
    let revision = device.save(note, text.clone());
    device.saved_here(note, revision).await;
    let patience = Patience::new();
    while !said.lock().unwrap().iter().any(|r| r.starts_with("POST")) {
        assert!(patience.lasts(), "{name}: the save was never sent");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let detail = device.open(note).await;
    assert_eq!(detail.state, State::SavedHere, "{name}");
    assert_eq!(detail.draft.unwrap().content, text, "{name}");
    assert!(detail.synced.is_none(), "{name}");
    device.send(Command::Stop);
    device.hear("stopped", |n| matches!(n, News::Stopped).then_some(())).await;
    drop(device);
    let mut device = world.device("laptop").await;
    device.send(Command::Outbox);
    let rows = device.hear("the outbox", |n| if let News::Outbox(rows) = n { Some(rows.clone()) } else { None }).await;
    rows.iter().for_each(|r| device.send(Command::RetryNow(r.entry)));
    assert_eq!(device.synced(note).await.synced.unwrap().content, text, "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_to_a_server_that_answers_nonsense() {
    let note = NoteId(id());
    let me = note.to_string();
    let huge = format!("\"{}\"", "x".repeat(16 * 1024 * 1024));
    let lies: Vec<(&str, Vec<u8>)> = vec![
        ("not JSON", http("200 OK", "", "<html>hello</html>")),
        ("half of a JSON", http("201 Created", "", r#"{"data":{"id":"#)),
        ("wrong types", http("201 Created", "", &note_of("\"seven\"", "\"b\"", &me))),
        ("version 0", http("201 Created", "", &note_of("0", "\"b\"", &me))),
        ("another note", http("201 Created", "", &note_of("1", "\"b\"", "0193a1c2-0000-7000-8000-00000000ffff"))),
        ("a body past every limit", http("201 Created", "", &note_of("1", &huge, &me))),
        ("NUL in the text", http("201 Created", "", &note_of("1", r#""a\u0000b""#, &me))),
        ("a conflict without a note", http("409 Conflict", "", r#"{"error":"version_conflict"}"#)),
        ("500", http("500 Internal Server Error", "", "oops")),
        ("503 for a year", http("503 Service Unavailable", "retry-after: 31536000\r\n", "{}")),
        ("a reply that breaks off", b"HTTP/1.1 201 Created\r\ncontent-length: 1000\r\n\r\n{\"data\":".to_vec()),
        ("no HTTP at all", b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
        ("nothing", Vec::new()),
        ("413", http("413 Payload Too Large", "", r#"{"error":"too_large","message":"Too large."}"#)),
        ("422", http("422 Unprocessable Entity", "", r#"{"error":"invalid","message":"No.","fields":{"title":"bad"}}"#)),
        ("401", http("401 Unauthorized", "", r#"{"error":"unauthorised","message":"No."}"#)),
    ];
    for (name, reply) in lies {
        let (url, said) = liar(move |_| reply.clone()).await;
        survives(name, note, url, said).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_not_followed_and_the_token_goes_nowhere() {
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let (elsewhere, heard) = liar(|_| http("200 OK", "", "{}")).await;
        let (url, said) = liar(move |_| http(status, &format!("location: {elsewhere}/api/notes\r\n"), "")).await;
        survives(status, NoteId(id()), url, said).await;
        assert!(heard.lock().unwrap().is_empty(), "{status}: {heard:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_changes_that_cannot_be_do_not_touch_what_is_here() {
    let note = NoteId(id());
    let lie = note_of("9", "7", &note.to_string());
    let (url, said) = liar(move |request| {
        if request.starts_with("GET /api/notes?") {
            return http("200 OK", "", &format!(r#"{{"data":[{}],"seq":7,"more":true}}"#, &lie[8..lie.len() - 1]));
        }
        http("500 Internal Server Error", "", "")
    })
    .await;
    survives("pages", note, url, said).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_too_large_to_read_is_asked_for_in_smaller_pieces() {
    let note = id().to_string();
    let one = note_of("1", "\"small\"", &note);
    let one = one.strip_prefix(r#"{"data":"#).unwrap().strip_suffix('}').unwrap().to_owned();
    let page = format!(r#"{{"data":[{one}],"seq":1,"more":false}}"#);
    let (url, said) = liar(move |request| match request.split_whitespace().nth(1).unwrap_or_default() {
        path if path.contains("limit=500") => http("200 OK", "", &" ".repeat(97 * 1024 * 1024)),
        path if path.starts_with("/api/notes?since=0") => http("200 OK", "", &page),
        _ => http("404 Not Found", "", r#"{"error":"not_found"}"#),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let access = Access { server: url, token: "dpt_secret".to_owned(), origin: "laptop".to_owned(), ca: None };
    let mut device = Device::start(access, folder.path().join("laptop.db"), None);
    let title = device.hear("the note", |n| if let News::RowIs(row) = n { Some(row.title.clone()) } else { None }).await;
    assert_eq!(title, "t");
    assert!(said.lock().unwrap().iter().any(|r| r.contains("limit=62")));
}
