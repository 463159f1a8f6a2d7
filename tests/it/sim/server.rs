//! The simulated server: the real `decide` over notes in memory, with versions, idempotency memory and an audit log.

use std::collections::BTreeMap;

use diptych::client::catch_up::{Head, Place};
use diptych::client::locks::Locked;
use diptych::client::message::{Body, Request};
use diptych::client::record::Lane;
use diptych::domain::note::{Content, Note, NoteId, Seq, Time, Value};
use diptych::domain::policy::{Policies, Policy};
use diptych::server::decide::{self, Decision};
use uuid::Uuid;

use super::device::Reply;
use super::engine::Rng;

/// One logged conflict.
#[derive(Clone, Debug)]
pub struct Logged {
    pub note: NoteId,
    pub key: Uuid,
    pub action: &'static str,
    /// The texts that were asked for.
    pub mine: Vec<String>,
}

/// A page of changes.
#[derive(Clone, Debug)]
pub struct Page {
    pub notes: Vec<Note>,
    pub head: Head,
}

#[derive(Clone, Debug)]
pub struct Server {
    pub versions: BTreeMap<NoteId, Vec<Note>>,
    pub audit: Vec<Logged>,
    pub marks: BTreeMap<NoteId, bool>,
    pub reports: Vec<Uuid>,
    pub policies: Policies,
    changes: BTreeMap<Seq, NoteId>,
    seq: Seq,
    epoch: u64,
    /// Earlier epochs, and how far each is part of this one's past.
    past: BTreeMap<u64, Seq>,
    memory: BTreeMap<Uuid, Reply>,
    locks: BTreeMap<NoteId, Lock>,
}

/// A lock on a note.
#[derive(Clone, Debug)]
struct Lock {
    holder: usize,
    token: String,
    expires: Time,
}

/// How long a lock holds without a renewal, in milliseconds: short, so that some run out.
const LEASE: i64 = 40_000;

impl Server {
    pub fn new(notes: u64, rng: &mut Rng) -> Server {
        let mut policies = Policies::default();
        policies.set("fields.sum", Policy::Sum).unwrap();
        let mut server = Server {
            versions: BTreeMap::new(),
            audit: Vec::new(),
            marks: BTreeMap::new(),
            reports: Vec::new(),
            policies,
            changes: BTreeMap::new(),
            seq: 0,
            epoch: 1,
            past: BTreeMap::new(),
            memory: BTreeMap::new(),
            locks: BTreeMap::new(),
        };
        for n in 0..notes {
            let content = Content {
                title: format!("note {n}"),
                body: "first line\nsecond line\n".to_owned(),
                fields: [("sum".to_owned(), Value::Int(100))].into(),
                ..Content::default()
            };
            server.put(NoteId(rng.uuid()), content, Time(0), 99);
        }
        server
    }

    pub fn present(&self, id: NoteId) -> Option<&Note> {
        self.versions.get(&id).and_then(|v| v.last())
    }

    pub fn ids(&self) -> Vec<NoteId> {
        self.versions.keys().copied().collect()
    }

    fn put(&mut self, id: NoteId, content: Content, now: Time, from: usize) -> Note {
        let before = self.present(id);
        let note = Note {
            id,
            version: before.map_or(1, |b| b.version + 1),
            created_at: before.map_or(now, |b| b.created_at),
            content,
            updated_at: before.map_or(now, |b| now.max(Time(b.updated_at.0 + 1))),
            updated_by: "ada".to_owned(),
            updated_from: format!("device-{from}"),
        };
        self.versions.entry(id).or_default().push(note.clone());
        self.changes.retain(|_, n| *n != id);
        self.seq += 1;
        self.changes.insert(self.seq, id);
        note
    }

    /// The name of its data's present epoch.
    fn store(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.epoch))
    }

    /// At most three notes after `seq`, so that pages matter.
    pub fn since(&self, (seq, store): Place) -> Page {
        let shared = |store: Uuid| self.past.iter().find(|(epoch, _)| Uuid::from_u128(u128::from(**epoch)) == store).map(|(_, seq)| *seq);
        let leads_here = store.is_none_or(|store| store == self.store() || shared(store).is_some_and(|shared| seq <= shared));
        let seq = if leads_here { seq } else { 0 };
        let page: Vec<(Seq, NoteId)> = self.changes.range(seq + 1..).take(3).map(|(s, n)| (*s, *n)).collect();
        let seq = page.last().map_or(seq, |(s, _)| *s);
        let notes = page.iter().filter_map(|(_, n)| self.present(*n).cloned()).collect();
        let more = self.changes.range(seq + 1..).next().is_some();
        Page { notes, head: Head { seq, store: Some(self.store()), more, reset: !leads_here } }
    }

    /// An older copy takes the place of the data, and goes on in an epoch of its own.
    pub fn set_back_to(&mut self, copy: Server) {
        let epoch = self.epoch + 1;
        *self = copy;
        self.past.insert(self.epoch, self.seq);
        self.epoch = epoch;
    }

    /// Which device holds a note's lock.
    pub fn holder(&self, id: NoteId, now: Time) -> Option<usize> {
        self.locks.get(&id).filter(|l| l.expires > now).map(|l| l.holder)
    }

    /// Takes or renews a lock.
    pub fn lock(&mut self, from: usize, id: NoteId, token: Option<&str>, now: Time, rng: &mut Rng) -> Locked {
        let live = self.locks.get(&id).filter(|l| l.expires > now).cloned();
        if let Some(held) = live.as_ref().filter(|l| l.holder != from && Some(l.token.as_str()) != token) {
            return Locked::Theirs("ada".to_owned(), format!("device-{}", held.holder), LEASE);
        }
        let fresh = || Lock { holder: from, token: rng.uuid().to_string(), expires: now };
        let held = Lock { expires: now.plus_ms(LEASE), ..live.unwrap_or_else(fresh) };
        self.locks.insert(id, held.clone());
        Locked::Ours(held.token, LEASE)
    }

    /// Releases a lock by its token.
    pub fn unlock(&mut self, id: NoteId, token: &str) -> bool {
        let ours = self.locks.get(&id).is_some_and(|l| l.token == token);
        if ours {
            self.locks.remove(&id);
        }
        ours
    }

    /// Takes a request as the HTTP server does: an answered key gets its first answer again; `lock` is the token it carries.
    pub fn take(&mut self, from: usize, request: &Request, lock: Option<&str>, now: Time, rng: &mut Rng) -> Result<Reply, String> {
        if let Some(first) = self.memory.get(&request.key) {
            return Ok(first.clone());
        }
        if let (Body::Save(..), Some(held)) = (&request.body, self.locks.get_mut(&request.id).filter(|l| l.expires > now)) {
            if lock == Some(held.token.as_str()) {
                held.expires = now.plus_ms(LEASE);
            } else if held.holder != from {
                return Ok(Reply::Locked);
            }
        }
        let reply = match &request.body {
            Body::Create(content) => {
                let decision = decide::create(self.present(request.id), content, &self.policies);
                self.decided(from, request, decision, None, now, rng)?
            }
            Body::Save(base, at, patch) => {
                let Some(versions) = self.versions.get(&request.id) else { return Ok(Reply::Missing) };
                let (present, base) = (versions.last().unwrap(), versions.iter().find(|n| n.version == *base));
                let base = base.filter(|b| at.is_none_or(|at| at == b.updated_at));
                let Some(base) = base.cloned() else {
                    if self.past.is_empty() {
                        return Err("a save on a version that never was".to_owned());
                    }
                    // As the client's transport does with an unknown base: what is there now is the other side.
                    let present = Box::new(present.clone());
                    return Ok(Reply::Conflict { present, base: None, conflicts: Vec::new(), id: None });
                };
                let decision = decide::save(present, &base, patch, &self.policies);
                self.decided(from, request, decision, Some(base), now, rng)?
            }
            Body::Mark(marked, _) => {
                self.marks.insert(request.id, *marked);
                Reply::Done
            }
            Body::Report(report) => {
                let id = report.conflict_id.as_deref().and_then(|c| c.parse().ok()).ok_or("a report of no conflict")?;
                if self.reports.contains(&id) {
                    return Err(format!("conflict {id} was reported twice"));
                }
                self.reports.push(id);
                Reply::Done
            }
        };
        self.memory.insert(request.key, reply.clone());
        Ok(reply)
    }

    fn decided(
        &mut self,
        from: usize,
        request: &Request,
        decision: Decision,
        base: Option<Note>,
        now: Time,
        rng: &mut Rng,
    ) -> Result<Reply, String> {
        debug_assert_eq!(request.lane, Lane::Note);
        match decision {
            Decision::Unchanged => Ok(Reply::Saved(Box::new(self.present(request.id).ok_or("unchanged, but nothing there")?.clone()))),
            Decision::Accept(accepted) => {
                if let Some(conflict) = &accepted.conflict {
                    self.log(request, conflict.action, &conflict.fields, rng);
                }
                if self.present(request.id).is_some_and(|p| p.content == accepted.content) {
                    return Ok(Reply::Saved(Box::new(self.present(request.id).unwrap().clone())));
                }
                Ok(Reply::Saved(Box::new(self.put(request.id, accepted.content, now, from))))
            }
            Decision::Refuse(refused) => {
                let id = self.log(request, refused.conflict.action, &refused.conflict.fields, rng);
                let present = Box::new(self.present(request.id).ok_or("refused, but nothing there")?.clone());
                Ok(Reply::Conflict { present, base: base.map(Box::new), conflicts: refused.conflicts, id: Some(id) })
            }
            Decision::Owned(why) => Err(format!("a save set what is the server's: {why:?}")),
            Decision::Invalid(why) => Err(format!("a save broke limits: {why:?}")),
        }
    }

    fn log(
        &mut self,
        request: &Request,
        action: &'static str,
        fields: &BTreeMap<String, diptych::domain::audit::FieldRecord>,
        rng: &mut Rng,
    ) -> Uuid {
        use diptych::domain::note::FieldValue::Is;
        let text = |v: &diptych::domain::note::FieldValue| if let Is(Value::Text(t)) = v { Some(t.clone()) } else { None };
        let mine = fields.values().flat_map(|f| [text(&f.mine), text(&f.theirs)]).flatten().collect();
        let id = rng.uuid();
        self.audit.push(Logged { note: request.id, key: request.key, action, mine });
        id
    }
}
