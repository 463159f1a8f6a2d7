//! What a person does to a note: type, save, delete, settle, mark.

use super::unseen::{placed, went_on};
use super::{Effect, Env, base_of, collisions, parked};
use crate::client::handle::{News, Revision};
use crate::client::outbox;
use crate::client::rebase;
use crate::client::record::{Base, Lane, Mark, Record, Report, Saved, Typed, alike};
use crate::domain::note::{Content, Note, Version};

pub(super) fn typed(record: &mut Record, text: (Content, Option<Version>), revision: Revision, env: &Env, out: &mut Vec<Effect>) {
    let (content, base) = placed(record, text, env);
    let unchanged = record.settled_content().is_some_and(|c| alike(c, &content));
    record.typed = if unchanged { None } else { Some(Typed { base, content, at: env.now }) };
    out.push(Effect::Tell(News::Kept(record.id, revision)));
}

pub(super) fn saved_on_screen(record: &mut Record, text: (Content, Option<Version>), revision: Revision, env: &Env, out: &mut Vec<Effect>) {
    let on_base = placed(record, text, env);
    store(record, on_base, Some(revision), env, out);
}

/// Saves what no screen typed.
fn saved(record: &mut Record, content: Content, env: &Env, out: &mut Vec<Effect>) {
    let base = record.base();
    store(record, (content, base), None, env, out);
}

fn store(record: &mut Record, (content, base): (Content, Base), revision: Option<Revision>, env: &Env, out: &mut Vec<Effect>) {
    record.typed = None;
    let here = revision.map(|revision| Effect::Tell(News::SavedHere(record.id, revision)));
    // A text that waits and that this one was not typed on: neither takes the other's place.
    let waits = match (&record.parked, &record.saved) {
        (Some(parked), _) => Base::of(parked.base.as_ref()) != base,
        (None, Some(saved)) => saved.base.version != base.version,
        (None, None) => false,
    };
    if waits {
        record.typed = Some(Typed { content, base, at: env.now });
        out.push(Effect::Tell(News::Failed(Some(record.id), other_waits())));
        return;
    }
    if let Some(parked) = &mut record.parked {
        parked.mine = content;
        parked.mine_at = env.now;
        out.extend(here);
        out.push(Effect::Tell(News::NeedsYou(Box::new(parked.clone()))));
        return;
    }
    if base.own && record.sent.is_none() && record.saved.is_none() {
        // Typed on a text that only this device knows: no server can combine it, so a person does.
        record.typed = Some(Typed { content: content.clone(), base: base.clone(), at: env.now });
        if park_draft(record, env) == Ok(true) {
            out.extend(here);
            out.extend(record.parked.clone().map(|parked| Effect::Tell(News::NeedsYou(Box::new(parked)))));
            return;
        }
        record.typed = None;
    }
    // On the base it was typed on: whether the note has moved since is for the server to say.
    let nothing_new = record.sent.is_none() && base.content().is_some_and(|c| alike(c, &content));
    let nothing_sent_is_new = record.sent.as_ref().is_some_and(|s| record.saved.is_some() && alike(&s.content, &content));
    if nothing_new {
        out.extend(here);
        record.saved = None;
        record.drop_entry(Lane::Note);
        if let Some(note) = &record.synced {
            out.push(Effect::Tell(News::Synced(Box::new(note.clone()), revision)));
        }
        return;
    }
    out.extend(here);
    let settles = record.saved.take().and_then(|s| s.settles);
    record.saved = Some(Saved { content, base, at: env.now, revision, settles });
    if !nothing_sent_is_new || record.entry(Lane::Note).is_none() {
        outbox::enqueue(record, Lane::Note, env);
    }
}

pub(super) fn discard(record: &mut Record, out: &mut Vec<Effect>) {
    if let Some(typed) = record.typed.take() {
        out.push(Effect::Copy(Box::new(typed.content), "discarded"));
    }
}

pub(super) fn delete(record: &mut Record, env: &Env, out: &mut Vec<Effect>) {
    let Some(content) = record.settled_content().or_else(|| record.content()).cloned() else { return };
    let unheard_of = record.synced.is_none() && record.sent.is_none() && record.parked.is_none();
    discard_aside(record, out);
    let (typed, like) = (record.typed.take(), record.synced.clone());
    let under = record.base().version;
    record.aside = typed.map(|t| match &like {
        // It is remembered what it was typed over, where that is what goes.
        Some(like) if t.base.version == under => Typed { base: t.base.under(&content, like), ..t },
        _ => t,
    });
    if unheard_of {
        record.drop_entry(Lane::Note);
        if let Some(saved) = record.saved.take() {
            match record.aside {
                Some(_) => out.push(Effect::Copy(Box::new(saved.content), "deleted")),
                None => record.aside = Some(Typed { content: saved.content, base: saved.base, at: saved.at }),
            }
        }
        return;
    }
    saved(record, Content { deleted: true, ..content }, env, out);
}

pub(super) fn undelete(record: &mut Record, env: &Env, out: &mut Vec<Effect>) {
    if let Some(content) = record.content().filter(|c| c.deleted).cloned() {
        saved(record, Content { deleted: false, ..content }, env, out);
    }
    if record.typed.is_none()
        && let Some(aside) = record.aside.take()
    {
        bring_back(record, aside, out);
    }
}

/// Text put aside is typed text again, over what it was typed over. Where something came in between, what it would overwrite is not known,
/// so it stays in the note's history on this device.
fn bring_back(record: &mut Record, aside: Typed, out: &mut Vec<Effect>) {
    let base = record.base();
    let known = record
        .content()
        .is_none_or(|now| aside.base.content().is_some_and(|was| alike(was, &Content { deleted: was.deleted, ..now.clone() })));
    if known {
        record.typed = Some(Typed { base, ..aside });
    } else {
        out.push(Effect::Copy(Box::new(aside.content), "deleted"));
    }
}

/// Text put aside by an earlier deletion gives way to a new one; it stays in the note's history on this device.
fn discard_aside(record: &mut Record, out: &mut Vec<Effect>) {
    if let Some(aside) = record.aside.take() {
        out.push(Effect::Copy(Box::new(aside.content), "deleted"));
    }
}

pub(super) fn settled(record: &mut Record, content: Content, report: Report, env: &Env, out: &mut Vec<Effect>) {
    let Some(parked) = record.parked.take() else {
        out.push(Effect::Tell(News::Failed(Some(record.id), nothing_parked())));
        return;
    };
    out.push(Effect::Copy(Box::new(parked.mine.clone()), "mine, before it was settled"));
    let base = Base::of(parked.base.as_ref());
    if let Some(typed) = record.typed.as_mut().filter(|t| t.base == base) {
        if rebase::clashes(&parked.mine, &typed.content, &content) {
            // A person decides between the two; until then it stands on what it was typed on.
            typed.base = base.under(&parked.mine, &parked.theirs);
        } else {
            typed.content = rebase::rebase(&parked.mine, &typed.content, &content, env.rules);
            typed.base = base_of(&parked.theirs);
        }
    }
    let report = Report { conflict_id: parked.conflict_id.clone(), ..report };
    if alike(&content, &parked.theirs.content) {
        out.push(Effect::Tell(News::Settled(record.id, parked.theirs.version)));
        tell(record, report, env);
        record.synced = newest(record.synced.take(), parked.theirs.clone());
        went_on(record, &parked.mine, &content, (&base, &parked.theirs), out);
        return;
    }
    record.saved =
        Some(Saved { content: content.clone(), base: base_of(&parked.theirs), at: env.now, revision: None, settles: Some(report) });
    outbox::enqueue(record, Lane::Note, env);
    went_on(record, &parked.mine, &content, (&base, &parked.theirs), out);
}

fn other_waits() -> String {
    "This is kept as typed, not saved yet. Another text of this note is on its way or waits to be settled, and this was typed on the one \
     before. Save it when that one is synced."
        .to_owned()
}

fn nothing_parked() -> String {
    "There is nothing to settle on this note. It has no refused save, or another window settled it. Open it to see what it says now."
        .to_owned()
}

/// Puts a report of a settled conflict on its way.
pub(super) fn tell(record: &mut Record, report: Report, env: &Env) {
    if report.conflict_id.is_some() {
        record.report = Some((report, None));
        outbox::enqueue(record, Lane::Report, env);
    }
}

/// The newer of what was known and what came; what came last, where both have one number (then the server was set back between them).
pub(super) fn newest(known: Option<Note>, came: Note) -> Option<Note> {
    match known {
        Some(known) if known.version > came.version => Some(known),
        _ => Some(came),
    }
}

pub(super) fn rebase(record: &mut Record, env: &Env, out: &mut Vec<Effect>) {
    match park_draft(record, env) {
        Ok(true) => {
            if let Some(parked) = &record.parked {
                out.push(Effect::Tell(News::NeedsYou(Box::new(parked.clone()))));
            }
        }
        Ok(false) => {}
        Err(why) => out.push(Effect::Tell(News::Failed(Some(record.id), why))),
    }
}

/// Parks a draft whose note has moved, as a refused save would be; `false` where there is nothing to merge, `true` also where a conflict
/// is parked already.
///
/// # Errors
/// A save of the note is under way, or waits that the draft does not stand on.
pub fn park_draft(record: &mut Record, env: &Env) -> Result<bool, String> {
    if record.sent.is_some() {
        return Err("A save of this note is under way. Its answer is not here yet. Wait for it, then merge.".to_owned());
    }
    if record.parked.is_some() {
        return Ok(true);
    }
    if let (Some(typed), Some(saved)) = (&record.typed, &record.saved)
        && typed.base.version != saved.base.version
    {
        return Err(other_waits());
    }
    let Some(theirs) = record.synced.clone() else { return Ok(false) };
    let Some((content, base, at)) = draft(record).filter(|(_, base, _)| base.version != theirs.version) else { return Ok(false) };
    let empty = Content::default();
    let conflicts = collisions(base.content().unwrap_or(&empty), &content, &theirs.content);
    (record.typed, record.saved) = (None, None);
    record.drop_entry(Lane::Note);
    record.parked = Some(parked(record, base.note.map(|n| *n), (content, at), theirs, conflicts, env.now));
    Ok(true)
}

fn draft(record: &Record) -> Option<(Content, Base, crate::domain::note::Time)> {
    let typed = record.typed.as_ref().map(|t| (t.content.clone(), t.base.clone(), t.at));
    typed.or_else(|| record.saved.as_ref().map(|s| (s.content.clone(), s.base.clone(), s.at)))
}

pub(super) fn mark(record: &mut Record, marked: bool, env: &Env) {
    record.mark = Some(Mark { marked, at: env.now, key: None });
    outbox::enqueue(record, Lane::Mark, env);
}
