//! The rules of the outbox: one save of a note under way at a time, later ones collapse into one, failures wait longer each time,
//! refusals for good wait for the person.
//!
//! Entries belong to their note's record and are stored with it, so that the count of attempts and the next time survive a restart.

use super::handle::EntryState;
use super::message::{Body, Effect, Env, Request};
use super::record::{Entry, Lane, Record, Sent, Typed, patch};

/// The first wait after a failure, in milliseconds; it doubles with each further one.
pub const FIRST_WAIT_MS: i64 = 1_000;
/// The longest wait between two tries, in milliseconds.
pub const LONGEST_WAIT_MS: i64 = 5 * 60 * 1_000;

/// How long to wait after so many failures in a row: doubling, capped, and spread by `jitter` (0 to 999) over its upper half.
#[must_use]
pub fn wait_ms(failures: u32, jitter: i64) -> i64 {
    let full = FIRST_WAIT_MS.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(LONGEST_WAIT_MS);
    full / 2 + full / 2 * jitter.clamp(0, 999) / 999
}

/// Makes a lane due now. A paused entry stays paused.
pub(super) fn enqueue(record: &mut Record, lane: Lane, env: &Env) {
    match record.entry_mut(lane) {
        Some(entry) => {
            if entry.state == EntryState::Refused {
                (entry.state, entry.attempts, entry.last_error, entry.refused) = (EntryState::Waiting, 0, None, None);
            }
            entry.due = env.now;
        }
        None => {
            let fresh = Entry { no: env.no, state: EntryState::Waiting, attempts: 0, due: env.now, last_error: None, refused: None };
            record.entries.push((lane, fresh));
        }
    }
}

/// Sends a lane, if it waits and its time has come.
pub(super) fn due(record: &mut Record, lane: Lane, env: &Env, out: &mut Vec<Effect>) {
    if !record.entry(lane).is_some_and(|e| e.state == EntryState::Waiting && e.due <= env.now) {
        return;
    }
    match lane {
        Lane::Note => due_save(record, env, out),
        Lane::Mark => {
            let Some(mark) = &mut record.mark else { return record.drop_entry(lane) };
            let key = *mark.key.get_or_insert(env.key);
            let body = Body::Mark(mark.marked, mark.at);
            out.push(Effect::Send(Box::new(Request { id: record.id, lane, key, body })));
        }
        Lane::Report => {
            let Some((report, key)) = &mut record.report else { return record.drop_entry(lane) };
            let key = *key.get_or_insert(env.key);
            let body = Body::Report(report.clone());
            out.push(Effect::Send(Box::new(Request { id: record.id, lane, key, body })));
        }
    }
}

fn due_save(record: &mut Record, env: &Env, out: &mut Vec<Effect>) {
    let Some(saved) = &record.saved else { return record.drop_entry(Lane::Note) };
    let sent = record.sent.get_or_insert_with(|| Sent {
        key: env.key,
        content: saved.content.clone(),
        base: saved.base.clone(),
        revision: saved.revision,
    });
    let body = if sent.base.version == 0 {
        Body::Create(sent.content.clone())
    } else {
        Body::Save(sent.base.version, sent.base.note.as_ref().map(|n| n.updated_at), patch(&sent.base, &sent.content))
    };
    let request = Request { id: record.id, lane: Lane::Note, key: sent.key, body };
    out.push(Effect::Send(Box::new(request)));
}

/// Counts a failure and waits before the next try.
pub(super) fn failed(record: &mut Record, lane: Lane, why: String, after: Option<i64>, env: &Env) {
    if let Some(entry) = record.entry_mut(lane) {
        entry.attempts = entry.attempts.saturating_add(1);
        let wait = wait_ms(entry.attempts, env.jitter).max(after.unwrap_or(0).clamp(0, 24 * 3_600_000));
        entry.due = env.now.plus_ms(wait);
        entry.last_error = Some(why);
    }
}

/// Stops trying until the person says so.
pub(super) fn refused(record: &mut Record, lane: Lane, status: u16, why: String) {
    if let Some(entry) = record.entry_mut(lane) {
        entry.attempts = entry.attempts.saturating_add(1);
        (entry.state, entry.last_error, entry.refused) = (EntryState::Refused, Some(why), Some(status));
    }
}

pub(super) fn pause(record: &mut Record, lane: Lane, on: bool, env: &Env) {
    if let Some(entry) = record.entry_mut(lane) {
        entry.state = if on { EntryState::Paused } else { EntryState::Waiting };
        entry.due = env.now;
    }
}

pub(super) fn retry(record: &mut Record, lane: Lane, env: &Env) {
    if let Some(entry) = record.entry_mut(lane) {
        (entry.state, entry.due, entry.refused) = (EntryState::Waiting, env.now, None);
    }
}

/// Takes an entry out. The text of a save stays as a draft, and a copy is kept aside.
pub(super) fn drop_entry(record: &mut Record, lane: Lane, out: &mut Vec<Effect>) {
    record.drop_entry(lane);
    match lane {
        Lane::Note => {
            record.sent = None;
            if let Some(saved) = record.saved.take() {
                out.push(Effect::Copy(Box::new(saved.content.clone()), "taken out of the outbox"));
                if record.typed.is_none() {
                    record.typed = Some(Typed { content: saved.content, base: saved.base, at: saved.at });
                }
            }
        }
        Lane::Mark => record.mark = None,
        Lane::Report => record.report = None,
    }
}
