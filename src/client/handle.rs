//! What screens and commands say to the client and hear from it.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::domain::note::{Content, FieldName, Note, NoteId, Time, Version};

/// Counts the changes of one open text; chosen by the screen, only compared for equality and order.
pub type Revision = u64;

/// The four states a person sees, and exactly what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Accepted by the server.
    Synced,
    /// Durable on this disk, on its way.
    SavedHere,
    /// In memory and in the journal; not saved.
    Typed,
    /// A save was refused and waits for a person.
    NeedsYou,
}

/// One note as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which note.
    pub id: NoteId,
    /// Its title as this device has it.
    pub title: String,
    /// Its tags as this device has them.
    pub tags: Vec<String>,
    /// The first stretch of its text (at most 200 bytes), for previews.
    pub excerpt: String,
    /// Its state.
    pub state: State,
    /// When it last changed, here or there.
    pub updated_at: Time,
    /// The origin of the server's version; empty before the first.
    pub origin: String,
    /// The server's version; 0 before the first.
    pub version: Version,
    /// Marked by this user.
    pub bookmarked: bool,
    /// Who holds its lock, if someone does.
    pub lock: Option<Holder>,
    /// Deleted, and kept so that it can be brought back.
    pub deleted: bool,
}

impl Row {
    /// Whether it stands among the deleted notes. A deletion that was refused still needs the person, so it stands among the others.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.deleted && self.state != State::NeedsYou
    }
}

/// Text no server has accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What was typed.
    pub content: Content,
    /// The version it started from; 0 for a new note.
    pub base_version: Version,
    /// When it was last changed.
    pub at: Time,
    /// Saved by the person (an outbox entry exists), not only typed.
    pub saved: bool,
}

/// A save that was refused, kept with everything needed to settle it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parked {
    /// Which note.
    pub id: NoteId,
    /// The version both edits started from; `None` when both created the note.
    pub base: Option<Note>,
    /// What this device tried to save.
    pub mine: Content,
    /// What the server has.
    pub theirs: Note,
    /// The fields nobody may decide but a person.
    pub conflicts: Vec<FieldName>,
    /// When mine was saved here.
    pub mine_at: Time,
    /// When it was refused.
    pub parked_at: Time,
    /// The settle journal (see `domain::settle`), empty before the first choice.
    pub journal: Vec<u8>,
    /// The server's id of the audit entry, for reporting how it was settled.
    pub conflict_id: Option<String>,
    /// Mine is what was settled here already: theirs moved on meanwhile.
    pub again: bool,
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The user.
    pub user: String,
    /// The device or surface.
    pub client: String,
    /// When it ends unless renewed.
    pub expires_at: Time,
    /// Whether it is this device.
    pub me: bool,
}

/// A note opened: all this device knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// Which note.
    pub id: NoteId,
    /// The newest version known from the server.
    pub synced: Option<Note>,
    /// The draft, if there is one.
    pub draft: Option<Draft>,
    /// The base of the draft or of the refused save, where it is not `synced`.
    pub draft_base: Option<Note>,
    /// The refused save, if there is one.
    pub parked: Option<Parked>,
    /// Its state.
    pub state: State,
    /// Who holds its lock.
    pub lock: Option<Holder>,
}

impl Detail {
    /// What the person sees as the note: the draft, else mine of a refused save, else what the server has.
    #[must_use]
    pub fn content(&self) -> Option<&Content> {
        let draft = self.draft.as_ref().map(|d| &d.content);
        draft.or(self.parked.as_ref().map(|p| &p.mine)).or(self.synced.as_ref().map(|n| &n.content))
    }
}

/// How an outbox entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// Waiting for its turn or for `due`.
    Waiting,
    /// Under way.
    Sending,
    /// Paused by the person.
    Paused,
    /// Refused for good (401, 413, 422 …): waits for the person.
    Refused,
}

/// One save on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    /// Number of the entry.
    pub entry: i64,
    /// Which note.
    pub id: NoteId,
    /// Its title.
    pub title: String,
    /// What it does: `save`, `create`, `delete`, `bookmark`, …
    pub what: String,
    /// How it stands.
    pub state: EntryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub due: Option<Time>,
    /// What went wrong last, in a plain sentence.
    pub last_error: Option<String>,
}

/// One version in a note's history, or a copy of a text that this device has put aside.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionRow {
    /// Which version; below zero: a copy kept here.
    pub version: Version,
    /// When it was accepted, or put aside.
    pub at: Time,
    /// The user; of a copy, why it was put aside.
    pub by: String,
    /// The origin.
    pub from: String,
}

/// Whether the server can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Not tried yet.
    Unknown,
    /// The last exchange worked.
    Online,
    /// It cannot be reached; why, and when it is tried next.
    Offline {
        /// A plain sentence.
        why: String,
        /// When it is tried next.
        next: Option<Time>,
    },
    /// It refused the token.
    Unauthorised,
}

/// A token for the server. It is never shown, in no log either.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What a screen or command asks of the client. None of them blocks; the answer is [`News`].
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Send all rows ([`News::Rows`]).
    List,
    /// Full-text search over this device's notes ([`News::Found`]).
    Search(String),
    /// Open a note ([`News::Opened`]).
    Open(NoteId),
    /// Keep typed text in the journal; not a save.
    Type {
        /// Which note.
        id: NoteId,
        /// The version the text on screen started from, so that one that came unseen meanwhile is not taken for it; `None`: whatever this device has.
        base: Option<Version>,
        /// The whole content as typed.
        content: Box<Content>,
        /// The revision of this text.
        revision: Revision,
    },
    /// Save: draft, base and outbox entry become durable together ([`News::SavedHere`]), then it is sent. Creates a note this device does not know.
    Save {
        /// Which note.
        id: NoteId,
        /// As in [`Command::Type`].
        base: Option<Version>,
        /// The whole content to save.
        content: Box<Content>,
        /// The revision of this text.
        revision: Revision,
    },
    /// Forget typed, unsaved text of a note (a copy is kept in its history on this device).
    Discard(NoteId),
    /// Delete a note (a save of a tombstone).
    Delete(NoteId),
    /// Undo a deletion.
    Undelete(NoteId),
    /// Keep the choices made so far of a parked conflict; durable within 100 ms.
    Journal {
        /// Which note.
        id: NoteId,
        /// The journal of `domain::settle`.
        journal: Vec<u8>,
    },
    /// Resubmit a settled conflict: the outbox entry is replaced, its base is theirs.
    Settle {
        /// Which note.
        id: NoteId,
        /// The settled content.
        content: Box<Content>,
        /// `mine`, `theirs` or `merged`, for the audit log.
        outcome: String,
        /// Hunks settled as mine, theirs, both, edited, for the audit log.
        hunks: [u32; 4],
        /// Seconds the person took.
        seconds: u32,
    },
    /// Settle by keeping mine as a new note and taking theirs here.
    KeepAsNew {
        /// Which parked note.
        id: NoteId,
        /// The id of the copy.
        copy: NoteId,
    },
    /// Open a merge of a draft whose note moved, before saving: parks it as a refused save would ([`News::NeedsYou`]).
    Rebase(NoteId),
    /// Mark or unmark.
    Bookmark(NoteId, bool),
    /// Take the lock of a note.
    Lock(NoteId),
    /// Release it.
    Unlock(NoteId),
    /// The versions of a note and the copies kept here ([`News::History`]).
    History(NoteId),
    /// One version of a note, or the copy with a number below zero ([`News::VersionIs`]).
    VersionAt(NoteId, Version),
    /// Conflict figures of so many days, and the rows behind them ([`News::Figures`]).
    Figures {
        /// How many days back.
        days: u32,
    },
    /// The outbox ([`News::Outbox`]).
    Outbox,
    /// Pause or resume an entry.
    Pause(i64, bool),
    /// Try an entry now, whatever its due time and refusal.
    RetryNow(i64),
    /// Take an entry out; its text stays as a draft.
    DropEntry(i64),
    /// Fetch and send now.
    SyncNow,
    /// The person allows the mass deletion the client stopped at.
    AllowDeletions,
    /// The person has a new token for the server: it is tried, kept, and used from now on.
    UseToken(Token),
    /// Finish writing and stop ([`News::Stopped`]).
    Stop,
}

/// What the client tells. Screens ignore what they did not ask for or no longer show.
#[derive(Clone, Debug)]
pub enum News {
    /// All rows.
    Rows(Arc<Vec<Row>>),
    /// One row changed or is new.
    RowIs(Box<Row>),
    /// A note is gone from this device.
    RowGone(NoteId),
    /// Notes whose text holds the words searched for, with the hit (at most 200 bytes around it).
    Found(String, Vec<(NoteId, String)>),
    /// A note, opened.
    Opened(Box<Detail>),
    /// The journal has this revision.
    Kept(NoteId, Revision),
    /// This revision is durable here and on its way.
    SavedHere(NoteId, Revision),
    /// The server accepted the save of this revision (`None`: one of an earlier run, or one behind which another waits); the note as the
    /// server has it now.
    Synced(Box<Note>, Option<Revision>),
    /// A save was refused; mine, theirs and base are on disk.
    NeedsYou(Box<Parked>),
    /// A settled conflict was accepted.
    Settled(NoteId, Version),
    /// The server has a newer version of a note, saved elsewhere; `drafted` if this device has typed text on it.
    Moved {
        /// The newer version.
        note: Box<Note>,
        /// Whether a draft waits here.
        drafted: bool,
    },
    /// A lock was taken, renewed, released or refused.
    LockIs(NoteId, Option<Holder>),
    /// The versions of a note, newest first.
    History(NoteId, Vec<VersionRow>),
    /// One version of a note.
    VersionIs(Box<Note>),
    /// Conflict figures and the audit entries behind them.
    Figures(Box<crate::domain::audit::Figures>, Vec<crate::domain::audit::Entry>),
    /// The outbox.
    Outbox(Vec<OutboxRow>),
    /// Whether the server can be reached.
    ConnectionIs(Connection),
    /// So many changed notes were fetched and stored, and there are more to come.
    Fetched(usize),
    /// Everything the server had when asked is here.
    CaughtUp,
    /// More than a fifth of the notes would go (how many of how many): nothing was deleted here, the person is asked.
    DeletionsHeld(usize, usize),
    /// The choices made so far in a note's parked conflict are on this disk.
    ChoicesKept(NoteId),
    /// Something a person should read: what, why, what to do.
    Notice(String),
    /// A command failed, and lost nothing: what, why, what to do.
    Failed(Option<NoteId>, String),
    /// Everything is on disk; the client has stopped.
    Stopped,
}

/// The way to the client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: mpsc::UnboundedSender<Command>,
}

impl Handle {
    /// A handle over the sending end of the client's queue.
    #[must_use]
    pub fn new(commands: mpsc::UnboundedSender<Command>) -> Self {
        Self { commands }
    }

    /// Asks; never blocks. A client that has stopped takes nothing and says so by `false`.
    pub fn send(&self, command: Command) -> bool {
        self.commands.send(command).is_ok()
    }
}
