//! All this device knows of one note, and what follows from it.
//!
//! A record is loaded, changed by one pure step and stored again in one disk transaction, so a crash leaves the record
//! before or after a step and nothing between. What a person typed is in exactly one of `typed`, `saved` and `parked` (or in the
//! copies kept aside) until the server has it.

use super::handle::{Detail, Draft, EntryState, Holder, Parked, Revision, Row, State};
use crate::domain::note::{Content, Note, NoteId, Patch, Time, Uuid, Version};

/// Bytes of text a row's excerpt has at most.
pub const EXCERPT: usize = 200;

/// The version an edit started from.
#[derive(Clone, Debug, PartialEq)]
pub struct Base {
    /// Its number; 0 is "the server has none yet".
    pub version: Version,
    /// What it said, where this device knows it.
    pub note: Option<Box<Note>>,
    /// Whether `note` says what this device's own text on that version was, and not what the server has ([`Base::under`]).
    pub own: bool,
}

impl Base {
    /// The base of a note the server does not have yet.
    pub const NONE: Base = Base { version: 0, note: None, own: false };

    /// The base that `note` is; [`Base::NONE`] for no note.
    #[must_use]
    pub fn of(note: Option<&Note>) -> Base {
        note.map_or(Base::NONE, |n| Base { version: n.version, note: Some(Box::new(n.clone())), own: false })
    }

    /// The base of a text that was typed over one's own text on this base: the server knows the version, what it says is only known here.
    #[must_use]
    pub fn under(&self, own: &Content, like: &Note) -> Base {
        let note = self.note.as_deref().cloned().unwrap_or(Note { version: 0, ..like.clone() });
        Base { version: self.version, note: Some(Box::new(Note { content: own.clone(), ..note })), own: true }
    }

    /// What the base says, where it is known.
    #[must_use]
    pub fn content(&self) -> Option<&Content> {
        self.note.as_deref().map(|n| &n.content)
    }
}

/// Text a person saved, on its way to the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// What was saved.
    pub content: Content,
    /// What it started from.
    pub base: Base,
    /// When it was saved.
    pub at: Time,
    /// The revision the screen gave it; `None` once it is not the screen's own text any more (after a restart or a rebase).
    pub revision: Option<Revision>,
    /// Set where this save settles a conflict: what to report of it.
    pub settles: Option<Report>,
}

/// Text typed and not saved.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    /// What was typed.
    pub content: Content,
    /// What it started from.
    pub base: Base,
    /// When it was last changed.
    pub at: Time,
}

/// A save that may have reached the server and has no answer yet. It is repeated unchanged, under its key, until it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The idempotency key.
    pub key: Uuid,
    /// What was sent.
    pub content: Content,
    /// What it was based on.
    pub base: Base,
    /// The revision it carried.
    pub revision: Option<Revision>,
}

/// A mark (bookmark) on a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Whether the note is marked.
    pub marked: bool,
    /// When it was last changed, here or there.
    pub at: Time,
    /// The key of the change on its way, if it was sent.
    pub key: Option<Uuid>,
}

/// How a person settled a conflict, for the server's audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The audit entry of the refusal; without it there is nothing to report to.
    pub conflict_id: Option<String>,
    /// `mine`, `theirs` or `merged`.
    pub outcome: String,
    /// Hunks settled as mine, theirs, both, edited.
    pub hunks: [u32; 4],
    /// Seconds it took.
    pub seconds: u32,
}

/// What an outbox entry is about. The lanes of one note do not wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// The note itself.
    Note,
    /// Its bookmark.
    Mark,
    /// The report of how a conflict was settled.
    Report,
}

/// How one lane of a note stands in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, in order of first saving.
    pub no: i64,
    /// How it stands; never [`EntryState::Sending`] on disk (that is known only while the program runs).
    pub state: EntryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub due: Time,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// The status of a refusal, which decides what a retry does.
    pub refused: Option<u16>,
}

/// All this device knows of one note.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Which note.
    pub id: NoteId,
    /// The newest version known from the server.
    pub synced: Option<Note>,
    /// Saved and not accepted.
    pub saved: Option<Saved>,
    /// Typed and not saved.
    pub typed: Option<Typed>,
    /// What no server has of a note the person deleted: typed text, or all of it where no server ever heard of the note. Undoing the
    /// deletion brings it back, on the base it was typed on.
    pub aside: Option<Typed>,
    /// Sent and not answered. Only with `saved`.
    pub sent: Option<Sent>,
    /// Refused and waiting for a person. Never with `saved`.
    pub parked: Option<Parked>,
    /// The bookmark.
    pub mark: Option<Mark>,
    /// The report of a settled conflict, on its way.
    pub report: Option<(Report, Option<Uuid>)>,
    /// The outbox entries, by lane.
    pub entries: Vec<(Lane, Entry)>,
}

impl Record {
    /// A record of a note nothing is known of.
    #[must_use]
    pub fn empty(id: NoteId) -> Record {
        Record {
            id,
            synced: None,
            saved: None,
            typed: None,
            aside: None,
            sent: None,
            parked: None,
            mark: None,
            report: None,
            entries: Vec::new(),
        }
    }

    /// The outbox entry of a lane.
    #[must_use]
    pub fn entry(&self, lane: Lane) -> Option<&Entry> {
        self.entries.iter().find(|(l, _)| *l == lane).map(|(_, e)| e)
    }

    /// The outbox entry of a lane, to change.
    pub fn entry_mut(&mut self, lane: Lane) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|(l, _)| *l == lane).map(|(_, e)| e)
    }

    /// Takes a lane's entry out.
    pub fn drop_entry(&mut self, lane: Lane) {
        self.entries.retain(|(l, _)| *l != lane);
    }

    /// What the person sees as the note: typed before saved before refused before synced.
    #[must_use]
    pub fn content(&self) -> Option<&Content> {
        let typed = self.typed.as_ref().map(|t| &t.content);
        let saved = self.saved.as_ref().map(|s| &s.content);
        let parked = self.parked.as_ref().map(|p| &p.mine);
        typed.or(saved).or(parked).or(self.synced.as_ref().map(|n| &n.content))
    }

    /// The note without what was typed and not saved.
    #[must_use]
    pub fn settled_content(&self) -> Option<&Content> {
        let saved = self.saved.as_ref().map(|s| &s.content);
        let parked = self.parked.as_ref().map(|p| &p.mine);
        saved.or(parked).or(self.synced.as_ref().map(|n| &n.content))
    }

    /// Its state, as the status line names it.
    #[must_use]
    pub fn state(&self) -> State {
        if self.parked.is_some() {
            State::NeedsYou
        } else if self.typed.is_some() {
            State::Typed
        } else if self.saved.is_some() {
            State::SavedHere
        } else if self.only_aside().is_some() {
            State::Typed
        } else {
            State::Synced
        }
    }

    /// What was put aside of a deleted note of which there is nothing else.
    fn only_aside(&self) -> Option<&Content> {
        self.aside.as_ref().map(|a| &a.content).filter(|_| self.content().is_none())
    }

    /// What new typing would start from.
    #[must_use]
    pub fn base(&self) -> Base {
        match (&self.typed, &self.saved, &self.parked) {
            (Some(t), _, _) => t.base.clone(),
            (_, Some(s), _) => s.base.clone(),
            (_, _, Some(p)) => Base::of(p.base.as_ref()),
            _ => Base::of(self.synced.as_ref()),
        }
    }

    /// Whether there is text of this device's own that the server has not accepted.
    #[must_use]
    pub fn has_own(&self) -> bool {
        self.typed.is_some() || self.saved.is_some() || self.sent.is_some() || self.parked.is_some()
    }

    /// The row of the list; `None` where there is nothing to show. Of a deleted note it says what undoing would bring back.
    #[must_use]
    pub fn row(&self, lock: Option<Holder>) -> Option<Row> {
        let content = self.content().or_else(|| self.only_aside())?;
        let typed = self.typed.as_ref().or(self.aside.as_ref());
        let here = [typed.map(|t| t.at), self.saved.as_ref().map(|s| s.at), self.parked.as_ref().map(|p| p.mine_at)];
        let there = self.synced.as_ref().map(|n| n.updated_at);
        Some(Row {
            id: self.id,
            title: content.title.clone(),
            tags: content.tags.clone(),
            excerpt: head(&content.body, EXCERPT).to_owned(),
            state: self.state(),
            updated_at: here.into_iter().flatten().max().or(there).unwrap_or_default(),
            origin: self.synced.as_ref().map(|n| n.updated_from.clone()).unwrap_or_default(),
            version: self.synced.as_ref().map_or(0, |n| n.version),
            bookmarked: self.mark.as_ref().is_some_and(|m| m.marked),
            lock,
            deleted: content.deleted || self.only_aside().is_some(),
        })
    }

    /// The note as a screen opens it.
    #[must_use]
    pub fn detail(&self, lock: Option<Holder>) -> Detail {
        let draft = match (&self.typed, &self.saved) {
            (Some(t), _) => Some(Draft { content: t.content.clone(), base_version: t.base.version, at: t.at, saved: false }),
            (None, Some(s)) => Some(Draft { content: s.content.clone(), base_version: s.base.version, at: s.at, saved: true }),
            (None, None) => None,
        };
        let base = self.base();
        let moved = (draft.is_some() || self.parked.is_some()) && self.synced.as_ref().is_some_and(|n| n.version != base.version);
        Detail {
            id: self.id,
            synced: self.synced.clone(),
            draft,
            draft_base: base.note.map(|n| *n).filter(|_| moved),
            parked: self.parked.clone(),
            state: self.state(),
            lock,
        }
    }

    /// Whether nothing at all is known of the note.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Record::empty(self.id)
    }
}

/// The change that turns `base` into `content`; everything, where the base is not known.
#[must_use]
pub fn patch(base: &Base, content: &Content) -> Patch {
    match base.content() {
        Some(from) => from.patch_to(content),
        None => Patch {
            title: Some(content.title.clone()),
            body: Some(content.body.clone()),
            tags: Some(content.tags.clone()),
            fields: content.fields.iter().map(|(n, v)| (n.clone(), Some(v.clone()))).collect(),
            deleted: Some(content.deleted),
        },
    }
}

/// Whether two contents say the same; the order of tags says nothing.
#[must_use]
pub fn alike(a: &Content, b: &Content) -> bool {
    a == b || a.changed_fields(b).is_empty()
}

/// The first `max` bytes of a text, cut between characters.
#[must_use]
pub fn head(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
