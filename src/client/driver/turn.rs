//! Steps of notes: each is stored, in one transaction with what it read, before anything follows from it.

use super::{Driver, say};
use crate::client::catch_up::Place;
use crate::client::disk::DiskError;
use crate::client::handle::News;
use crate::client::message::{Effect, Env, Input};
use crate::client::record::{Lane, Record};
use crate::client::sync;
use crate::domain::note::{NoteId, Uuid};

/// One step of one note to take.
pub(super) type Turn = (NoteId, Input);

impl Driver {
    /// One step of one note: stored first, then its effects. `false` where it could not be stored.
    pub(super) fn apply(&mut self, id: NoteId, input: Input) -> bool {
        self.touched.insert(id);
        match self.stored(vec![(id, input)], None) {
            Ok(effects) => {
                effects.into_iter().for_each(|e| self.carry_out(e));
                true
            }
            Err(e) => {
                self.tell(News::Failed(Some(id), say::not_stored(&e)));
                false
            }
        }
    }

    /// Takes steps and stores them in one transaction; gives what follows.
    pub(super) fn stored(&mut self, turns: Vec<Turn>, place: Option<Place>) -> Result<Vec<Effect>, DiskError> {
        let now = self.now();
        let fresh: Vec<_> = turns.iter().map(|_| self.fresh()).collect();
        let (rules, unseen) = (&self.rules, &self.unseen);
        let done = self.disk.change(|disk| {
            let mut done = Vec::with_capacity(turns.len());
            for ((id, input), (key, no, jitter)) in turns.into_iter().zip(fresh) {
                // Another program may have taken a number that this one has not heard of.
                let env = Env { now, key, no: disk.next_no()?.max(no), jitter, rules, unseen };
                let typing = matches!(input, Input::Type(..));
                let (record, effects) = disk.turn(id, typing, |record| sync::step(record, input, &env))?;
                for effect in &effects {
                    if let Effect::Copy(content, why) = effect {
                        disk.copy(id, content, why, now)?;
                    }
                }
                done.push((record, effects));
            }
            place.map_or(Ok(()), |(seq, store)| disk.set_place(seq, store))?;
            Ok(done)
        })?;
        let mut out = Vec::new();
        for (record, effects) in done {
            self.index(&record);
            for effect in effects {
                match effect {
                    Effect::Passed(passed) => self.unseen.passed(record.id, passed),
                    effect => out.push(effect),
                }
            }
        }
        Ok(out)
    }

    /// What a step needs that no other has: a key, a number for an entry, jitter.
    fn fresh(&mut self) -> (Uuid, i64, i64) {
        self.no += 1;
        ((self.parts.ids)(), self.no, self.jitter())
    }

    fn index(&mut self, record: &Record) {
        self.watched = self.watched.map(|_| true);
        for lane in [Lane::Note, Lane::Mark, Lane::Report] {
            match record.entry(lane) {
                Some(e) => self.pending.insert((record.id, lane), (e.state.clone(), e.due)),
                None => self.pending.remove(&(record.id, lane)),
            };
        }
    }
}
