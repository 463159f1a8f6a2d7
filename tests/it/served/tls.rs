//! `serve --tls-cert --tls-key`, with a certificate made for the test.

use reqwest::{Certificate, Client};
use serde_json::json;

use super::program::Program;
use crate::pty::Home;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_protocol_is_the_same_over_tls_and_nothing_is_said_without_it() {
    let home = Home::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (cert, key) = (home.path("cert.pem"), home.path("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let files = [cert.to_str().unwrap(), key.to_str().unwrap()];
    let mut server = Program::start(&home, None, &["--tls-cert", files[0], "--tls-key", files[1]]);
    let plain = server.url.replace("https://", "http://");
    assert_ne!(plain, server.url);
    let trusting = |cert: &str| {
        let root = Certificate::from_pem(cert.as_bytes()).unwrap();
        Client::builder().no_proxy().tls_certs_only([root]).build().unwrap()
    };
    server.http = trusting(&made.cert.pem());
    let saved = server.ask(reqwest::Method::POST, "/api/notes").json(&json!({"title": "over TLS"})).send().await.unwrap();
    assert_eq!(saved.status(), 201);
    let mut events = server.ask(reqwest::Method::GET, "/api/events").header("Last-Event-ID", "0").send().await.unwrap();
    let first = events.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"id: 1\n") || first.windows(6).any(|w| w == b"id: 1\n"), "{first:?}");
    // another certificate is not believed; without TLS there is no answer
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let stranger = trusting(&other.cert.pem());
    assert!(stranger.get(format!("{}/healthz", server.url)).send().await.is_err());
    assert!(stranger.get(format!("{plain}/healthz")).send().await.is_err());
    // one that hangs in the middle of its handshake harms nobody
    let stuck = tokio::net::TcpStream::connect(plain.trim_start_matches("http://")).await.unwrap();
    let fine = server.ask(reqwest::Method::GET, "/api/notes").send().await.unwrap();
    assert_eq!(fine.status(), 200);
    drop(stuck);
    drop(events);
    server.terminate();
    assert_eq!(server.ended().await, 0);
}

#[test]
fn a_certificate_that_cannot_be_used_is_told_at_the_start() {
    let home = Home::new();
    std::fs::write(home.path("bad.pem"), "not a certificate").unwrap();
    let bad = home.path("bad.pem");
    for args in [
        vec!["serve", "--listen", "127.0.0.1:0", "--tls-cert", bad.to_str().unwrap(), "--tls-key", bad.to_str().unwrap()],
        vec!["serve", "--listen", "127.0.0.1:0", "--tls-cert", bad.to_str().unwrap()],
        vec!["serve", "--listen", "127.0.0.1:0", "--tls-cert", "nowhere.pem", "--tls-key", bad.to_str().unwrap()],
    ] {
        let out = home.command(&args).output().unwrap();
        assert!(!out.status.success());
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(told.contains("certificate") || told.contains("--tls-key") || told.contains("nowhere.pem"), "{args:?}: {told}");
        assert!(!String::from_utf8_lossy(&out.stdout).contains("listens"), "{args:?}");
    }
}
