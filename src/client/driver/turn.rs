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

    /// Steps of several notes, stored together and then carried out. Where one of them cannot be read each is taken by itself, so that it holds
    /// up no other.
    ///
    /// # Errors
    /// The disk took none of them, and nobody was told.
    pub(super) fn together(&mut self, turns: Vec<Turn>) -> Result<(), DiskError> {
        match self.stored(turns.clone(), None) {
            Ok(effects) => {
                self.touched.extend(turns.iter().map(|(id, _)| *id));
                effects.into_iter().for_each(|e| self.carry_out(e));
            }
            Err(DiskError::Damaged(_)) => drop(self.each(turns)),
            Err(e) => return Err(e),
        }
        Ok(())
    }

    /// Steps of several notes, stored together; what cannot be so is by itself. `false` where one could not be stored.
    pub(super) fn apply_all(&mut self, turns: Vec<Turn>) -> bool {
        turns.is_empty() || self.together(turns.clone()).is_ok() || self.each(turns)
    }

    fn each(&mut self, turns: Vec<Turn>) -> bool {
        turns.into_iter().fold(true, |all, (id, input)| self.apply(id, input) && all)
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
            self.waiting.put((record.id, lane), record.entry(lane).map(|e| (&e.state, e.due)));
        }
    }
}
