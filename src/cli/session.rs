//! One command's talk with the client: asks, waits for the matching answer, and never for ever.
//!
//! A note is named by its id or by any beginning of it that no other note shares. What a command prints with `--json` is made here too, so that
//! a note, a row and an outbox entry look alike wherever they appear.

use std::io::Read;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::connect::{Connected, connect};
use super::{Context, Failure, output};
use crate::client::{Command, Connection, Detail, EntryState, News, OutboxRow, Row, State};
use crate::domain::note::{Content, MAX_BODY, NoteId, Time, Value, Version};
use crate::wire::time::rfc3339;
use crate::wire::value::ValueJson;

/// How long the client may take to answer from its disk.
const DISK: Duration = Duration::from_secs(20);
/// How long a server may take.
const SERVER: Duration = Duration::from_secs(15);
/// How long a command waits for news from the server before it goes on with what this device has.
pub const FRESH: Duration = Duration::from_secs(5);
/// Pause between two looks at an outbox entry.
const LOOK: Duration = Duration::from_millis(50);

/// How a save stands when the command stops waiting.
#[derive(Debug)]
pub enum Sent {
    /// The server has it, as this version.
    Accepted(Version),
    /// It is durable here and will be sent; why not now.
    Later(String),
    /// It was refused because the note moved: parked.
    Parked,
    /// It is durable here, and its outbox entry of this number is paused.
    Paused(i64),
    /// The server refused it for good; why.
    Refused(String),
}

/// A connected client and what was heard from it.
pub struct Session {
    connected: Connected,
    connection: Connection,
    caught_up: bool,
    /// Notes fetched so far, while there are more to come.
    fetched: usize,
    /// Deletions that wait for a word: how many of how many notes.
    pub held: Option<(usize, usize)>,
}

impl Session {
    /// Connects; beside another running diptych it works as its guest.
    ///
    /// # Errors
    /// Those of [`connect`].
    pub async fn open(ctx: &Context) -> Result<Session, Failure> {
        let connected = connect(ctx, true).await?;
        Ok(Session { connected, connection: Connection::Unknown, caught_up: false, fetched: 0, held: None })
    }

    /// Ends it, once everything is on disk.
    ///
    /// # Errors
    /// If the client cannot finish in time.
    pub async fn close(self) -> Result<(), Failure> {
        self.connected.close().await
    }

    /// Tells the client something that has no answer.
    pub fn tell(&self, command: Command) {
        self.connected.client.send(command);
    }

    /// The next news, with what every command wants to know of it kept.
    pub(super) async fn hear(&mut self) -> Result<News, Failure> {
        let Some(news) = self.connected.news.recv().await else {
            return Err(Failure::data("The client has stopped.", "It cannot go on.", "See the log; nothing that was saved is lost."));
        };
        match &news {
            News::ConnectionIs(connection) => self.connection = connection.clone(),
            News::Fetched(notes) => {
                self.fetched = *notes;
                output::fetching(*notes, false);
            }
            News::CaughtUp => {
                self.caught_up = true;
                self.fetching_ends();
            }
            News::DeletionsHeld(some, all) => self.held = Some((*some, *all)),
            News::Notice(text) => output::note(&output::harmless(text)),
            _ => {}
        }
        Ok(news)
    }

    fn fetching_ends(&mut self) {
        if std::mem::take(&mut self.fetched) > 0 {
            output::fetching(0, true);
        }
    }

    async fn asked<T>(
        &mut self,
        status: u8,
        within: Duration,
        command: Command,
        mut pick: impl FnMut(News) -> Option<T>,
    ) -> Result<T, Failure> {
        self.tell(command);
        let wait = async {
            loop {
                match self.hear().await? {
                    News::Failed(_, why) => return Err(Failure::new(status, why, "", "")),
                    news => {
                        if let Some(found) = pick(news) {
                            return Ok(found);
                        }
                    }
                }
            }
        };
        match tokio::time::timeout(within, wait).await {
            Ok(done) => done,
            Err(_) => Err(Failure::new(status, "There was no answer in time.", "The server or the disk is slow.", "Try again.")),
        }
    }

    /// Asks what this device knows.
    ///
    /// # Errors
    /// What the client says went wrong, as trouble with data; or no answer in time.
    pub async fn ask<T>(&mut self, command: Command, pick: impl FnMut(News) -> Option<T>) -> Result<T, Failure> {
        self.asked(4, DISK, command, pick).await
    }

    /// Asks what only the server knows.
    ///
    /// # Errors
    /// What the client says went wrong, as trouble with the server; or no answer in time.
    pub async fn ask_server<T>(&mut self, command: Command, pick: impl FnMut(News) -> Option<T>) -> Result<T, Failure> {
        self.asked(3, SERVER, command, pick).await
    }

    /// Waits until this device has what the server has, or until it is known that it cannot now, or nothing came for so long. Gives why not.
    ///
    /// # Errors
    /// Only that the client has stopped.
    pub async fn catch_up(&mut self, within: Duration) -> Result<Option<String>, Failure> {
        while !self.caught_up && self.trouble().is_none() {
            let before = self.fetched;
            let wait = async {
                while !self.caught_up && self.trouble().is_none() && self.fetched == before {
                    self.hear().await?;
                }
                Ok(())
            };
            match tokio::time::timeout(within, wait).await {
                Ok(done) => done?,
                Err(_) => {
                    self.fetching_ends();
                    return Ok(Some("The server has not answered in time.".to_owned()));
                }
            }
        }
        self.fetching_ends();
        Ok(if self.caught_up { None } else { self.trouble() })
    }

    /// The same, with a word on standard error where what follows may be old.
    ///
    /// # Errors
    /// As [`Session::catch_up`].
    pub async fn freshen(&mut self) -> Result<(), Failure> {
        if let Some(why) = self.catch_up(FRESH).await? {
            output::note(&format!("This is what the device has. {}", output::harmless(&why)));
        }
        Ok(())
    }

    /// Listens for a moment, so that what goes on is known; longer where so many entries are looked through each time.
    /// Gives how long that is.
    pub async fn listen(&mut self, entries: usize) -> Duration {
        let moment = LOOK + Duration::from_micros(20).saturating_mul(u32::try_from(entries).unwrap_or(u32::MAX));
        let _ = tokio::time::timeout(moment, async { while self.hear().await.is_ok() {} }).await;
        moment
    }

    /// Why the server cannot be had now, if that is so.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        match &self.connection {
            Connection::Offline { why, .. } => Some(why.clone()),
            Connection::Unauthorised => Some("The server refuses the token; log in again.".to_owned()),
            Connection::Unknown | Connection::Online => None,
        }
    }

    /// All rows.
    ///
    /// # Errors
    /// If the disk cannot be read.
    pub async fn rows(&mut self) -> Result<Vec<Row>, Failure> {
        self.ask(Command::List, |news| if let News::Rows(rows) = news { Some(rows.to_vec()) } else { None }).await
    }

    /// The outbox.
    ///
    /// # Errors
    /// If the disk cannot be read.
    pub async fn outbox(&mut self) -> Result<Vec<OutboxRow>, Failure> {
        self.ask(Command::Outbox, |news| if let News::Outbox(rows) = news { Some(rows) } else { None }).await
    }

    /// All this device knows of a note.
    ///
    /// # Errors
    /// If the disk cannot be read.
    pub async fn detail(&mut self, id: NoteId) -> Result<Detail, Failure> {
        let pick = |news| if let News::Opened(d) = news { Some(*d).filter(|d| d.id == id) } else { None };
        self.ask(Command::Open(id), pick).await
    }

    /// The note whose id begins so.
    ///
    /// # Errors
    /// None does, or more than one.
    pub async fn find(&mut self, start: &str) -> Result<NoteId, Failure> {
        let wanted = start.trim().to_lowercase();
        let rows = self.rows().await?;
        let mut found: Vec<NoteId> = rows.iter().map(|r| r.id).filter(|id| id.to_string().starts_with(&wanted)).collect();
        match (wanted.is_empty(), found.len()) {
            (false, 1) => Ok(found.remove(0)),
            (false, 0) => Err(Failure::usage(
                format!("No note here has an id that begins with {start}."),
                "It may not have been fetched, or it is gone.",
                "diptych list shows the ids, diptych sync fetches.",
            )),
            (_, n) => {
                Err(Failure::usage(format!("{n} notes have an id that begins so."), "That names no single note.", "Give more of the id."))
            }
        }
    }

    /// Saves content as started from `base` (`None`: whatever this device has). Durable here when this returns.
    ///
    /// # Errors
    /// If it cannot be stored, or breaks a limit.
    pub async fn save(&mut self, id: NoteId, base: Option<Version>, content: Content) -> Result<(), Failure> {
        let command = Command::Save { id, base, content: Box::new(content), revision: 1 };
        self.ask(command, |news| match news {
            News::SavedHere(saved, 1) if saved == id => Some(()),
            _ => None,
        })
        .await
    }

    /// Waits for what becomes of a save; `until_sent`: also while the server cannot be reached, as long as it takes. A paused entry is
    /// not waited for: it is a person's to resume.
    ///
    /// # Errors
    /// If the disk cannot be read.
    pub async fn sent(&mut self, id: NoteId, until_sent: bool) -> Result<Sent, Failure> {
        let most = SERVER.as_millis() / LOOK.as_millis();
        let mut looks = 0;
        loop {
            let detail = self.detail(id).await?;
            if detail.parked.is_some() {
                return Ok(Sent::Parked);
            }
            let entry = self.outbox().await?.into_iter().find(|e| e.id == id && !matches!(e.what.as_str(), "bookmark" | "report"));
            let Some(entry) = entry else {
                // Between the two looks it may have been answered.
                let detail = self.detail(id).await?;
                return Ok(if detail.parked.is_some() { Sent::Parked } else { Sent::Accepted(detail.synced.map_or(0, |n| n.version)) });
            };
            let why = entry.last_error.or_else(|| self.trouble());
            match (entry.state, why) {
                (EntryState::Refused, why) => return Ok(Sent::Refused(why.unwrap_or_else(|| "The server refuses it.".to_owned()))),
                (EntryState::Paused, _) => return Ok(Sent::Paused(entry.entry)),
                (EntryState::Waiting, Some(why)) if !until_sent => return Ok(Sent::Later(why)),
                _ => {}
            }
            if looks >= most && !until_sent {
                return Ok(Sent::Later("The server has not answered in time.".to_owned()));
            }
            looks += 1;
            self.listen(0).await;
        }
    }
}

/// Tells how a save went and gives the exit status: 0 accepted or saved here, 1 parked, 3 refused or (if it was `awaited`) paused.
///
/// # Errors
/// A parked or refused save, as the failure to print.
pub fn told(ctx: &Context, id: NoteId, sent: &Sent, awaited: bool) -> Result<u8, Failure> {
    let (state, version) = match sent {
        Sent::Accepted(version) => ("synced", *version),
        Sent::Later(_) | Sent::Paused(_) => ("saved here", 0),
        Sent::Parked => ("needs you", 0),
        Sent::Refused(_) => ("refused", 0),
    };
    if ctx.config.json {
        output::json(&json!({ "data": { "id": id.to_string(), "version": version, "state": state } }))?;
    } else if matches!(sent, Sent::Accepted(_) | Sent::Later(_) | Sent::Paused(_)) {
        output::line(&id.to_string())?;
    }
    match sent {
        Sent::Accepted(_) => Ok(0),
        Sent::Later(why) => {
            output::note(&format!("Saved here; it will be sent when the server can be reached. {}", output::harmless(why)));
            Ok(0)
        }
        Sent::Paused(entry) => {
            let (what, todo) =
                ("Saved here, and not sent: its outbox entry is paused.", format!("diptych outbox resume {entry} lets it go."));
            if awaited {
                return Err(Failure::server(what, "Whoever paused it wanted it held back.", todo));
            }
            output::note(&format!("{what} {todo}"));
            Ok(0)
        }
        Sent::Parked => Err(Failure::conflict(
            "This note was changed elsewhere meanwhile.",
            "Both versions are kept, and nothing was overwritten.",
            format!("diptych conflicts settle {id} --plain asks what to keep; --mine and --theirs take one side."),
        )),
        Sent::Refused(why) => Err(Failure::server("The server refused the save.", why, "It is kept here; see diptych outbox.")),
    }
}

/// A text from a file, or from standard input (`-`).
///
/// # Errors
/// It cannot be read, is too long, or is not UTF-8.
pub fn text(from: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let most = MAX_BODY as u64 + 1;
    let read = match from {
        "-" => std::io::stdin().lock().take(most).read_to_end(&mut bytes),
        path => std::fs::File::open(path).and_then(|f| f.take(most).read_to_end(&mut bytes)),
    };
    read.map_err(|e| Failure::data(format!("{from} cannot be read."), e, "Check the file and try again."))?;
    if bytes.len() > MAX_BODY {
        return Err(Failure::data("The text is too long.", format!("A note has at most {MAX_BODY} bytes."), "Split it."));
    }
    String::from_utf8(bytes).map_err(|e| Failure::data("The text is not UTF-8.", e, "Convert it first, with iconv for instance."))
}

/// A field given as NAME=VALUE. The value is read as JSON (numbers, true, false, lists of texts), and as text where it is none.
///
/// # Errors
/// There is no `=`.
pub fn field(given: &str) -> Result<(String, Value), String> {
    let (name, value) = given.split_once('=').ok_or("write it as NAME=VALUE")?;
    let read = serde_json::from_str::<ValueJson>(value).map_or_else(|_| Value::Text(value.to_owned()), |v| v.0);
    Ok((name.to_owned(), read))
}

/// A state by its name.
#[must_use]
pub fn state(state: State) -> &'static str {
    match state {
        State::Synced => "synced",
        State::SavedHere => "saved here",
        State::Typed => "typed",
        State::NeedsYou => "needs you",
    }
}

/// A content as JSON members: title, body, tags, fields, deleted.
#[must_use]
pub fn content_json(c: &Content) -> Map<String, Json> {
    let fields: Map<String, Json> = c.fields.iter().map(|(k, v)| (k.clone(), json!(ValueJson(v.clone())))).collect();
    let all = [
        ("title", json!(c.title)),
        ("body", json!(c.body)),
        ("tags", json!(c.tags)),
        ("fields", Json::Object(fields)),
        ("deleted", json!(c.deleted)),
    ];
    all.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
}

/// A moment to the minute, in UTC.
#[must_use]
pub fn minute(time: Time) -> String {
    rfc3339(time).chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}
