//! A world for stories: a real server on a free port over a store of its own, devices with clients, and a breakable way between.
//!
//! Nothing sleeps for readiness: stories wait for news. A world that ends with saves still in an outbox fails its test, unless the
//! story says that it expects them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use diptych::client::{self, Command, Handle, News, Parts};
use diptych::domain::note::{Content, NoteId, Time, Uuid, Version};
use diptych::server;
use diptych::server::sqlite::SqliteStore;
use diptych::server::store::Store;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

use crate::proxy::Proxy;

/// How long anything that is waited for may take, on a machine that is busy with other work: only what never comes takes so long.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// For looking again and again for what has no news.
pub struct Patience(std::time::Instant);

impl Patience {
    pub fn new() -> Patience {
        Patience(std::time::Instant::now())
    }

    /// Whether to look once more.
    pub fn lasts(&self) -> bool {
        self.0.elapsed() < PATIENCE
    }
}

/// Starts a client on a file that another may have had a moment ago: a test beside this one may just be starting a program, and until that
/// runs it holds all that this process holds, the other client's lock too.
pub fn started(config: &client::Config, parts: &Parts) -> (Handle, UnboundedReceiver<News>) {
    let patience = Patience::new();
    loop {
        match client::start(config, parts.clone()) {
            Err(client::OpenError::InUse) if patience.lasts() => std::thread::sleep(Duration::from_millis(5)),
            done => return done.unwrap(),
        }
    }
}

/// A clock that goes on by itself a little at each look, so that no two things happen at one time.
#[derive(Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    fn reader(&self) -> Arc<dyn Fn() -> Time + Send + Sync> {
        let own = self.0.clone();
        let begun = std::time::Instant::now();
        Arc::new(move || Time(own.fetch_add(1, Ordering::Relaxed) + i64::try_from(begun.elapsed().as_micros()).unwrap()))
    }
}

/// Ids that come in order, the same in every run.
pub fn ids(lane: u64) -> Arc<dyn Fn() -> Uuid + Send + Sync> {
    let next = AtomicU64::new(1);
    Arc::new(move || Uuid::from_u64_pair(lane << 16 | 0x7000, 0x8000_0000_0000_0000 | next.fetch_add(1, Ordering::Relaxed)))
}

/// A server and what belongs to it.
pub struct World {
    pub address: SocketAddr,
    pub token: String,
    pub clock: Clock,
    pub proxy: Proxy,
    stop: Option<oneshot::Sender<()>>,
    dir: tempfile::TempDir,
    devices: u64,
}

impl World {
    /// A server with one space and one token.
    pub async fn new() -> World {
        let clock = Clock(Arc::new(AtomicI64::new(1_800_000_000_000_000)));
        let store: Arc<dyn Store> = Arc::new(SqliteStore::temporary().unwrap());
        let (token, hash) = server::auth::token_of([7; 32]);
        store.add_token("main".into(), "ada".into(), "test".into(), hash, Time(1)).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let mut config = server::Config::new(clock.reader(), ids(1));
        config.drain = Duration::from_millis(200);
        tokio::spawn(server::serve(listener, store, config, async { drop(stopped.await) }));
        let proxy = Proxy::start(address).await;
        World { address, token, clock, proxy, stop: Some(stop), dir: tempfile::tempdir().unwrap(), devices: 1 }
    }

    /// A device straight at the server.
    pub fn device(&mut self, name: &'static str) -> Device {
        self.device_at(name, format!("http://{}", self.address))
    }

    /// A device behind the breakable way.
    pub fn shaky_device(&mut self, name: &'static str) -> Device {
        self.device_at(name, self.proxy.url())
    }

    fn device_at(&mut self, name: &'static str, server: String) -> Device {
        self.devices += 1;
        let access = client::http::Access { server, token: self.token.clone(), origin: name.to_owned(), ca: None };
        let config = client::Config { access, db: self.dir.path().join(format!("{name}.db")), guest: false };
        let parts = Parts { clock: self.clock.reader(), ids: ids(self.devices), seed: self.devices };
        let (handle, news) = started(&config, &parts);
        Device { name, handle, news, left_over: false }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

/// A device: a client and what it told.
pub struct Device {
    pub name: &'static str,
    pub handle: Handle,
    pub news: UnboundedReceiver<News>,
    left_over: bool,
}

impl Device {
    pub fn send(&self, command: Command) {
        assert!(self.handle.send(command), "{} has stopped", self.name);
    }

    pub fn save(&self, id: NoteId, base: Option<Version>, title: &str, body: &str) {
        let content = Content { title: title.into(), body: body.into(), ..Content::default() };
        self.send(Command::Save { id, base, content: Box::new(content), revision: 1 });
    }

    /// Waits for news of a kind; what comes before is passed over.
    pub async fn hear<T>(&mut self, what: &str, pick: impl Fn(&News) -> Option<T>) -> T {
        let heard = async {
            while let Some(news) = self.news.recv().await {
                if let Some(found) = pick(&news) {
                    return found;
                }
            }
            panic!("{} stopped before {what}", self.name)
        };
        tokio::time::timeout(PATIENCE, heard).await.unwrap_or_else(|_| panic!("{} never heard {what}", self.name))
    }

    /// Waits until the server has accepted a version of a note with this text.
    pub async fn synced(&mut self, id: NoteId, body: &str) -> Version {
        self.hear("synced", |n| match n {
            News::Synced(note, _) | News::Moved { note, .. } if note.id == id && note.content.body == body => Some(note.version),
            _ => None,
        })
        .await
    }

    /// Saves may be left in this device's outbox at the end: the story is about them.
    pub fn may_be_left(&mut self) {
        self.left_over = true;
    }

    /// Ends the device once its outbox is empty; what stays in it must have been expected by the story.
    pub async fn end(mut self) {
        let patience = Patience::new();
        while !self.left_over {
            self.send(Command::Outbox);
            let rows = self.hear("its outbox", |n| if let News::Outbox(rows) = n { Some(rows.clone()) } else { None }).await;
            if rows.is_empty() {
                break;
            }
            assert!(patience.lasts(), "{} leaves {rows:?}", self.name);
            tokio::task::yield_now().await;
        }
        self.send(Command::Stop);
        self.hear("its end", |n| matches!(n, News::Stopped).then_some(())).await;
        self.left_over = true;
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        if !self.left_over && !std::thread::panicking() {
            panic!("the story forgot to end {}: what is left in its outbox is not known", self.name);
        }
    }
}
