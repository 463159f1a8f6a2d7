//! Steps of notes: each is stored, in one transaction with what it read, before anything follows from it.

use super::{Driver, say};
use crate::client::disk::DiskError;
use crate::client::handle::News;
use crate::client::record::{Lane, Record};
use crate::client::sync::{self, Effect, Env, Input};
use crate::domain::note::{Note, NoteId, Seq, Uuid, Version};

/// One step of one note to take.
pub(super) struct Turn {
    pub(super) id: NoteId,
    /// The version that typed text started from, where this device has a newer one by now.
    pub(super) pin: Option<Note>,
    pub(super) input: Input,
}

impl Turn {
    pub(super) fn of(id: NoteId, input: Input) -> Turn {
        Turn { id, pin: None, input }
    }
}

/// What has been seen of the server's changes, and the store whose changes they are.
pub(super) type Place = (Seq, Option<Uuid>);

impl Driver {
    /// One step of one note: stored first, then its effects. `false` where it could not be stored.
    pub(super) fn apply(&mut self, id: NoteId, input: Input) -> bool {
        self.apply_on(id, None, input)
    }

    /// The same for text that was typed on `base`. A version that came meanwhile, and that whoever typed has not seen, is not its base.
    pub(super) fn apply_on(&mut self, id: NoteId, base: Option<Version>, input: Input) -> bool {
        self.touched.insert(id);
        let pin = base.and_then(|base| self.unseen.before(id, base));
        match self.stored(vec![Turn { id, pin, input }], None) {
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
        let rules = &self.rules;
        let done = self.disk.change(|disk| {
            let mut done = Vec::with_capacity(turns.len());
            for (turn, (key, no, jitter)) in turns.into_iter().zip(fresh) {
                let Turn { id, pin, input } = turn;
                // Another program may have taken a number that this one has not heard of.
                let env = Env { now, key, no: disk.next_no()?.max(no), jitter, rules };
                let typing = matches!(input, Input::Type(..)) && pin.is_none();
                let (record, (old, effects)) = disk.turn(id, typing, |record| {
                    let newer = match &input {
                        Input::Remote(note) => note.version,
                        // Read while it is being learnt whether the server was set back: most often it was not, and this is news.
                        Input::SetBack(Some(note)) => note.version,
                        _ => 0,
                    };
                    let old = record.synced.clone().filter(|old| old.version < newer);
                    if let Some(base) = &pin {
                        record.pin(base, now);
                    }
                    (old.map(|old| (old, newer)), sync::step(record, input, &env))
                })?;
                for effect in &effects {
                    if let Effect::Copy(content, why) = effect {
                        disk.copy(id, content, why, now)?;
                    }
                }
                done.push((record, old, effects));
            }
            place.map_or(Ok(()), |(seq, store)| disk.set_place(seq, store))?;
            Ok(done)
        })?;
        let mut out = Vec::new();
        for (record, old, effects) in done {
            self.index(&record);
            old.into_iter().for_each(|(old, by)| self.unseen.replaced(old, by));
            out.extend(effects);
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
