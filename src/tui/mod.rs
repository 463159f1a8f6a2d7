//! The screens. Knows the domain and the client's handle; not `wire`, not `server`.
//!
//! This file has the only loop: it drains everything that waits, lets the app take it in, carries out effects, and draws once if
//! something changed. Only here, in `source.rs` and in `terminal.rs` is anything awaited, read or written; updates are plain functions.

pub mod app;
pub mod dashboard;
pub mod editor;
pub mod form;
pub mod help;
pub mod history;
pub mod inbox;
pub mod ink;
pub mod input;
pub mod intake;
pub mod keys;
pub mod list;
pub mod lists;
pub mod markdown;
pub mod merge;
pub mod message;
pub mod notices;
pub mod outbox;
pub mod overlay;
pub mod press;
pub mod reader;
pub mod rows;
pub mod screen;
mod source;
pub mod stage;
pub mod terminal;
pub mod theme;
pub mod view;
pub mod welcome;
pub mod whole;

use std::io;
use std::path::PathBuf;
use std::process::{Command as Process, Stdio};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::client::handle::{Handle, News};
use crate::domain::note::Time;
use app::App;
use keys::Mode;
use message::{Effect, Event};
use source::Source;
use terminal::Guard;

/// Milliseconds that frames are at least apart.
const FRAME_MS: i64 = 8;
/// Milliseconds a merge is waited for before its waiting screen is drawn: most are done sooner, and nothing flashes up.
const MERGE_MS: i64 = 40;

/// Where events come from besides the terminal, and where effects go.
pub struct Links {
    /// The way to the client; none when a screen runs alone.
    pub client: Option<Handle>,
    /// What the client tells.
    pub news: UnboundedReceiver<News>,
    /// What the coach of a demo says, if there is one; the newest line is shown.
    pub coach: UnboundedReceiver<String>,
    /// Who is told which part of the key table is in force, when that changes: which screen the person is on.
    pub seen: Option<UnboundedSender<Mode>>,
    /// The command of the person's editor, as `$VISUAL` or `$EDITOR` has it.
    pub editor: Option<String>,
    /// Programs that put their input on the system's clipboard; they are tried in turn.
    pub clipboard: Vec<Vec<String>>,
}

impl Links {
    /// No client, no coach: for a screen that runs alone.
    #[must_use]
    pub fn none(editor: Option<String>, clipboard: Vec<Vec<String>>) -> Links {
        Links { client: None, news: unbounded_channel().1, coach: unbounded_channel().1, seen: None, editor, clipboard }
    }
}

/// Runs the screens on the terminal until they end; returns the exit status. The terminal is given back in every case.
///
/// # Errors
/// If there is no terminal, or it went away.
pub async fn run(mut app: App, links: Links) -> io::Result<u8> {
    let mut guard = Guard::enter(app.setup.settings.mouse)?;
    let status = Loop::new(&mut guard, links)?.run(&mut app).await;
    drop(guard);
    status
}

struct Loop<'g> {
    guard: &'g mut Guard,
    links: Links,
    input: Source,
    own: (UnboundedSender<Event>, UnboundedReceiver<Event>),
    signals: Signals,
    /// What waits until the frame is drawn: it wakes other threads, and the person looks at the screen.
    later: Vec<Effect>,
    title: String,
    mode: Mode,
    quit: Option<u8>,
    dirty: bool,
    /// Nothing is drawn before this: a frame was drawn just now, or a merge may end any moment.
    not_before: Option<Time>,
    /// Whether it is a merge that is waited for.
    merging: bool,
    /// The terminal took a frame no more.
    gone: bool,
}

struct Signals {
    term: tokio::signal::unix::Signal,
    hup: tokio::signal::unix::Signal,
    cont: tokio::signal::unix::Signal,
}

impl<'g> Loop<'g> {
    fn new(guard: &'g mut Guard, links: Links) -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let cont = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
        let signals = Signals { term: signal(SignalKind::terminate())?, hup: signal(SignalKind::hangup())?, cont: signal(cont)? };
        Ok(Self {
            guard,
            links,
            input: Source::start()?,
            own: unbounded_channel(),
            signals,
            later: Vec::new(),
            title: String::new(),
            mode: Mode::Global,
            quit: None,
            dirty: true,
            not_before: None,
            merging: false,
            gone: false,
        })
    }

    async fn run(mut self, app: &mut App) -> io::Result<u8> {
        let panicked = self.guard.panicked();
        let started = app.start();
        self.carry_all(app, started).await?;
        while self.quit.is_none() {
            let mut draw = None;
            if self.dirty && !self.gone && !self.input.is_gone() {
                // Asked once: the time goes on, and a frame that was held back must be waited for.
                draw = self.rest(app);
                if draw.is_none() && self.draw(app).is_err() {
                    // A terminal that takes no frame has gone, and nobody has read that yet: what was typed is kept all the same.
                    self.gone = true;
                    self.take(app, Event::Terminate).await?;
                }
            }
            self.hand_on();
            let event = tokio::select! {
                event = self.next(app, draw) => event?,
                () = panicked.notified() => return Err(io::Error::other("a part of the program failed; its message is above")),
            };
            if let Some(event) = event {
                self.take(app, event).await?;
                self.drain(app).await?;
            }
        }
        self.hand_on();
        Ok(self.quit.unwrap_or_default())
    }

    /// How long nothing may be drawn yet. A clock that was set back holds nothing up.
    fn rest(&self, app: &App) -> Option<Duration> {
        let ms = self.not_before?.ms_since(app.now());
        (1..=MERGE_MS).contains(&ms).then(|| Duration::from_millis(ms.unsigned_abs()))
    }

    /// Waits for the next event of any kind, or until a frame that was held back may be drawn (`None`).
    async fn next(&mut self, app: &App, draw: Option<Duration>) -> io::Result<Option<Event>> {
        let wake = app.wake().map(|at| Duration::from_millis(at.ms_since(app.now()).max(0).unsigned_abs() + 1));
        let (news, coach) = (&mut self.links.news, &mut self.links.coach);
        tokio::select! {
            event = self.input.next() => event.map(Some),
            Some(event) = self.own.1.recv() => Ok(Some(event)),
            Some(news) = news.recv() => Ok(Some(Event::News(Box::new(news)))),
            Some(line) = coach.recv() => Ok(Some(Event::Coach(line))),
            _ = self.signals.term.recv() => Ok(Some(Event::Terminate)),
            _ = self.signals.hup.recv() => Ok(Some(Event::Terminate)),
            _ = self.signals.cont.recv() => { self.guard.resume()?; Ok(Some(Event::Resumed)) }
            () = sleep_or_for_ever(draw) => Ok(None),
            () = sleep_or_for_ever(wake) => Ok(Some(Event::Tick)),
        }
    }

    /// Takes in everything that waits already.
    async fn drain(&mut self, app: &mut App) -> io::Result<()> {
        while self.quit.is_none() {
            let event = if let Ok(event) = self.own.1.try_recv() {
                Some(event)
            } else if let Some(event) = self.input.ready()? {
                Some(event)
            } else if let Ok(news) = self.links.news.try_recv() {
                Some(Event::News(Box::new(news)))
            } else {
                self.links.coach.try_recv().ok().map(Event::Coach)
            };
            let Some(event) = event else { break };
            self.take(app, event).await?;
        }
        Ok(())
    }

    async fn take(&mut self, app: &mut App, event: Event) -> io::Result<()> {
        self.dirty = true;
        if self.merging && matches!(event, Event::Merged(..)) {
            (self.merging, self.not_before) = (false, None);
        }
        let effects = app.update(event);
        self.carry_all(app, effects).await
    }

    async fn carry_all(&mut self, app: &App, effects: Vec<Effect>) -> io::Result<()> {
        for effect in effects {
            if matches!(effect, Effect::Work(_)) {
                (self.merging, self.not_before) = (true, Some(app.now().plus_ms(MERGE_MS)));
            }
            self.carry(effect).await?;
        }
        Ok(())
    }

    async fn carry(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Client(_) | Effect::Write { .. } => self.later.push(effect),
            Effect::Copy(text) => {
                self.guard.copy(&text)?;
                let programs = self.links.clipboard.clone();
                // A thread of its own: a clipboard that does not answer must not hold up the end of the program.
                std::thread::spawn(move || programs.iter().any(|program| hand_over(program, &text)));
            }
            Effect::RunEditor { tag, text, suffix } => {
                let text = self.edit(&text, suffix).await?;
                let _ = self.own.0.send(Event::EditorDone { tag, text });
            }
            Effect::Work(job) => {
                let tell = self.own.0.clone();
                tokio::task::spawn_blocking(move || {
                    if let Some((ticket, result)) = job.run() {
                        let _ = tell.send(Event::Merged(ticket, result));
                    }
                });
            }
            Effect::Remove(path) => {
                let _ = tokio::fs::remove_file(path).await;
            }
            Effect::Quit(status) => self.quit = Some(status),
            Effect::Suspend => {
                self.hand_on();
                self.guard.suspend()?;
                self.title.clear();
            }
            Effect::Redraw => self.guard.redraw(),
            // The app keeps these to itself.
            Effect::Push(_)
            | Effect::Replace(_)
            | Effect::Back
            | Effect::Say(_)
            | Effect::Warn(_)
            | Effect::Ask(_)
            | Effect::Do(_)
            | Effect::Tell(_) => {}
        }
        Ok(())
    }

    /// Hands on what waited for the frame, in order.
    fn hand_on(&mut self) {
        for effect in std::mem::take(&mut self.later) {
            match effect {
                Effect::Client(command) => {
                    if let Some(client) = &self.links.client
                        && !client.send(command)
                    {
                        // A client that has stopped has put everything on disk; there is nobody left to wait for.
                        let _ = self.own.0.send(Event::News(Box::new(News::Stopped)));
                    }
                }
                Effect::Write { tag, path, bytes } => {
                    let tell = self.own.0.clone();
                    tokio::task::spawn_blocking(move || {
                        let result = whole::write(&path, &bytes, whole::New::Shared)
                            .map_err(|e| format!("{} could not be written: {e}.", path.display()));
                        let _ = tell.send(Event::Written { tag, result });
                    });
                }
                _ => {}
            }
        }
    }

    async fn edit(&mut self, text: &str, suffix: &str) -> io::Result<Result<String, String>> {
        let Some(editor) = self.links.editor.clone().filter(|e| !e.trim().is_empty()) else {
            return Ok(Err("No editor is set: set VISUAL or EDITOR to its command.".to_owned()));
        };
        self.hand_on();
        self.guard.release();
        let (text, suffix) = (text.to_owned(), suffix.to_owned());
        let done = tokio::task::spawn_blocking(move || run_editor(&editor, &text, &suffix)).await;
        self.guard.resume()?;
        self.title.clear();
        Ok(done.unwrap_or_else(|e| Err(format!("The editor could not be run: {e}."))))
    }

    fn draw(&mut self, app: &mut App) -> io::Result<()> {
        (self.dirty, self.merging) = (false, false);
        self.not_before = Some(app.now().plus_ms(FRAME_MS));
        if let Some(seen) = &self.links.seen
            && app.mode() != self.mode
        {
            self.mode = app.mode();
            let _ = seen.send(self.mode);
        }
        let title = app.title();
        if title != self.title {
            self.guard.title(&title)?;
            self.title = title;
        }
        self.guard.frame(|buf| stage::draw(app, buf))
    }
}

async fn sleep_or_for_ever(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// Gives a text to a clipboard program; whether it took it.
fn hand_over(program: &[String], text: &str) -> bool {
    let Some((name, arguments)) = program.split_first() else { return false };
    let mut command = Process::new(name);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    let given = child.stdin.take().is_some_and(|mut input| io::Write::write_all(&mut input, text.as_bytes()).is_ok());
    child.wait().is_ok_and(|status| status.success()) && given
}

/// Lets the person's editor change a text in a temporary file of their own.
fn run_editor(editor: &str, text: &str, suffix: &str) -> Result<String, String> {
    let failed = |e: io::Error| format!("The editor {editor:?} could not be run: {e}.");
    let file = tempfile::Builder::new().prefix("diptych-").suffix(suffix).tempfile().map_err(failed)?;
    let path: PathBuf = file.path().to_owned();
    std::fs::write(&path, text).map_err(failed)?;
    // Through the shell, as others do: EDITOR may hold arguments and quotes.
    let status = Process::new("sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(&path).status().map_err(failed)?;
    if !status.success() {
        return Err(format!("The editor {editor:?} ended with {status}; the text is as it was."));
    }
    let bytes = std::fs::read(&path).map_err(failed)?;
    String::from_utf8(bytes).map_err(|_| "The editor left bytes that are not UTF-8; the text is as it was.".to_owned())
}
