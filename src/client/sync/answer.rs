//! What a server's answer, or news from it, does to a note.
//!
//! Alone means no conflict: a refusal whose present note says just what was sent is the acknowledgement that got lost.

use super::save::{newest, tell};
use super::unseen::went_on;
use super::{Effect, Env, base_of, parked};
use crate::client::handle::{EntryState, News, Parked};
use crate::client::message::Answer;
use crate::client::outbox;
use crate::client::rebase::{clashes, rebase};
use crate::client::record::{Base, Lane, Mark, Record, Saved, Sent, alike};
use crate::domain::note::{Content, FieldName, FieldValue, Note, Time, Value};

pub(super) fn to_save(record: &mut Record, answer: Answer, env: &Env, out: &mut Vec<Effect>) {
    // An answer to something this record no longer waits for changes nothing.
    let Some(sent) = record.sent.clone() else { return };
    match answer {
        Answer::Saved(note) => accepted(record, &sent, *note, env, out),
        Answer::Conflict { present, .. } if alike(&present.content, &sent.content) => accepted(record, &sent, *present, env, out),
        Answer::Conflict { present, base, conflicts, conflict_id } => {
            refused(record, &sent, *present, base.map(|b| *b), conflicts, env);
            if let Some(parked) = &mut record.parked {
                parked.conflict_id = conflict_id;
                out.push(Effect::Tell(News::NeedsYou(Box::new(parked.clone()))));
            }
        }
        Answer::Missing if sent.base.version > 0 => {
            // The server has lost the note; what is here is all there is of it, so it is made anew.
            record.sent = None;
            record.synced = None;
            if let Some(saved) = &mut record.saved {
                saved.base = Base::NONE;
            }
            outbox::enqueue(record, Lane::Note, env);
        }
        Answer::Missing | Answer::Done => outbox::failed(record, Lane::Note, "The server's answer made no sense.".to_owned(), None, env),
        Answer::Refused(status, why) => {
            // A refusal for good applied nothing; what is typed next may go out in its place.
            record.sent = None;
            outbox::refused(record, Lane::Note, status, why);
        }
        Answer::Later(why, after) => outbox::failed(record, Lane::Note, why, after, env),
    }
}

fn accepted(record: &mut Record, sent: &Sent, note: Note, env: &Env, out: &mut Vec<Effect>) {
    record.sent = None;
    record.synced = newest(record.synced.take(), note.clone());
    // What was typed on something else than what was sent stays there.
    let go_on = |content: &mut Content, base: &mut Base| {
        if base.version != sent.base.version {
            return;
        }
        if clashes(&sent.content, content, &note.content) {
            *base = base.under(&sent.content, &note);
        } else {
            *content = rebase(&sent.content, content, &note.content, env.rules);
            *base = base_of(&note);
        }
    };
    if let Some(typed) = &mut record.typed {
        go_on(&mut typed.content, &mut typed.base);
    }
    let Some(mut saved) = record.saved.take() else { return };
    if let Some(report) = saved.settles.take() {
        out.push(Effect::Tell(News::Settled(record.id, note.version)));
        tell(record, report, env);
    }
    if alike(&saved.content, &sent.content) {
        record.drop_entry(Lane::Note);
        let revision = saved.revision.filter(|_| record.typed.is_none()).or(sent.revision);
        out.push(Effect::Tell(News::Synced(Box::new(note.clone()), revision)));
    } else {
        go_on(&mut saved.content, &mut saved.base);
        record.saved = Some(saved);
        outbox::enqueue(record, Lane::Note, env);
        // Not the last word on any text that is on screen.
        out.push(Effect::Tell(News::Synced(Box::new(note.clone()), None)));
    }
    went_on(record, &sent.content, &note.content, (&sent.base, &note), out);
}

fn refused(record: &mut Record, sent: &Sent, present: Note, base: Option<Note>, conflicts: Vec<FieldName>, env: &Env) {
    let again = record.saved.as_ref().is_some_and(|s| s.settles.is_some());
    // The server's, but where the text was typed on one's own, which only this device knows.
    let of_own = |b: &Note| base.as_ref().is_none_or(|base| base.version == b.version && base.content != b.content);
    let sent_base = sent.base.note.as_deref().filter(|b| of_own(b)).cloned().or(base);
    let (mine, base) = match record.saved.take() {
        // What was saved since may stand on something else than what was sent.
        Some(s) if s.base.version != sent.base.version => ((s.content, s.at), s.base.note.map(|n| *n)),
        Some(s) => ((s.content, s.at), sent_base),
        None => ((sent.content.clone(), env.now), sent_base),
    };
    record.sent = None;
    record.drop_entry(Lane::Note);
    record.synced = newest(record.synced.take(), present.clone());
    if let Some(typed) = record.typed.as_mut().filter(|t| t.base.version == sent.base.version) {
        // It goes on from mine, which is what the person sees.
        typed.base = Base::of(base.as_ref());
    }
    record.parked = Some(Parked { again, ..parked(record, base, mine, present, conflicts, env.now) });
}

pub(super) fn to_side(record: &mut Record, lane: Lane, answer: Answer, env: &Env) {
    match answer {
        Answer::Later(why, after) => outbox::failed(record, lane, why, after, env),
        Answer::Refused(status, why) if lane == Lane::Mark && status != 404 => outbox::refused(record, lane, status, why),
        Answer::Refused(401, why) => outbox::refused(record, lane, 401, why),
        // A report nobody takes is not worth a person's time.
        Answer::Done | Answer::Saved(_) | Answer::Conflict { .. } | Answer::Missing | Answer::Refused(..) => {
            let again = lane == Lane::Mark && record.mark.as_ref().is_some_and(|m| m.key.is_none());
            if again {
                return outbox::enqueue(record, lane, env);
            }
            record.drop_entry(lane);
            match lane {
                Lane::Mark => record.mark = record.mark.take().map(|m| Mark { key: None, ..m }),
                Lane::Report => record.report = None,
                Lane::Note => {}
            }
        }
    }
}

pub(super) fn remote(record: &mut Record, note: Note, env: &Env, out: &mut Vec<Effect>) {
    let known = record.synced.as_ref().map_or(0, |n| n.version);
    if note.version <= known {
        return;
    }
    record.synced = Some(note.clone());
    if record.sent.is_some() || record.parked.is_some() {
        // The answer under way decides; a parked conflict is settled against what the person was shown.
        return;
    }
    let settled = record.saved.as_ref().is_some_and(|s| alike(&s.content, &note.content) && !counts(s));
    if settled {
        let revision = record.saved.take().and_then(|s| s.revision);
        record.drop_entry(Lane::Note);
        out.push(Effect::Tell(News::Synced(Box::new(note), revision)));
        return;
    }
    if record.typed.as_ref().is_some_and(|t| alike(&t.content, &note.content)) {
        record.typed = None;
    }
    if record.saved.is_some() {
        // Sent on its own base; the server decides, and nothing is decided here twice.
        if record.entry(Lane::Note).is_some_and(|e| e.state == EntryState::Waiting) {
            outbox::enqueue(record, Lane::Note, env);
        }
        return;
    }
    let drafted = record.typed.is_some();
    out.push(Effect::Tell(News::Moved { note: Box::new(note), drafted }));
}

/// Whether a save changes a number, which may be one that is added up: then another's equal save is not the same as this one.
fn counts(saved: &Saved) -> bool {
    let nothing = Content::default();
    let changed = saved.base.content().unwrap_or(&nothing).changed_fields(&saved.content);
    changed.iter().any(|field| matches!(saved.content.field(field), FieldValue::Is(Value::Int(_))))
}

pub(super) fn remote_mark(record: &mut Record, marked: bool, at: Time) {
    if record.entry(Lane::Mark).is_none() {
        record.mark = Some(Mark { marked, at, key: None });
    }
}
