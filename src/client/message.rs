//! What goes into a step of a note and what comes out of it: words of `sync` and `outbox`, and of whoever carries them out.

use super::handle::{News, Revision};
use super::rebase::Rules;
use super::record::{Lane, Report};
use super::unseen::{Passed, Unseen};
use crate::domain::note::{Content, FieldName, Note, NoteId, Patch, Time, Uuid, Version};

/// Something happened to one note.
#[derive(Clone, Debug)]
pub enum Input {
    /// The person typed. With the version that the text on screen started from, where a screen names one.
    Type(Content, Revision, Option<Version>),
    /// The person saved; the same.
    Save(Content, Revision, Option<Version>),
    /// The person throws typed text away.
    Discard,
    /// The person deletes the note.
    Delete,
    /// The person undoes a deletion.
    Undelete,
    /// Choices of a parked conflict to keep.
    Journal(Vec<u8>),
    /// The person settled a conflict.
    Settle(Content, Report),
    /// The person wants to merge a draft whose note moved, before saving.
    Rebase,
    /// The person marks or unmarks the note.
    Mark(bool),
    /// The lane may be sent now.
    Due(Lane),
    /// The server answered what was sent in a lane.
    Answered(Lane, Answer),
    /// The server has this version.
    Remote(Note),
    /// The server was set back to an older state, or is another one: this is what it has of the note, `None` where it has none.
    SetBack(Option<Box<Note>>),
    /// The server has this bookmark, changed at that time.
    RemoteMark(bool, Time),
    /// The person pauses (`true`) or resumes a lane.
    Pause(Lane, bool),
    /// The person wants a lane tried now.
    Retry(Lane),
    /// The person takes a lane's entry out.
    Drop(Lane),
}

/// The few kinds of answer a server can give.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Accepted; the note as it is there now.
    Saved(Box<Note>),
    /// Refused: the note has moved on.
    Conflict {
        /// What stands there.
        present: Box<Note>,
        /// What both started from, where the server says.
        base: Option<Box<Note>>,
        /// What a person must settle.
        conflicts: Vec<FieldName>,
        /// The audit entry.
        conflict_id: Option<String>,
    },
    /// The server does not know the note.
    Missing,
    /// The bookmark or the report was taken.
    Done,
    /// Refused for good: the status, and why in a plain sentence.
    Refused(u16, String),
    /// Not now: why, and after how many milliseconds at the earliest, where the server says.
    Later(String, Option<i64>),
}

impl Answer {
    /// Whether it says, as the answer to a request of `lane`, what the server has of the note. After such an answer a page of changes
    /// asked for earlier may be behind what is known; after any other (a bookmark, a report, "not now") it is the news.
    #[must_use]
    pub fn tells_of_note(&self, lane: Lane) -> bool {
        lane == Lane::Note && matches!(self, Answer::Saved(_) | Answer::Conflict { .. } | Answer::Missing)
    }
}

/// What is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The note it is about.
    pub id: NoteId,
    /// Its lane.
    pub lane: Lane,
    /// The idempotency key.
    pub key: Uuid,
    /// What it asks for.
    pub body: Body,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A new note.
    Create(Content),
    /// A save on top of a version. Its number and the time the server gave it, where that is known, name it together: in another past
    /// of the server (one restored from a backup) a number means another text.
    Save(Version, Option<Time>, Patch),
    /// A bookmark, set at that time.
    Mark(bool, Time),
    /// How a conflict was settled.
    Report(Report),
}

/// What a step asks the driver to do, after the record is stored.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Tell the screens.
    Tell(News),
    /// Send this; the answer comes back as [`Input::Answered`].
    Send(Box<Request>),
    /// Keep a copy aside, in the same transaction as the record, and why.
    Copy(Box<Content>, &'static str),
    /// Remember this for texts on screen that have not seen it ([`Unseen::passed`]).
    Passed(Passed),
}

/// What a step may know besides the record.
#[derive(Clone, Copy, Debug)]
pub struct Env<'a> {
    /// The time.
    pub now: Time,
    /// A fresh key.
    pub key: Uuid,
    /// A fresh number for an outbox entry.
    pub no: i64,
    /// A random number from 0 to 999, to spread retries.
    pub jitter: i64,
    /// How the server combines fields.
    pub rules: &'a Rules,
    /// What texts on screen have not seen.
    pub unseen: &'a Unseen,
}
