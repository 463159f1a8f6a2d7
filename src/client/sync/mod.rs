//! The state machine of one note on this device, pure: `step(record, input, env)` to effects.
//!
//! A record is changed by one step and stored in one transaction; the driver carries the effects out only after that, so nothing is
//! shown or sent that the disk does not know. Time, keys and numbers come in with [`Env`]. Notes do not know of each other here: order
//! holds within a note, and a note that waits or fails holds up nobody. What the steps of a save are is in [`save`]; what an answer does
//! in [`answer`]; what a person does with outbox entries in [`super::outbox`].

mod answer;
mod save;
mod set_back;

use super::handle::{News, Parked, Revision};
use super::outbox;
use super::rebase::Rules;
use super::record::{Base, Lane, Record, Report};
use crate::domain::note::{Content, FieldName, Note, NoteId, Patch, Time, Uuid, Version};

pub use save::park_draft;
pub use set_back::is_older;

/// Something happened to one note.
#[derive(Clone, Debug)]
pub enum Input {
    /// The person typed.
    Type(Content, Revision),
    /// The person saved.
    Save(Content, Revision),
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
}

/// One step: changes the record and says what follows. The same record, input and env give the same result.
pub fn step(record: &mut Record, input: Input, env: &Env) -> Vec<Effect> {
    let mut out = Vec::new();
    let before = record.row(None);
    match input {
        Input::Type(content, revision) => save::typed(record, content, revision, env, &mut out),
        Input::Save(content, revision) => save::saved(record, content, Some(revision), env, &mut out),
        Input::Discard => save::discard(record, &mut out),
        Input::Delete => save::delete(record, env, &mut out),
        Input::Undelete => save::undelete(record, env, &mut out),
        Input::Journal(journal) => {
            if let Some(parked) = &mut record.parked {
                parked.journal = journal;
            }
        }
        Input::Settle(content, report) => save::settled(record, content, report, env, &mut out),
        Input::Rebase => save::rebase(record, env, &mut out),
        Input::Mark(marked) => save::mark(record, marked, env),
        Input::Due(lane) => outbox::due(record, lane, env, &mut out),
        Input::Answered(Lane::Note, answer) => answer::to_save(record, answer, env, &mut out),
        Input::Answered(lane, answer) => answer::to_side(record, lane, answer, env),
        Input::Remote(note) => answer::remote(record, note, env, &mut out),
        Input::SetBack(there) => set_back::step(record, there.map(|n| *n), env, &mut out),
        Input::RemoteMark(marked, at) => answer::remote_mark(record, marked, at),
        Input::Pause(lane, on) => outbox::pause(record, lane, on, env),
        Input::Retry(lane) => outbox::retry(record, lane, env),
        Input::Drop(lane) => outbox::drop_entry(record, lane, &mut out),
    }
    let after = record.row(None);
    if after != before {
        out.push(Effect::Tell(match after {
            Some(row) => News::RowIs(Box::new(row)),
            None => News::RowGone(record.id),
        }));
    }
    out
}

/// The fields that both sides changed since `base`, differently: what a person must settle where no server said so.
#[must_use]
pub fn collisions(base: &Content, mine: &Content, theirs: &Content) -> Vec<FieldName> {
    let differ = mine.changed_fields(theirs);
    let (by_me, by_them) = (base.changed_fields(mine), base.changed_fields(theirs));
    let both: Vec<FieldName> = by_me.into_iter().filter(|f| by_them.contains(f) && differ.contains(f)).collect();
    if both.is_empty() && mine.deleted != theirs.deleted { vec![FieldName::Deleted] } else { both }
}

/// A parked conflict, as the disk and the screens hold it.
fn parked(record: &Record, base: Option<Note>, mine: (Content, Time), theirs: Note, conflicts: Vec<FieldName>, now: Time) -> Parked {
    Parked { id: record.id, base, mine: mine.0, theirs, conflicts, mine_at: mine.1, parked_at: now, journal: Vec::new(), conflict_id: None }
}

/// The base a note is, for a save that follows it.
fn base_of(note: &Note) -> Base {
    Base::of(Some(note))
}
