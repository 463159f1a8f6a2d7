//! What must hold when all is quiet.

use std::collections::{BTreeMap, BTreeSet};

use diptych::domain::note::{NoteId, Value};

use super::engine::World;
use super::server::{Page, Server};

/// What the persons did, as far as the disk took it.
#[derive(Debug)]
pub struct Model {
    words: Vec<(NoteId, String)>,
    /// Words that a person settled away.
    away: BTreeSet<(NoteId, String)>,
    sums: BTreeMap<NoteId, i64>,
    open_sums: BTreeSet<NoteId>,
    next: u64,
}

impl Model {
    pub fn new(server: &Server) -> Model {
        Model {
            words: Vec::new(),
            away: BTreeSet::new(),
            sums: server.ids().into_iter().map(|id| (id, 100)).collect(),
            open_sums: BTreeSet::new(),
            next: 0,
        }
    }

    /// A word nobody wrote before.
    pub fn word(&mut self, d: usize) -> String {
        self.next += 1;
        format!("w{}of{d}.", self.next)
    }

    pub fn saved(&mut self, id: NoteId, word: String) {
        self.words.push((id, word));
    }

    pub fn settled_away(&mut self, id: NoteId, word: String) {
        self.away.insert((id, word));
    }

    /// The law of a save: people here only add words, so what a save leaves out of the present text it was not shown.
    pub fn overwrites(&self, id: NoteId, present: &str, saved: &str) -> Result<(), String> {
        let unseen = words_of(present).into_iter().find(|w| !saved.contains(w.as_str()) && !self.away.contains(&(id, w.clone())));
        unseen.map_or(Ok(()), |w| Err(format!("a save of note {id} leaves out {w}, which nobody settled away")))
    }

    pub fn added(&mut self, id: NoteId, n: i64) {
        if !self.open_sums.contains(&id) {
            *self.sums.entry(id).or_default() += n;
        }
    }

    /// It is not known any more what the sum of this note will be.
    pub fn open_sum(&mut self, id: NoteId) {
        self.sums.remove(&id);
        self.open_sums.insert(id);
    }
}

/// The words of a text that people wrote.
pub fn words_of(text: &str) -> Vec<String> {
    text.lines().filter(|l| l.starts_with('w') && l.ends_with('.')).map(str::to_owned).collect()
}

/// Whether nothing is on its way any more.
pub fn quiet(world: &World<'_>) -> bool {
    world.devices.iter().all(|d| {
        d.in_flight.is_empty()
            && d.records.values().all(|r| r.entries.is_empty() && r.saved.is_none() && r.parked.is_none() && r.sent.is_none())
            && d.screen.is_none()
            && d.caught.rests()
            && !d.caught.unsure()
            && matches!(world.server.since(d.caught.place()), Page { head, notes } if !head.reset && head.store == d.caught.place().1 && notes.is_empty())
    })
}

/// What is still on its way, for the story.
pub fn unrest(world: &World<'_>) -> String {
    let mut out = String::new();
    for d in &world.devices {
        for r in d.records.values().filter(|r| !r.entries.is_empty() || r.parked.is_some()) {
            out.push_str(&format!("\ndevice {}: {:?} parked {} sent {}", d.no, r.entries, r.parked.is_some(), r.sent.is_some()));
        }
    }
    out
}

/// The laws.
pub fn check(world: &World<'_>) -> Result<(), String> {
    converged(world)?;
    reachable(world)?;
    logged_once(world)?;
    if world.plan.devices == 1 && world.seen.restores == 0 && !world.server.audit.is_empty() {
        return Err(format!("alone, and yet a conflict: {:?}", world.server.audit));
    }
    Ok(())
}

fn converged(world: &World<'_>) -> Result<(), String> {
    for id in world.server.ids() {
        let there = world.server.present(id).ok_or("a note without a version")?;
        for d in &world.devices {
            let here = d.records.get(&id).and_then(|r| r.synced.as_ref());
            if here != Some(there) && !(here.is_none() && there.content.deleted) {
                return Err(format!("device {} has {here:?}, the server {there:?}", d.no));
            }
        }
    }
    let there: BTreeSet<NoteId> = world.server.ids().into_iter().collect();
    for d in &world.devices {
        if let Some(id) = d.records.iter().find(|(id, r)| r.synced.is_some() && !there.contains(id)).map(|(id, _)| id) {
            return Err(format!("device {} has note {id}, which the server does not", d.no));
        }
    }
    Ok(())
}

/// Words that only the lost part of a restored server had are lost with it: no device can bring them back.
pub fn forgive(world: &mut World<'_>) {
    let texts = texts(world);
    let found = |id: &NoteId, word: &str| texts.get(id).is_some_and(|t| t.contains(word));
    world.model.words.retain(|(id, word)| found(id, word));
}

fn texts(world: &World<'_>) -> BTreeMap<NoteId, String> {
    let mut texts: BTreeMap<NoteId, String> = BTreeMap::new();
    let mut put = |id: NoteId, text: &str| texts.entry(id).or_default().push_str(text);
    for (id, versions) in &world.server.versions {
        versions.iter().for_each(|v| put(*id, &v.content.body));
    }
    for entry in &world.server.audit {
        entry.mine.iter().for_each(|t| put(entry.note, t));
    }
    for d in &world.devices {
        d.copies.iter().for_each(|(id, c)| put(*id, &c.body));
        for (id, r) in &d.records {
            r.content().into_iter().chain(r.aside.as_ref().map(|a| &a.content)).for_each(|c| put(*id, &c.body));
        }
    }
    texts
}

/// Law 1: every word that a disk took is in a version, in the audit log, in a draft or in a copy kept aside.
fn reachable(world: &World<'_>) -> Result<(), String> {
    let texts = texts(world);
    match world.model.words.iter().find(|(id, word)| !texts.get(id).is_some_and(|t| t.contains(word.as_str()))) {
        Some((id, word)) => Err(format!("the word {word} of note {id} is nowhere")),
        None => sums(world),
    }
}

/// What was added by saves is in the sum exactly once, on notes that no one deleted or settled away.
fn sums(world: &World<'_>) -> Result<(), String> {
    if world.seen.restores > 0 {
        return Ok(()); // what the server forgot was added nowhere
    }
    for (id, expected) in &world.model.sums {
        let Some(versions) = world.server.versions.get(id) else { continue };
        let Some(Value::Int(sum)) = versions.last().and_then(|v| v.content.fields.get("sum")) else { continue };
        let drafts = world.devices.iter().any(|d| d.records.get(id).is_some_and(|r| r.typed.is_some()));
        if sum != expected && !drafts {
            return Err(format!("the sum of note {id} is {sum}, and {expected} was saved"));
        }
    }
    Ok(())
}

/// Law 8: one entry for one decision.
fn logged_once(world: &World<'_>) -> Result<(), String> {
    let mut keys = BTreeSet::new();
    match world.server.audit.iter().find(|e| !keys.insert(e.key)) {
        Some(twice) => Err(format!("{} of one request was logged twice", twice.action)),
        None => Ok(()),
    }
}
