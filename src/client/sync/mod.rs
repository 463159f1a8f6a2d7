//! The state machine of one note on this device, pure: `step(record, input, env)` to effects.
//!
//! A record is changed by one step and stored in one transaction; the driver carries the effects out only after that, so nothing is
//! shown or sent that the disk does not know. Time, keys and numbers come in with [`Env`]. Notes do not know of each other here: order
//! holds within a note, and a note that waits or fails holds up nobody. What the steps of a save are is in [`save`]; what an answer does
//! in [`answer`]; what a server that was set back does in [`set_back`]; what a text on screen has not seen in [`unseen`]; what a person
//! does with outbox entries in [`super::outbox`].

mod answer;
mod save;
mod set_back;
mod unseen;

use super::handle::{News, Parked};
use super::message::{Effect, Env, Input};
use super::outbox;
use super::record::{Base, Lane, Record, alike};
use super::unseen::Passed;
use crate::domain::note::{Content, FieldName, Note, Time};

pub use save::park_draft;
pub use set_back::is_older;

/// One step: changes the record and says what follows. The same record, input and env give the same result.
pub fn step(record: &mut Record, input: Input, env: &Env) -> Vec<Effect> {
    let mut out = Vec::new();
    let before = record.row(None);
    let stood = unseen::Stood::of(record, &input);
    match input {
        Input::Type(content, revision, on) => save::typed(record, (content, on), revision, env, &mut out),
        Input::Save(content, revision, on) => save::saved_on_screen(record, (content, on), revision, env, &mut out),
        Input::Discard => save::discard(record, &mut out),
        Input::Delete => save::delete(record, env, &mut out),
        Input::Undelete => save::undelete(record, env, &mut out),
        Input::Journal(journal) => {
            if let Some(parked) = &mut record.parked {
                parked.journal = journal;
                out.push(Effect::Tell(News::ChoicesKept(record.id)));
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
    stood.passed(record, &mut out);
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
    Parked {
        id: record.id,
        base,
        mine: mine.0,
        theirs,
        conflicts,
        mine_at: mine.1,
        parked_at: now,
        journal: Vec::new(),
        conflict_id: None,
        again: false,
    }
}

/// The base a note is, for a save that follows it.
fn base_of(note: &Note) -> Base {
    Base::of(Some(note))
}
