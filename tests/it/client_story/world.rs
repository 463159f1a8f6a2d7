//! A real server on a free port, devices with their own files, and a breakable way between them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use diptych::client::handle::{Command, Detail, News, Parked};
use diptych::client::http::{Access, Http};
use diptych::client::message::{Answer, Body, Request};
use diptych::client::record::Lane;
use diptych::client::{self, Handle, Parts};
use diptych::domain::note::{Content, NoteId, Time};
use diptych::server::auth::token_of;
use diptych::server::sqlite::SqliteStore;
use diptych::server::store::Store;
use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Uuid;

use crate::proxy::Proxy;
use crate::world::{Patience, started};

static COUNT: AtomicU64 = AtomicU64::new(1);

/// A moment that only moves on; a microsecond a look, so that no two are equal.
pub fn clock() -> client::driver::Clock {
    let begun = std::time::Instant::now();
    Arc::new(move || {
        let n = i64::try_from(COUNT.fetch_add(1, Ordering::Relaxed)).unwrap();
        Time(1_790_000_000_000_000 + i64::try_from(begun.elapsed().as_micros()).unwrap() + n)
    })
}

/// An id nobody had before.
pub fn id() -> Uuid {
    Uuid::from_u128((0x0193_a1c2_u128 << 96) | (7 << 76) | (2 << 62) | u128::from(COUNT.fetch_add(1, Ordering::Relaxed)))
}

pub fn content(title: &str, body: &str) -> Content {
    Content { title: title.to_owned(), body: body.to_owned(), ..Content::default() }
}

/// A clock whose hands the story moves.
#[derive(Clone)]
pub struct Hands(Arc<AtomicI64>);

impl Hands {
    pub fn new() -> Hands {
        Hands(Arc::new(AtomicI64::new(0)))
    }

    /// So many milliseconds pass, or are taken back.
    pub fn pass(&self, ms: i64) {
        self.0.fetch_add(ms * 1000, Ordering::Relaxed);
    }

    pub fn clock(&self) -> client::driver::Clock {
        let (own, real) = (self.0.clone(), clock());
        Arc::new(move || Time(real().0 + own.load(Ordering::Relaxed)))
    }
}

pub struct World {
    pub address: SocketAddr,
    pub store: Arc<dyn Store>,
    pub token: String,
    pub folder: tempfile::TempDir,
    clock: client::driver::Clock,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl World {
    pub async fn start() -> World {
        Self::of(Arc::new(SqliteStore::temporary().unwrap()), None, clock(), tempfile::tempdir().unwrap()).await
    }

    /// One whose server and devices go by a clock that the story moves.
    pub async fn by(hands: &Hands) -> World {
        Self::of(Arc::new(SqliteStore::temporary().unwrap()), None, hands.clock(), tempfile::tempdir().unwrap()).await
    }

    /// One whose server keeps its data in [`World::file`].
    pub async fn in_file() -> World {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("server.db")).unwrap();
        Self::of(Arc::new(store), None, clock(), folder).await
    }

    /// One whose server goes on over a file that has a token already.
    pub async fn over(file: &std::path::Path, token: &str) -> World {
        let store = SqliteStore::open(file).unwrap();
        Self::of(Arc::new(store), Some(token.to_owned()), clock(), tempfile::tempdir().unwrap()).await
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("server.db")
    }

    /// A note made straight on the server.
    pub async fn make(&self, note: NoteId, title: &str, body: &str) {
        let access = Access { server: format!("http://{}", self.address), token: self.token.clone(), origin: "maker".into(), ca: None };
        let request = Request { id: note, lane: Lane::Note, key: id(), body: Body::Create(content(title, body)) };
        let answer = Http::new(&access).unwrap().send(&request, None).await.unwrap();
        assert!(matches!(answer, Answer::Saved(_)), "{answer:?}");
    }

    async fn of(store: Arc<dyn Store>, token: Option<String>, clock: client::driver::Clock, folder: tempfile::TempDir) -> World {
        let mut random = [7; 32];
        random[..16].copy_from_slice(id().as_bytes());
        let token = match token {
            Some(token) => token,
            None => {
                let (token, hash) = token_of(random);
                store.add_token("main".to_owned(), "ada".to_owned(), "test".to_owned(), hash, Time(1)).await.unwrap();
                token
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = diptych::server::Config::new(clock.clone(), Arc::new(id));
        diptych::server::policies::set(&mut config.policies, "notes.fields.count=sum").unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let served = store.clone();
        tokio::spawn(async move {
            diptych::server::serve(listener, served, config, async { drop(stopped.await) }).await.unwrap();
        });
        World { address, store, token, folder, clock, _stop: stop }
    }

    /// A device with its own breakable way.
    pub async fn device(&self, name: &str) -> Device {
        let proxy = Proxy::start(self.address).await;
        self.device_over(name, proxy)
    }

    pub fn device_over(&self, name: &str, proxy: Proxy) -> Device {
        let access = Access { server: proxy.url(), token: self.token.clone(), origin: name.to_owned(), ca: None };
        Device::start_by(access, self.folder.path().join(format!("{name}.db")), Some(proxy), self.clock.clone())
    }

    /// A token more.
    pub async fn more_token(&self) -> String {
        let mut random = [9; 32];
        random[..16].copy_from_slice(id().as_bytes());
        let (token, hash) = token_of(random);
        self.store.add_token("main".to_owned(), "ada".to_owned(), "more".to_owned(), hash, Time(2)).await.unwrap();
        token
    }

    /// A device with a clock of its own.
    pub async fn device_by(&self, name: &str, hands: &Hands) -> Device {
        let proxy = Proxy::start(self.address).await;
        let access = Access { server: proxy.url(), token: self.token.clone(), origin: name.to_owned(), ca: None };
        Device::start_by(access, self.folder.path().join(format!("{name}.db")), Some(proxy), hands.clock())
    }
}

pub struct Device {
    pub handle: Handle,
    pub news: UnboundedReceiver<News>,
    pub access: Access,
    pub db: PathBuf,
    proxy: Option<Proxy>,
    /// Every refused save that was told.
    pub refusals: usize,
    revision: u64,
}

impl Device {
    pub fn start(access: Access, db: PathBuf, proxy: Option<Proxy>) -> Device {
        Self::start_by(access, db, proxy, clock())
    }

    fn start_by(access: Access, db: PathBuf, proxy: Option<Proxy>, clock: client::driver::Clock) -> Device {
        Self::start_keeping(access, db, proxy, clock, None)
    }

    pub fn start_keeping(
        access: Access,
        db: PathBuf,
        proxy: Option<Proxy>,
        clock: client::driver::Clock,
        keep: Option<client::KeepToken>,
    ) -> Device {
        let parts = Parts { clock, ids: Arc::new(id), seed: 1 };
        let config = client::Config { access: access.clone(), db: db.clone(), guest: false };
        let (handle, news) = match keep {
            None => started(&config, &parts),
            keep => client::start_keeping(&config, parts, keep).unwrap(),
        };
        Device { handle, news, access, db, proxy, refusals: 0, revision: 0 }
    }

    pub fn proxy(&self) -> &Proxy {
        self.proxy.as_ref().unwrap()
    }

    pub fn send(&self, command: Command) {
        assert!(self.handle.send(command), "the client has stopped");
    }

    /// The first news that `pick` takes. Where none comes for a while the person presses "sync now", as a person would.
    pub async fn hear<T>(&mut self, what: &str, mut pick: impl FnMut(&News) -> Option<T>) -> T {
        let mut seen = Vec::new();
        let patience = Patience::new();
        while patience.lasts() {
            // Asked before the reading: what was said until then is still to be read.
            let last = self.news.is_closed();
            while let Ok(Some(news)) = tokio::time::timeout(Duration::from_millis(100), self.news.recv()).await {
                self.refusals += usize::from(matches!(news, News::NeedsYou(_)));
                if let Some(found) = pick(&news) {
                    return found;
                }
                seen.push(format!("{news:.300?}"));
            }
            if last {
                break;
            }
            // One that was told to stop takes nothing any more, and its last word may still be to come.
            let _ = self.handle.send(Command::SyncNow);
        }
        panic!(
            "never heard of {what}; heard\n{}\n{}",
            seen[..seen.len().min(15)].join("\n"),
            seen[seen.len().saturating_sub(30)..].join("\n")
        );
    }

    pub fn save(&mut self, id: NoteId, content: Content) -> u64 {
        self.revision += 1;
        self.send(Command::Save { id, base: None, content: Box::new(content), revision: self.revision });
        self.revision
    }

    pub async fn saved_here(&mut self, note: NoteId, revision: u64) {
        self.hear("saved here", |n| matches!(n, News::SavedHere(i, r) if *i == note && *r == revision).then_some(())).await;
    }

    /// Waits until nothing of the note is on its way.
    pub async fn synced(&mut self, note: NoteId) -> Detail {
        let patience = Patience::new();
        while patience.lasts() {
            let detail = self.open(note).await;
            if detail.draft.is_none() && detail.parked.is_none() && detail.synced.is_some() {
                return detail;
            }
            assert!(detail.parked.is_none(), "a conflict: {detail:?}");
            self.send(Command::SyncNow);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never in step: {:?}", self.open(note).await.state);
    }

    /// Waits until this device has this text of the note from the server.
    pub async fn has(&mut self, note: NoteId, body: &str) {
        let patience = Patience::new();
        while patience.lasts() {
            let detail = self.open(note).await;
            if detail.synced.as_ref().is_some_and(|n| n.content.body == body) {
                return;
            }
            self.send(Command::SyncNow);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never came: {body:?}; there is {:?}", self.open(note).await);
    }

    /// Waits until the server's deletion of the note is carried out here; nobody says so a second time.
    pub async fn deleted(&mut self, note: NoteId) -> Detail {
        let patience = Patience::new();
        while patience.lasts() {
            let detail = self.open(note).await;
            if detail.synced.as_ref().is_some_and(|n| n.content.deleted) {
                return detail;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never deleted: {:?}", self.open(note).await);
    }

    pub async fn open(&mut self, note: NoteId) -> Detail {
        self.send(Command::Open(note));
        self.hear("the note", |n| if let News::Opened(d) = n { (d.id == note).then(|| (**d).clone()) } else { None }).await
    }

    pub async fn needs_you(&mut self, note: NoteId) -> Parked {
        self.hear("a refusal", |n| if let News::NeedsYou(p) = n { (p.id == note).then(|| (**p).clone()) } else { None }).await
    }

    pub fn settle(&self, id: NoteId, content: Content) {
        let settle = Command::Settle { id, content: Box::new(content), outcome: "merged".to_owned(), hunks: [1, 1, 0, 0], seconds: 3 };
        self.send(settle);
    }

    pub async fn settled(&mut self, note: NoteId) -> i64 {
        self.hear("settled", |n| if let News::Settled(i, v) = n { (*i == note).then_some(*v) } else { None }).await
    }

    /// Stops and starts again on the same file.
    pub async fn again(mut self) -> Device {
        self.send(Command::Stop);
        self.hear("stopped", |n| matches!(n, News::Stopped).then_some(())).await;
        let (access, db, proxy) = (self.access.clone(), self.db.clone(), self.proxy.clone());
        let (refusals, revision) = (self.refusals, self.revision);
        drop(self);
        Device { refusals, revision, ..Device::start(access, db, proxy) }
    }
}
