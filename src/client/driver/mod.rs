//! The task that carries out what `sync` decides: one thread that owns the disk, and tasks for the network.
//!
//! Everything that happens comes through one queue: commands, answers, live changes, time. Each is one step of one record, stored before
//! anything follows from it. A second program on the same file (a guest) takes steps and stores them, and leaves the sending to the first.

mod catch_up;
mod commands;
mod locks;
mod network;
mod say;
mod token;
mod turn;
mod waiting;

use std::collections::HashSet;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::catch_up::CatchUp;
use super::disk::{Disk, DiskError};
use super::handle::{Command, Connection, Handle, News};
use super::http::{Access, Fault, Http, LiveEvent, Page};
use super::locks::{Locked, Locks};
use super::message::{Answer, Effect, Input};
use super::rebase::Rules;
use super::record::Lane;
use super::unseen::Unseen;
use crate::domain::note::{NoteId, Time, Uuid};
use waiting::Waiting;

/// Where things are.
#[derive(Clone, Debug)]
pub struct Config {
    /// The server, the token, this device's name.
    pub access: Access,
    /// This device's file.
    pub db: PathBuf,
    /// Whether to work as a guest where another program has the file open, instead of refusing.
    pub guest: bool,
}

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;
/// Makes fresh ids.
pub type Ids = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// What comes from outside: the client reads no clock and makes no chance of its own.
#[derive(Clone)]
pub struct Parts {
    /// The time.
    pub clock: Clock,
    /// Idempotency keys.
    pub ids: Ids,
    /// Spreads retries.
    pub seed: u64,
}

/// Keeps a token that the server took, for the next start; gives one sentence of why it could not.
pub type KeepToken = Box<dyn Fn(&str) -> Result<(), String> + Send>;

/// Why the client could not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another program has the file open.
    #[error("another diptych has this device's notes open")]
    InUse,
    /// The file.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The server's address, the token or the device's name.
    #[error("{0}")]
    Access(String),
}

/// Starts the client on threads of its own, which end when they are told to stop or when every handle is gone; until then whatever was
/// asked is carried out, whether or not the caller's own runtime still lives.
///
/// # Errors
/// The file cannot be opened, or the settings cannot be used.
pub fn start(config: &Config, parts: Parts) -> Result<(Handle, UnboundedReceiver<News>), OpenError> {
    start_keeping(config, parts, None)
}

/// The same, with a place to keep a token that is given while the client runs.
///
/// # Errors
/// As [`start`].
pub fn start_keeping(config: &Config, parts: Parts, keep: Option<KeepToken>) -> Result<(Handle, UnboundedReceiver<News>), OpenError> {
    let http = Http::new(&config.access).map_err(OpenError::Access)?;
    let (hold, guest) = hold(config)?;
    let (disk, notices) = Disk::open(&config.db, (parts.clock)())?;
    let (commands, commands_in) = unbounded_channel();
    let (news, news_in) = unbounded_channel();
    let (inbox, inbox_in) = unbounded_channel();
    // One thread for the disk, one for the network.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("client-net").enable_all().build();
    let runtime = runtime.map_err(|e| DiskError::Other(e.to_string()))?;
    let driver = Driver {
        caught: CatchUp::new((disk.seq()?, disk.store()?)),
        no: disk.next_no()?,
        disk,
        http,
        parts,
        me: config.access.origin.clone(),
        access: config.access.clone(),
        keep,
        rules: Rules::default(),
        waiting: Waiting::default(),
        gate: Time(i64::MIN),
        failures: 0,
        asleep: false,
        connection: Connection::Unknown,
        listening: false,
        locks: Locks::new(config.access.origin.clone()),
        touched: HashSet::new(),
        watched: None,
        unseen: Unseen::default(),
        data_version: 0,
        guest,
        stopping: false,
        looked: Time(i64::MIN),
        news,
        inbox,
        runtime: runtime.handle().clone(),
        _hold: hold,
    };
    let run = move || {
        let told = driver.news.clone();
        runtime.block_on(driver.run(commands_in, inbox_in, notices));
        // By now the file is closed and free for the next. A screen that has gone away hears nothing, and that is no trouble.
        let _ = told.send(News::Stopped);
        // What the network still carries is told to nobody; its requests are repeated under their keys by the next run.
        runtime.shutdown_background();
    };
    std::thread::Builder::new().name("client".to_owned()).spawn(run).map_err(|e| DiskError::Other(e.to_string()))?;
    Ok((Handle::new(commands), news_in))
}

/// Takes the file for this program; `None` and `true` where another has it and that is allowed.
fn hold(config: &Config) -> Result<(Option<File>, bool), OpenError> {
    if let Some(folder) = config.db.parent() {
        std::fs::create_dir_all(folder).map_err(|e| DiskError::Other(e.to_string()))?;
    }
    let mut path = config.db.as_os_str().to_owned();
    path.push(".lock");
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(|e| match e.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => DiskError::ReadOnly,
        std::io::ErrorKind::StorageFull => DiskError::Full,
        _ => DiskError::Other(e.to_string()),
    })?;
    match file.try_lock() {
        Ok(()) => Ok((Some(file), false)),
        Err(std::fs::TryLockError::WouldBlock) if config.guest => Ok((None, true)),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse),
        // Some network file systems have no locks; SQLite's own still guard the file.
        Err(std::fs::TryLockError::Error(_)) => Ok((None, false)),
    }
}

/// What comes back from tasks.
enum In {
    Answered(NoteId, Lane, Result<Answer, Fault>),
    Page(Result<Page, Fault>),
    Rules(Rules),
    TokenTried(Box<(Access, Http)>, Result<Rules, Fault>),
    Live(LiveEvent),
    LiveEnded(Fault),
    Mark(NoteId, bool, Time),
    Lock(NoteId, Result<Locked, Fault>),
    Unlocked(NoteId, Result<(), Fault>),
    Tell(News),
    Failed(Option<NoteId>, Fault, &'static str),
}

struct Driver {
    disk: Disk,
    http: Http,
    parts: Parts,
    me: String,
    access: Access,
    keep: Option<KeepToken>,
    rules: Rules,
    no: i64,
    waiting: Waiting,
    gate: Time,
    failures: u32,
    /// Something that waits was to be due at once, and could not be stored so.
    asleep: bool,
    connection: Connection,
    caught: CatchUp,
    listening: bool,
    locks: Locks,
    touched: HashSet<NoteId>,
    /// Somebody asked for the outbox, and whether it has changed since.
    watched: Option<bool>,
    unseen: Unseen,
    data_version: i64,
    guest: bool,
    stopping: bool,
    /// When it was last looked for what others did.
    looked: Time,
    news: UnboundedSender<News>,
    inbox: UnboundedSender<In>,
    runtime: tokio::runtime::Handle,
    _hold: Option<File>,
}

/// How often other programs' writes to the file are looked for.
const LOOK: Duration = Duration::from_millis(1000);
/// Requests under way at once.
const AT_ONCE: usize = 8;
/// Commands and answers taken from their queues at a time: what is stored of them shares a transaction, and the wait for the disk.
const AT_A_TIME: usize = 64;

impl Driver {
    async fn run(mut self, mut commands: UnboundedReceiver<Command>, mut inbox: UnboundedReceiver<In>, notices: Vec<String>) {
        for notice in notices {
            self.tell(News::Notice(notice));
        }
        // The number before the reading: what another program writes between them is found by the next look, not missed for good.
        self.data_version = self.disk.data_version().unwrap_or(0);
        self.reload();
        self.catch_up();
        // A clock of its own: a steady flow of commands must not keep it from looking.
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut asked, mut came) = (Vec::new(), Vec::new());
        loop {
            self.send_due();
            let wait = self.wait();
            tokio::select! {
                some = commands.recv_many(&mut asked, AT_A_TIME) => if some == 0 || !self.commanded(&mut asked) {
                    break;
                },
                _ = inbox.recv_many(&mut came, AT_A_TIME) => self.came(&mut came),
                _ = looks.tick() => self.look(),
                // Something is due: it is sent above.
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.stopping = true;
        self.release_locks(&mut inbox).await;
    }

    fn now(&self) -> Time {
        (self.parts.clock)()
    }

    fn tell(&self, news: News) {
        // A screen that has gone away hears nothing, and that is no trouble.
        let _ = self.news.send(news);
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Tell(News::RowIs(mut row)) => {
                row.lock = self.lock_of(row.id);
                self.tell(News::RowIs(row));
            }
            Effect::Tell(news) => self.tell(news),
            Effect::Send(request) => self.send(*request),
            Effect::Copy(..) | Effect::Passed(_) => {}
        }
    }

    /// A number from 0 to 999 that follows from the seed: enough to keep devices from retrying in step.
    fn jitter(&mut self) -> i64 {
        self.parts.seed = self.parts.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.parts.seed >> 33) % 1000).unwrap_or(0)
    }

    /// Reads what waits from the disk: at start, and after another program wrote.
    fn reload(&mut self) {
        match self.disk.pending() {
            Ok(pending) => self.waiting.reset(pending.into_iter().map(|p| ((p.id, p.lane), p.entry.state, p.entry.due))),
            Err(e) => self.tell(News::Notice(say::not_read(&e))),
        }
        self.no = self.disk.next_no().unwrap_or(self.no).max(self.no);
    }

    /// A clock that was set back would keep everything waiting for as long as that was.
    fn clock_set_back(&mut self, now: Time) {
        self.gate = Time(i64::MIN);
        self.wake();
        self.locks.clock_set_back(now);
    }

    fn look(&mut self) {
        let now = self.now();
        if now < std::mem::replace(&mut self.looked, now) {
            self.clock_set_back(now);
        } else if self.asleep && now >= self.gate {
            self.wake();
        }
        let version = self.disk.data_version().unwrap_or(self.data_version);
        if version != self.data_version {
            self.data_version = version;
            self.reload();
            self.command(Command::List);
            if self.guest {
                self.tell_touched();
            }
        }
        let stopped = !self.listening && !self.caught.under_way() || self.caught.behind();
        if self.now() >= self.gate && stopped && !self.guest {
            self.catch_up();
        }
        self.renew_locks();
        if self.watched == Some(true) {
            self.outbox();
        }
    }

    /// What became of the notes this guest touched, now that the sending program wrote.
    fn tell_touched(&mut self) {
        for id in self.touched.clone() {
            let Ok(record) = self.disk.load(id) else { continue };
            match (&record.parked, &record.saved, &record.synced) {
                (Some(parked), _, _) => self.tell(News::NeedsYou(Box::new(parked.clone()))),
                (None, None, Some(note)) => self.tell(News::Synced(Box::new(note.clone()), None)),
                _ => continue,
            }
            self.touched.remove(&id);
        }
    }

    fn wait(&self) -> Duration {
        let now = self.now();
        // Where nothing more may go out it is news that goes on, not time.
        let first = self.waiting.first().filter(|_| self.waiting.room(AT_ONCE) > 0 && !(self.caught.unsure() && self.caught.under_way()));
        let ms = first.map_or(i64::MAX, |due| due.max(self.gate).ms_since(now) + 1).clamp(1, i64::MAX);
        Duration::from_millis(u64::try_from(ms).unwrap_or(1)).min(LOOK)
    }

    fn send_due(&mut self) {
        let now = self.now();
        if self.guest || now < self.gate {
            return;
        }
        if self.caught.unsure() {
            if !self.caught.under_way() && self.waiting.first().is_some_and(|due| due <= now) {
                self.catch_up();
            }
            return;
        }
        let ready = self.waiting.ready(now, AT_ONCE);
        if ready.is_empty() {
            return;
        }
        let later = now.plus_ms(5_000);
        if let Err(e) = self.together(ready.iter().map(|(id, lane)| (*id, Input::Due(*lane))).collect()) {
            // The disk did not take it; once more after a while, not at once and for ever.
            self.gate = later;
            self.tell(News::Failed(ready.first().map(|(id, _)| *id), say::not_stored(&e)));
        }
        // What could not be read holds up no other.
        ready.into_iter().for_each(|key| self.waiting.put_off(key, later));
    }
}
