//! What becomes of a note when the server was set back to an older state, or is another one than before.
//!
//! What it had accepted it may have lost, and then this device may hold the last copy. So nothing here goes for what the server has:
//! a text that it lacks becomes a draft, or a copy kept aside, and what was saved here on a version it no longer has is put before a
//! person with what it has instead. Nothing is sent there by itself but what was on its way: it may be somebody else's server.

use super::answer;
use super::save::park_draft;
use super::{Effect, Env};
use crate::client::handle::News;
use crate::client::message::Answer;
use crate::client::outbox;
use crate::client::record::{Base, Lane, Record, Typed, alike};
use crate::domain::note::Note;

/// Whether what a server has of a note is from before what this device knows of it: the sign of a server that was set back.
#[must_use]
pub fn is_older(there: &Note, known: Option<&Note>) -> bool {
    known.is_some_and(|ours| there.version < ours.version || (there.version == ours.version && there != ours))
}

pub(super) fn step(record: &mut Record, there: Option<Note>, env: &Env, out: &mut Vec<Effect>) {
    let Some(ours) = record.synced.clone() else {
        return there.into_iter().for_each(|note| answer::remote(record, note, env, out));
    };
    if there.as_ref() == Some(&ours) {
        return;
    }
    if let Some(note) = &there
        && record.sent.as_ref().is_some_and(|s| alike(&s.content, &note.content))
    {
        // What is under way had arrived before.
        answer::to_save(record, Answer::Saved(Box::new(note.clone())), env, out);
        record.synced = there;
        return;
    }
    // What is under way went to a server that has forgotten it.
    record.sent = None;
    let own = record.typed.is_some() || record.saved.is_some() || record.parked.is_some();
    let same = there.as_ref().is_some_and(|n| alike(&n.content, &ours.content));
    record.synced = there.clone();
    if own || ours.content.deleted || (!same && there.as_ref().is_some_and(|n| n.version > ours.version)) {
        if !same {
            out.push(Effect::Copy(Box::new(ours.content), "as it was before the server was set back"));
        }
        out.extend(there.clone().filter(|_| !own).map(|n| Effect::Tell(News::Moved { note: Box::new(n), drafted: false })));
    } else if !same {
        record.typed = Some(Typed { content: ours.content, base: Base::of(there.as_ref()), at: env.now });
    }
    match there {
        Some(note) => on(record, &note, env, out),
        None => nowhere(record, env),
    }
}

/// Text of our own on a note that the server has in another version.
fn on(record: &mut Record, there: &Note, env: &Env, out: &mut Vec<Effect>) {
    if let Some(parked) = &mut record.parked {
        if !alike(&parked.theirs.content, &there.content) {
            // The choices made so far were between other texts.
            parked.journal.clear();
        }
        parked.theirs = there.clone();
        parked.conflict_id = None;
        return;
    }
    let base = record.base();
    if base.content().is_some_and(|c| alike(c, &there.content)) || record.saved.is_none() && record.typed.is_none() {
        record.typed.iter_mut().for_each(|t| t.base = Base::of(Some(there)));
        if let Some(saved) = &mut record.saved {
            saved.base = Base::of(Some(there));
            outbox::enqueue(record, Lane::Note, env);
        }
        return;
    }
    // The numbers of versions mean something else now: no base may be told to the server that only looks like one of its own.
    record.typed.iter_mut().for_each(|t| t.base.version = 0);
    record.saved.iter_mut().for_each(|s| s.base.version = 0);
    if park_draft(record, env) == Ok(true)
        && let Some(parked) = &record.parked
    {
        out.push(Effect::Tell(News::NeedsYou(Box::new(parked.clone()))));
    }
}

/// Text of our own on a note that the server does not have.
fn nowhere(record: &mut Record, env: &Env) {
    if let Some(parked) = record.parked.take() {
        let at = parked.mine_at;
        record.typed.get_or_insert(Typed { content: parked.mine, base: Base::NONE, at });
    }
    record.typed.iter_mut().for_each(|t| t.base = Base::NONE);
    if let Some(saved) = &mut record.saved {
        saved.base = Base::NONE;
        outbox::enqueue(record, Lane::Note, env);
    }
}
