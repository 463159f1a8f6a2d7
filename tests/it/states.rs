//! Every state a note can be in, met by every kind of write, in both stores: nothing is decided unlogged, nothing refused is applied, the same
//! key gives the same answer and does nothing more.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use diptych::domain::note::{Content, Note, NoteId, Patch, Time, Uuid, Value};
use diptych::domain::policy::Policies;
use diptych::server::sqlite::SqliteStore;
use diptych::server::store::{Answer, AuditQuery, Base, Done, Fresh, Job, Space, Store, Who, Write};
use diptych::wire::note::Owned;

const LOCK_MS: i64 = 300_000;
const STATES: [State; 8] = {
    use State::*;
    [Missing, Fresh, MovedOn, Deleted, DeletedSince, LockedByMe, LockedByOther, LockRanOut]
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Missing,
    Fresh,
    /// Version 2 stands there: title, body and a tag were changed on another device.
    MovedOn,
    /// Version 2 is a tombstone, and known.
    Deleted,
    /// Version 2 is a tombstone, written since the base.
    DeletedSince,
    LockedByMe,
    LockedByOther,
    LockRanOut,
}

/// A store with a world in it: a clock, ids, one space.
struct World {
    store: Arc<dyn Store>,
    space: Space,
    now: i64,
    next: u128,
}

fn text(t: &str) -> Option<String> {
    Some(t.to_owned())
}

impl World {
    async fn new(store: Arc<dyn Store>) -> World {
        let made = store.add_token("s".into(), "ada".into(), "t".into(), [7; 32], Time(1)).await.unwrap();
        World { store, space: made.space, now: 1_795_485_600_000_000, next: 1 << 64 }
    }

    fn id(&mut self) -> Uuid {
        self.next += 1;
        Uuid::from_u128((0x0193_a1c2_u128 << 96) | (7 << 76) | (2 << 62) | self.next)
    }

    fn write(&mut self, origin: &str, job: Job) -> Write {
        self.now += 1_000_000;
        let key = Some((self.id(), [1; 32]));
        let who = Who { space: self.space, user: "ada".into(), origin: origin.into() };
        let id = self.id();
        let fresh = Fresh::from(Arc::new(move || id));
        Write { who, job, key, now: Time(self.now), fresh, policies: Arc::new(Policies::default()), lock_ms: LOCK_MS }
    }

    async fn done(&mut self, origin: &str, job: Job) -> Done {
        let write = self.write(origin, job);
        self.store.write(write).await.unwrap().done
    }

    /// A note in that state; the version a request starts from, and the token of its lock.
    async fn note(&mut self, state: State) -> (NoteId, i64, Option<Uuid>) {
        let id = NoteId(self.id());
        if state == State::Missing {
            return (id, 1, None);
        }
        let content = Content { title: "t".into(), body: "b".into(), tags: vec!["x".into()], ..Content::default() };
        assert!(matches!(self.done("desk", Job::Create { id, content }).await, Done::Saved { .. }));
        let edit = Patch { title: text("t2"), body: text("b2"), tags: Some(vec!["x".into(), "desk".into()]), ..Patch::default() };
        let gone = Patch { deleted: Some(true), ..Patch::default() };
        let lock = |token| Job::Lock { note: id, token };
        match state {
            State::MovedOn => drop(self.done("desk", save(id, 1, edit, None)).await),
            State::Deleted | State::DeletedSince => drop(self.done("desk", save(id, 1, gone, None)).await),
            State::LockedByMe | State::LockedByOther | State::LockRanOut => {
                let by = if state == State::LockedByOther { "desk" } else { "lap" };
                let Done::LockTaken(row) = self.done(by, lock(None)).await else { panic!("no lock") };
                if state == State::LockRanOut {
                    self.now += LOCK_MS * 1000;
                }
                let token = (state != State::LockedByOther).then_some(row.token);
                return (id, 1, token);
            }
            _ => {}
        }
        (id, if state == State::Deleted { 2 } else { 1 }, None)
    }

    async fn log(&self) -> usize {
        let query = AuditQuery { limit: 100_000, ..AuditQuery::default() };
        self.store.audit(self.space, query).await.unwrap().len()
    }

    async fn present(&self, id: NoteId) -> Option<Note> {
        self.store.note(self.space, id, None).await.unwrap()
    }
}

fn save(id: NoteId, base: i64, patch: Patch, lock: Option<Uuid>) -> Job {
    Job::Save { id, bases: vec![Base::Version(base)], base_at: None, patch, owned: Owned::default(), lock, client_ts: None }
}

/// Every kind of write, by name.
fn writes(id: NoteId, base: i64, token: Option<Uuid>) -> Vec<(&'static str, Job)> {
    let content = |title: &str| Content { title: title.into(), body: "b".into(), tags: vec!["x".into()], ..Content::default() };
    let bookmark = |marked, gone| Job::Bookmark { note: id, marked: Some(marked), why: None, gone, client_ts: Some(Time(2)), owned: None };
    let edit = |patch| save(id, base, patch, token);
    vec![
        ("create the same", Job::Create { id, content: content("t") }),
        ("create another", Job::Create { id, content: content("other") }),
        ("nothing", edit(Patch::default())),
        ("title", edit(Patch { title: text("mine"), ..Patch::default() })),
        ("body", edit(Patch { body: text("mine"), ..Patch::default() })),
        ("the same body", edit(Patch { body: text("b2"), ..Patch::default() })),
        ("tags", edit(Patch { tags: Some(vec!["lap".into()]), ..Patch::default() })),
        ("title and body", edit(Patch { title: text("mine"), body: text("mine"), ..Patch::default() })),
        ("a field", edit(Patch { fields: [("n".to_owned(), Some(Value::Int(1)))].into(), ..Patch::default() })),
        ("delete", edit(Patch { deleted: Some(true), ..Patch::default() })),
        ("undelete", edit(Patch { deleted: Some(false), ..Patch::default() })),
        ("a bad title", edit(Patch { title: text("a\nb"), ..Patch::default() })),
        ("an unknown base", save(id, 99, Patch { body: text("mine"), ..Patch::default() }, token)),
        ("bookmark", bookmark(true, false)),
        ("take the bookmark off", bookmark(false, true)),
        ("lock", Job::Lock { note: id, token }),
        ("unlock", Job::Unlock { note: id, token: token.unwrap_or(Uuid::from_u128(5)) }),
        ("unlock with another token", Job::Unlock { note: id, token: Uuid::from_u128(6) }),
    ]
}

/// How many entries an answer must have left in the log, and whether the note must be as it was.
fn owed(done: &Done) -> (usize, bool) {
    match done {
        Done::Saved { merged, overruled, .. } => (usize::from(!merged.is_empty() || !overruled.is_empty()), false),
        Done::Conflict { .. } => (1, true),
        Done::Settled(_) => (1, true),
        _ => (0, true),
    }
}

async fn one(w: &mut World, state: State, n: usize) -> (&'static str, Done) {
    let (id, base, token) = w.note(state).await;
    let (name, job) = writes(id, base, token).swap_remove(n);
    let told = format!("{state:?}, {name}");
    let (before, log) = (w.present(id).await, w.log().await);
    let write = w.write("lap", job);
    let first: Answer = w.store.write(write.clone()).await.unwrap();
    assert!(!first.replayed, "{told}");
    let (after, logged) = (w.present(id).await, w.log().await - log);
    let (mut entries, untouched) = owed(&first.done);
    entries += usize::from(matches!(first.done, Done::LockRefused(_)) && name == "lock");
    assert_eq!(logged, entries, "{told}: {:?}", first.done);
    match &first.done {
        Done::Saved { note, merged, overruled, .. } => {
            let now = after.as_ref().unwrap();
            assert_eq!(&**note, now, "{told}: the answer is what stands there");
            let version = before.as_ref().map_or(0, |b| b.version);
            let changed = before.as_ref().is_none_or(|b| b.content != now.content);
            assert_eq!(now.version, version + i64::from(changed), "{told}: one save, one version, and none for nothing");
            assert!(changed || (merged.is_empty() && overruled.is_empty()) || logged == 1, "{told}");
        }
        Done::Conflict { present, conflicts, base, .. } => {
            assert_eq!(Some(&**present), before.as_ref(), "{told}");
            assert!(!conflicts.is_empty() && base.as_ref().is_none_or(|b| b.version < present.version), "{told}");
        }
        _ => {}
    }
    assert!(!untouched || before == after, "{told}: refused, and yet applied");
    // the same once more: the same answer, nothing more done
    let again = w.store.write(write.clone()).await.unwrap();
    let same = match (&first.done, &again.done) {
        (Done::Saved { note: a, merged: b, overruled: c, .. }, Done::Saved { note: d, merged: e, overruled: f, .. }) => {
            (a, b, c) == (d, e, f)
        }
        (Done::Released, _) => true, // decided again: it is free
        (a, b) => a == b,
    };
    assert!(same, "{told}: {:?} but then {:?}", first.done, again.done);
    assert_eq!(w.present(id).await, after, "{told}");
    if again.replayed {
        assert_eq!(w.log().await, log + logged, "{told}");
        let other = Write { key: write.key.map(|(key, _)| (key, [2; 32])), ..write };
        assert_eq!(w.store.write(other).await.unwrap().done, Done::KeyReused, "{told}");
    } else {
        let effect = matches!(
            first.done,
            Done::Saved { .. } | Done::Conflict { .. } | Done::Bookmark(_) | Done::LockTaken(_) | Done::LockRefused(_)
        );
        assert!(!effect, "{told}: an effect is remembered under its key");
    }
    (name, first.done)
}

/// What a person would say must come of it.
fn must(state: State, name: &str, done: &Done) -> bool {
    use State::{Deleted, DeletedSince, Fresh, LockedByMe, LockedByOther, Missing, MovedOn};
    let saved = matches!(done, Done::Saved { .. });
    let refused = |what: &str| matches!(done, Done::Conflict { conflicts, .. } if conflicts.iter().any(|c| c == what));
    let is_save = !name.starts_with("create") && !name.contains("lock") && !name.contains("bookmark");
    match (state, name) {
        (Missing, "create the same" | "create another") => saved,
        (Missing, _) => *done == Done::Missing,
        (LockedByOther, _) if is_save => matches!(done, Done::Locked(_)),
        (LockedByOther, "lock") => matches!(done, Done::LockRefused(_)),
        (LockedByMe, "lock") => matches!(done, Done::LockTaken(_)),
        (_, "unlock with another token") if state == LockedByMe => matches!(done, Done::LockRefused(_)),
        (_, "a bad title") if state != Missing => matches!(done, Done::Invalid(_)),
        (_, "an unknown base") => *done == Done::UnknownBase,
        (Fresh | LockedByMe, "create the same") => saved,
        (_, "create another") => refused("title"),
        (Fresh | LockedByMe, _) if is_save => saved,
        (MovedOn, "title" | "tags" | "the same body" | "a field" | "nothing" | "undelete") => saved,
        (MovedOn, "body" | "title and body") => refused("body"),
        (MovedOn, "delete") => refused("deleted"),
        (DeletedSince, "title" | "body" | "tags" | "a field" | "title and body" | "the same body") => refused("deleted"),
        (DeletedSince, "delete" | "nothing") => saved,
        (Deleted, "delete" | "undelete" | "nothing") => saved,
        (_, "bookmark") => matches!(done, Done::Bookmark(_)),
        (_, "take the bookmark off") => *done == Done::Missing,
        _ => true,
    }
}

fn each_store(story: impl Fn(Arc<dyn Store>) -> Pin<Box<dyn Future<Output = ()>>>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { story(Arc::new(SqliteStore::temporary().unwrap())).await });
    if let Some(address) = super::postgres::database() {
        runtime.block_on(async { story(diptych::server::open(&address).await.unwrap()).await });
    }
    runtime.shutdown_background();
}

#[test]
fn every_state_meets_every_write() {
    each_store(|store| {
        Box::pin(async move {
            let mut w = World::new(store).await;
            let kinds = writes(NoteId(Uuid::nil()), 1, None).len();
            for state in STATES {
                for n in 0..kinds {
                    let (name, done) = one(&mut w, state, n).await;
                    assert!(must(state, name, &done), "{state:?}, {name}: {done:?}");
                }
            }
        })
    });
}

/// Writes that queued together are decided one after the other, as if each had been alone: also on one note, under one key, in one group.
#[test]
fn a_group_is_decided_one_by_one() {
    each_store(|store| {
        Box::pin(async move {
            let mut w = World::new(store).await;
            let (id, ..) = w.note(State::Fresh).await;
            let other = NoteId(w.id());
            let edit = |body: &str, base| save(id, base, Patch { body: text(body), ..Patch::default() }, None);
            let content = Content { title: "new".into(), ..Content::default() };
            let mut group: Vec<Write> = Vec::new();
            for n in 0..20 {
                group.push(w.write("lap", edit(&format!("b{n}"), 1)));
            }
            group.push(group[3].clone());
            for _ in 0..3 {
                group.push(w.write("desk", Job::Create { id: other, content: content.clone() }));
            }
            group.push(w.write("lap", Job::Lock { note: other, token: None }));
            group.push(w.write("desk", Job::Lock { note: other, token: None }));
            let bookmark =
                |why: &str| Job::Bookmark { note: id, marked: Some(true), why: text(why), gone: false, client_ts: None, owned: None };
            group.push(w.write("lap", bookmark("a")));
            group.push(w.write("lap", bookmark("b")));
            group.push(w.write("lap", edit("far", 77)));
            let answers = futures_util::future::join_all(group.iter().map(|g| w.store.write(g.clone()))).await;
            let done: Vec<&Answer> = answers.iter().map(|a| a.as_ref().unwrap()).collect();
            let saved = |d: &&&Answer| matches!(d.done, Done::Saved { .. });
            assert_eq!(done[..20].iter().filter(saved).count(), 1, "one save wins the version");
            assert_eq!(done[..20].iter().filter(|d| matches!(d.done, Done::Conflict { .. })).count(), 19);
            assert!(done[3].replayed != done[20].replayed, "one key is one save");
            let replay = |d: &Answer| {
                if let Done::Saved { note, .. } | Done::Conflict { present: note, .. } = &d.done { note.clone() } else { panic!() }
            };
            assert_eq!(replay(done[3]), replay(done[20]));
            assert!(done[21..24].iter().all(|d| saved(&d)), "the same note made three times is one note");
            assert_eq!(w.present(other).await.unwrap().version, 1);
            let locks: Vec<_> = done[24..26].iter().map(|d| matches!(d.done, Done::LockTaken(_))).collect();
            assert!(locks.iter().filter(|l| **l).count() <= 1, "one lock");
            let rows: Vec<_> = done[26..28].iter().filter_map(|d| if let Done::Bookmark(r) = &d.done { Some(r) } else { None }).collect();
            let kept = w.store.bookmark(w.space, "ada".into(), id).await.unwrap().unwrap();
            assert_eq!((rows.len(), &kept), (2, *rows.iter().max_by_key(|r| r.updated).unwrap()));
            assert_eq!(done[28].done, Done::UnknownBase);
            assert_eq!(w.present(id).await.unwrap().version, 2);
            // each change has a place of its own, and the places have no hole
            let (events, top) = w.store.events_since(w.space, 0, 1000).await.unwrap();
            assert_eq!(events.last().unwrap().seq, top);
            assert!(events.windows(2).all(|e| e[0].seq < e[1].seq));
            assert_eq!(
                w.log().await,
                19 + usize::from(
                    locks.iter().filter(|l| **l).count() == 1 && done[24..26].iter().any(|d| matches!(d.done, Done::LockRefused(_)))
                )
            );
        })
    });
}
