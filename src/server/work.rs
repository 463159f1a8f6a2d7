//! What a write does, step by step, once for all stores: over a transaction that a store provides.
//!
//! Order: the idempotency memory, the record with its lock, the decision, then everything that follows from it. A store that waits for
//! nothing (SQLite) runs these futures to their end at once.

use std::collections::BTreeMap;

use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::decide::{self, Conflict, Decision};
use super::memory;
use super::store::{Answer, Base, BookmarkRow, Done, Event, Job, Kind, LockRow, Space, Write};
use super::tx::{Step, Tx};
use crate::domain::audit::{Entry, Settled};
use crate::domain::note::{Content, Note, NoteId, Seq, Time, Version};

/// Performs a write inside `tx`. On an error the caller must roll the transaction back.
pub(crate) async fn perform<T: Tx>(tx: &mut T, write: &Write) -> Step<Answer> {
    if let Some((key, hash)) = write.key
        && let Some((first, memory)) = tx.remembered(&write.who, key).await?
    {
        if !bool::from(first.ct_eq(&hash)) {
            return Ok(Answer { done: Done::KeyReused, replayed: false });
        }
        let done = memory::recall(tx, write.who.space, &memory).await?;
        return Ok(Answer { done, replayed: true });
    }
    let done = match &write.job {
        Job::Create { id, content } => create(tx, write, *id, content).await?,
        Job::Save { .. } => save(tx, write).await?,
        Job::Bookmark { .. } => bookmark(tx, write).await?,
        Job::Lock { note, token } => lock(tx, write, *note, *token).await?,
        Job::Unlock { note, token } => unlock(tx, write, *note, *token).await?,
        Job::Settle { .. } => settle(tx, write).await?,
    };
    if let (Some((key, hash)), Some(memory)) = (write.key, memory::of(&done)) {
        tx.remember(&write.who, key, hash, write.now, memory).await?;
    }
    Ok(Answer { done, replayed: false })
}

async fn create<T: Tx>(tx: &mut T, write: &Write, id: NoteId, content: &Content) -> Step<Done> {
    let present = tx.load(write.who.space, id).await?.present;
    match (decide::create(present.as_ref(), content, &write.policies), present) {
        (Decision::Owned(why), _) => Ok(Done::Owned(why)),
        (Decision::Invalid(why), _) => Ok(Done::Invalid(why)),
        (Decision::Refuse(r), Some(present)) => {
            let entry = entry(write, id.0, &r.conflict, Some(&present), None);
            put_entry(tx, write, &entry).await?;
            Ok(conflict(present, None, r.conflicts.iter().map(ToString::to_string).collect(), write.fresh.id()))
        }
        (Decision::Accept(a), None) => {
            let note = put_version(tx, write, id, a.content, None).await?;
            Ok(saved(note, Vec::new(), Vec::new(), None))
        }
        (_, Some(present)) => Ok(saved(present, Vec::new(), Vec::new(), None)),
        (_, None) => Ok(Done::Missing),
    }
}

fn saved(note: Note, merged: Vec<String>, overruled: Vec<String>, action: Option<&'static str>) -> Done {
    Done::Saved { note: Box::new(note), merged, overruled, action }
}

fn conflict(present: Note, base: Option<Note>, conflicts: Vec<String>, id: Uuid) -> Done {
    Done::Conflict { present: Box::new(present), base: base.map(Box::new), conflicts, id }
}

async fn save<T: Tx>(tx: &mut T, write: &Write) -> Step<Done> {
    let Job::Save { id, bases, base_at, patch, owned, lock, client_ts } = &write.job else { return Ok(Done::Missing) };
    let found = tx.load(write.who.space, *id).await?;
    let Some(present) = found.present else { return Ok(Done::Missing) };
    if let Some(why) = owned_by_server(owned, &present) {
        return Ok(Done::Owned(why));
    }
    let live = found.lock.filter(|l| l.expires > write.now.0);
    if let Some(held) = live.as_ref().filter(|l| !held_by(l, write, *lock)) {
        return Ok(Done::Locked(held.clone()));
    }
    let base = match resolve(tx, write.who.space, &present, bases).await? {
        Ok(base) => base,
        Err(done) => return Ok(done),
    };
    if base_at.is_some_and(|at| at != base.as_ref().unwrap_or(&present).updated_at) {
        // The same number in another past of this store.
        return Ok(Done::UnknownBase);
    }
    let decision = decide::save(&present, base.as_ref().unwrap_or(&present), patch, &write.policies);
    if let Some(held) = live.filter(|l| lock.is_some_and(|t| same_token(l.token, t))) {
        let renewed = LockRow { expires: write.now.plus_ms(write.lock_ms).0, ..held };
        tx.put_lock(write.who.space, None, &renewed).await?;
    }
    let names = |l: &[crate::domain::note::FieldName]| l.iter().map(ToString::to_string).collect::<Vec<_>>();
    match decision {
        Decision::Unchanged => Ok(saved(present, Vec::new(), Vec::new(), None)),
        Decision::Owned(why) => Ok(Done::Owned(why)),
        Decision::Invalid(why) => Ok(Done::Invalid(why)),
        Decision::Refuse(r) => {
            let base = base.unwrap_or_else(|| present.clone());
            let mut entry = entry(write, id.0, &r.conflict, Some(&present), Some(base.version));
            entry.client_ts = *client_ts;
            put_entry(tx, write, &entry).await?;
            Ok(conflict(present, Some(base), names(&r.conflicts), write.fresh.id()))
        }
        Decision::Accept(a) => {
            if let Some(c) = &a.conflict {
                let mut entry = entry(write, id.0, c, Some(&present), base.as_ref().map(|b| b.version));
                entry.client_ts = *client_ts;
                put_entry(tx, write, &entry).await?;
            }
            let action = a.conflict.as_ref().map(|c| c.action);
            let (merged, overruled) = (names(&a.merged), names(&a.overruled));
            if a.content == present.content {
                return Ok(saved(present, merged, overruled, action));
            }
            let note = put_version(tx, write, *id, a.content, Some(&present)).await?;
            Ok(saved(note, merged, overruled, action))
        }
    }
}

/// The base as a note of its own; `None` where it is the present one.
async fn resolve<T: Tx>(tx: &mut T, space: Space, present: &Note, bases: &[Base]) -> Step<Result<Option<Note>, Done>> {
    let mut out: Option<Option<Note>> = None;
    for base in bases {
        let is_present = match *base {
            Base::Version(v) => v == present.version,
            Base::NotAfter(t) => t >= present.updated_at,
            Base::Any => true,
        };
        let this = if is_present { None } else { tx.version(space, present.id, *base).await? };
        if !is_present && this.is_none() {
            return Ok(Err(Done::UnknownBase));
        }
        let version = |n: &Option<Note>| -> Version { n.as_ref().map_or(present.version, |n| n.version) };
        if out.as_ref().is_some_and(|before| version(before) != version(&this)) {
            return Ok(Err(Done::BasesDisagree));
        }
        out = Some(this);
    }
    Ok(out.ok_or(Done::UnknownBase))
}

fn owned_by_server(owned: &crate::wire::note::Owned, present: &Note) -> Option<BTreeMap<String, String>> {
    let differs = [
        ("version", owned.version.is_some_and(|v| v != present.version)),
        ("created_at", owned.created_at.is_some_and(|v| v != present.created_at)),
        ("updated_at", owned.updated_at.is_some_and(|v| v != present.updated_at)),
        ("updated_by", owned.updated_by.as_ref().is_some_and(|v| *v != present.updated_by)),
        ("updated_from", owned.updated_from.as_ref().is_some_and(|v| *v != present.updated_from)),
    ];
    let why: BTreeMap<_, _> =
        differs.into_iter().filter(|(_, d)| *d).map(|(n, _)| (n.to_owned(), "belongs to the server".to_owned())).collect();
    if why.is_empty() { None } else { Some(why) }
}

fn same_token(a: Uuid, b: Uuid) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

fn held_by(lock: &LockRow, write: &Write, token: Option<Uuid>) -> bool {
    token.is_some_and(|t| same_token(lock.token, t)) || (lock.user == *write.who.user && lock.origin == write.who.origin)
}

async fn put_version<T: Tx>(tx: &mut T, write: &Write, id: NoteId, content: Content, before: Option<&Note>) -> Step<Note> {
    let updated_at = before.map_or(write.now, |b| write.now.max(Time(b.updated_at.0.saturating_add(1))));
    let note = Note {
        id,
        version: before.map_or(1, |b| b.version.saturating_add(1)),
        content,
        created_at: before.map_or(updated_at, |b| b.created_at),
        updated_at,
        updated_by: write.who.user.to_string(),
        updated_from: write.who.origin.clone(),
    };
    let seq = tx.next_seq(write.who.space).await?;
    tx.put_note(write.who.space, seq, &note).await?;
    tell(tx, write, seq, Kind::Note, id.0, Some(note.version), note.content.deleted);
    Ok(note)
}

fn tell<T: Tx>(tx: &mut T, write: &Write, seq: Seq, kind: Kind, id: Uuid, version: Option<Version>, deleted: bool) {
    tx.tell(Event { space: write.who.space, seq, kind, id, version, origin: write.who.origin.clone(), deleted });
}

fn entry(write: &Write, id: Uuid, conflict: &Conflict, present: Option<&Note>, base_version: Option<Version>) -> Entry {
    Entry {
        id: write.fresh.id().to_string(),
        at: write.now,
        entity: "note".to_owned(),
        entity_id: id.to_string(),
        action: conflict.action.to_owned(),
        user_id: write.who.user.to_string(),
        server_ts: present.map(|p| p.updated_at),
        client_ts: None,
        server_version: present.map(|p| p.version),
        base_version,
        client_origin: write.who.origin.clone(),
        server_origin: present.map(|p| p.updated_from.clone()).unwrap_or_default(),
        fields: conflict.fields.clone(),
        outcome: None,
        settled: None,
    }
}

async fn put_entry<T: Tx>(tx: &mut T, write: &Write, entry: &Entry) -> Step<()> {
    let seq = tx.next_seq(write.who.space).await?;
    tx.put_audit(write.who.space, seq, entry).await?;
    tell(tx, write, seq, Kind::Audit, write.fresh.id(), entry.server_version, false);
    Ok(())
}

fn plain_entry(write: &Write, entity: &str, id: Uuid, action: &'static str) -> Entry {
    let nothing = Conflict { action, fields: BTreeMap::new() };
    Entry { entity: entity.to_owned(), ..entry(write, id, &nothing, None, None) }
}

async fn bookmark<T: Tx>(tx: &mut T, write: &Write) -> Step<Done> {
    let Job::Bookmark { note, marked, why, gone, client_ts, owned } = &write.job else { return Ok(Done::Missing) };
    let space = write.who.space;
    if tx.load(space, *note).await?.present.is_none() {
        return Ok(Done::Missing);
    }
    let before = tx.bookmark(space, &write.who.user, *note).await?;
    if owned.is_some_and(|at| before.as_ref().is_none_or(|b| b.updated != at.0)) {
        return Ok(Done::Owned([("updated_at".to_owned(), "belongs to the server".to_owned())].into()));
    }
    if *gone && before.as_ref().is_none_or(|b| b.gone) {
        return Ok(Done::Missing);
    }
    let kept = before.as_ref().filter(|b| !b.gone);
    let updated = before.as_ref().map_or(write.now.0, |b| write.now.0.max(b.updated.saturating_add(1)));
    let row = BookmarkRow {
        note: note.0,
        user: write.who.user.to_string(),
        marked: !gone && marked.unwrap_or_else(|| kept.is_none_or(|b| b.marked)),
        why: why.clone().unwrap_or_else(|| kept.map(|b| b.why.clone()).unwrap_or_default()),
        gone: *gone,
        updated,
        origin: write.who.origin.clone(),
    };
    if let (Some(b), Some(at)) = (&before, client_ts)
        && b.updated > at.0
    {
        let mut entry = plain_entry(write, "bookmark", note.0, "conflict_lww");
        entry.client_ts = Some(*at);
        entry.server_ts = Some(Time(b.updated));
        entry.server_origin.clone_from(&b.origin);
        entry.fields = super::memory::bookmark_fields(b, &row);
        put_entry(tx, write, &entry).await?;
    }
    let seq = tx.next_seq(space).await?;
    tx.put_bookmark(space, seq, &row).await?;
    tell(tx, write, seq, Kind::Bookmark, note.0, None, row.gone || !row.marked);
    Ok(Done::Bookmark(row))
}

async fn lock<T: Tx>(tx: &mut T, write: &Write, note: NoteId, token: Option<Uuid>) -> Step<Done> {
    let found = tx.load(write.who.space, note).await?;
    let Some(present) = found.present else { return Ok(Done::Missing) };
    let live = found.lock.filter(|l| l.expires > write.now.0);
    if let Some(held) = live.as_ref().filter(|l| !held_by(l, write, token)) {
        let mut entry = plain_entry(write, "note", note.0, "lock_refused");
        entry.server_version = Some(present.version);
        entry.server_ts = Some(Time(held.acquired));
        entry.server_origin.clone_from(&held.origin);
        put_entry(tx, write, &entry).await?;
        return Ok(Done::LockRefused(held.clone()));
    }
    let expires = write.now.plus_ms(write.lock_ms).0;
    let row = match live {
        Some(held) => LockRow { expires, ..held },
        None => LockRow {
            note: note.0,
            user: write.who.user.to_string(),
            origin: write.who.origin.clone(),
            token: write.fresh.id(),
            acquired: write.now.0,
            expires,
        },
    };
    let seq = tx.next_seq(write.who.space).await?;
    tx.put_lock(write.who.space, Some(seq), &row).await?;
    tell(tx, write, seq, Kind::Lock, note.0, Some(present.version), false);
    Ok(Done::LockTaken(row))
}

async fn unlock<T: Tx>(tx: &mut T, write: &Write, note: NoteId, token: Uuid) -> Step<Done> {
    let found = tx.load(write.who.space, note).await?;
    let Some(present) = found.present else { return Ok(Done::Missing) };
    let Some(held) = found.lock.filter(|l| l.expires > write.now.0) else { return Ok(Done::Released) };
    if !same_token(held.token, token) {
        return Ok(Done::LockRefused(held));
    }
    let seq = tx.next_seq(write.who.space).await?;
    tx.put_lock(write.who.space, Some(seq), &LockRow { expires: 0, ..held }).await?;
    tell(tx, write, seq, Kind::Lock, note.0, Some(present.version), true);
    Ok(Done::Released)
}

async fn settle<T: Tx>(tx: &mut T, write: &Write) -> Step<Done> {
    let Job::Settle { conflict, outcome, hunks, seconds } = &write.job else { return Ok(Done::Missing) };
    let Some(of) = tx.audit_entry(write.who.space, *conflict).await?.filter(|e| e.action == "conflict_409") else {
        return Ok(Done::Missing);
    };
    let id = of.entity_id.parse().unwrap_or_default();
    let mut entry = plain_entry(write, &of.entity, id, "settled");
    (entry.server_version, entry.base_version) = (of.server_version, of.base_version);
    entry.server_origin = of.server_origin;
    entry.outcome = Some((*outcome).to_owned());
    entry.settled = Some(Settled { conflict: conflict.to_string(), hunks: *hunks, seconds: *seconds });
    put_entry(tx, write, &entry).await?;
    Ok(Done::Settled(Box::new(entry)))
}
