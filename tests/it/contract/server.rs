//! A server on loopback with a clock of its own, and a person with `curl`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use diptych::domain::note::{Time, Uuid};
use diptych::domain::policy::Policies;
use diptych::server::sqlite::SqliteStore;
use diptych::server::store::Store;
use diptych::server::{self, Config, auth};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tokio::sync::oneshot;

/// 2026-11-24T02:00:00Z
const START: i64 = 1_795_485_600_000_000;

/// A running server with two users: ada in one space, eve in another.
pub struct Server {
    pub url: String,
    pub store: Arc<dyn Store>,
    pub ada: String,
    pub eve: String,
    pub http: Client,
    clock: Arc<AtomicI64>,
    _stop: Option<oneshot::Sender<()>>,
}

/// A reply, read.
pub struct Got {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
    /// Asserts the status; shows the body where it differs.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
    /// Asserts a failure with that code.
    #[track_caller]
    pub fn fails(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.body["error"].as_str().unwrap_or("")), (status, code), "{}", self.body);
        assert!(self.body["message"].as_str().is_some_and(|m| m.ends_with('.')), "{}", self.body);
        self
    }
}

pub struct Stores;

impl Stores {
    /// Tells a story to a server over every store.
    pub fn each<F>(story: F)
    where
        F: Fn(Server) -> Pin<Box<dyn Future<Output = ()>>>,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            story(Server::start(Arc::new(SqliteStore::temporary().unwrap()), Policies::default()).await).await;
        });
        if let Some(address) = super::super::postgres::database() {
            runtime.block_on(async {
                let store = server::open(&address).await.unwrap();
                story(Server::start(store, Policies::default()).await).await;
            });
        }
        runtime.shutdown_background();
    }
}

impl Server {
    pub async fn start(store: Arc<dyn Store>, policies: Policies) -> Server {
        Self::start_as(store, |c| c.policies = policies).await
    }

    /// A server whose settings differ from the defaults.
    pub async fn start_as(store: Arc<dyn Store>, change: impl FnOnce(&mut Config)) -> Server {
        let (clock, ids) = (Arc::new(AtomicI64::new(START)), AtomicU64::new(1));
        let (tick, seed) = (Arc::clone(&clock), Uuid::now_v7().as_u128());
        let mut config = Config::new(
            Arc::new(move || Time(tick.fetch_add(10, Ordering::SeqCst))),
            Arc::new(move || Uuid::from_u128(seed ^ (u128::from(ids.fetch_add(1, Ordering::SeqCst)) << 64))),
        );
        change(&mut config);
        let (ada, hash) = auth::token_of(rand32());
        store.add_token(format!("space-{}", Uuid::now_v7()), "ada".into(), "desk".into(), hash, Time(START)).await.unwrap();
        let (eve, hash) = auth::token_of(rand32());
        store.add_token(format!("space-{}", Uuid::now_v7()), "eve".into(), "lap".into(), hash, Time(START)).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(server::serve(listener, Arc::clone(&store), config, async {
            let _ = stopped.await;
        }));
        let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Server { url, store, ada, eve, http, clock, _stop: Some(stop) }
    }

    /// The same store behind another set of policies.
    pub async fn with_policies(&self, set: &[(&str, &str)]) -> Server {
        let mut policies = Policies::default();
        set.iter().for_each(|(f, p)| policies.set(f, p.parse().unwrap()).unwrap());
        Server::start(Arc::clone(&self.store), policies).await
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// A request by ada from a device.
    pub fn ask(&self, method: &str, path: &str, from: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.ada).header("X-Client", from)
    }

    pub async fn get(&self, path: &str) -> Got {
        send(self.ask("GET", path, "desk")).await
    }

    pub async fn put(&self, path: &str, from: &str, body: Value) -> Got {
        send(self.ask("PUT", path, from).json(&body)).await
    }

    pub async fn post(&self, path: &str, from: &str, body: Value) -> Got {
        send(self.ask("POST", path, from).json(&body)).await
    }

    pub async fn delete(&self, path: &str, from: &str) -> Got {
        send(self.ask("DELETE", path, from)).await
    }

    /// A new note; its address.
    pub async fn note(&self, body: Value) -> String {
        let made = self.post("/api/notes", "desk", body).await.is(201);
        format!("/api/notes/{}", made.body["data"]["id"].as_str().unwrap())
    }

    /// The audit entries of conflicts, newest first.
    pub async fn conflicts(&self) -> Vec<Value> {
        self.get("/api/audit?action=conflict").await.is(200).body["data"].as_array().unwrap().clone()
    }
}

pub async fn send(request: RequestBuilder) -> Got {
    let reply = request.send().await.unwrap();
    let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
    let text = reply.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
    Got { status, headers, body }
}

fn rand32() -> [u8; 32] {
    let mut out = [0; 32];
    out[..16].copy_from_slice(Uuid::now_v7().as_bytes());
    out[16..].copy_from_slice(Uuid::now_v7().as_bytes());
    out
}
