//! What waits in the outbox, in memory: in the order in which it is due, so that ten thousand saves cost each other nothing.
//!
//! The disk knows it all; this is brought up to date by each step that was stored. What is under way is known here only.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::client::handle::EntryState;
use crate::client::record::Lane;
use crate::domain::note::{NoteId, Time};

/// Which entry: a note has one in each lane at most.
pub(super) type Key = (NoteId, Lane);

/// The entries of the outbox.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// When those that wait for their time are due.
    due: HashMap<Key, Time>,
    /// The same in order, but for those under way.
    queue: BTreeSet<(Time, NoteId, Lane)>,
    under_way: HashSet<Key>,
}

impl Waiting {
    /// Everything anew, as the disk has it.
    pub(super) fn reset(&mut self, entries: impl Iterator<Item = (Key, EntryState, Time)>) {
        (self.due, self.queue) = (HashMap::new(), BTreeSet::new());
        entries.for_each(|(key, state, due)| self.put(key, Some((&state, due))));
    }

    /// How an entry stands now; `None`: there is none.
    pub(super) fn put(&mut self, key: Key, entry: Option<(&EntryState, Time)>) {
        if let Some(was) = self.due.remove(&key) {
            self.queue.remove(&(was, key.0, key.1));
        }
        if let Some((EntryState::Waiting, due)) = entry {
            self.due.insert(key, due);
            if !self.under_way.contains(&key) {
                self.queue.insert((due, key.0, key.1));
            }
        }
    }

    /// It is sent.
    pub(super) fn sent(&mut self, key: Key) {
        self.under_way.insert(key);
        if let Some(due) = self.due.get(&key) {
            self.queue.remove(&(*due, key.0, key.1));
        }
    }

    /// It is under way no more.
    pub(super) fn back(&mut self, key: Key) {
        self.under_way.remove(&key);
        if let Some(due) = self.due.get(&key) {
            self.queue.insert((*due, key.0, key.1));
        }
    }

    /// Whether it is under way.
    pub(super) fn is_under_way(&self, key: Key) -> bool {
        self.under_way.contains(&key)
    }

    /// Those whose time has come, in order, as far as so many may be under way at once.
    pub(super) fn ready(&self, now: Time, at_once: usize) -> Vec<Key> {
        self.queue.iter().take_while(|(due, ..)| *due <= now).take(self.room(at_once)).map(|(_, id, lane)| (*id, *lane)).collect()
    }

    /// How many more may be under way, where so many may at once.
    pub(super) fn room(&self, at_once: usize) -> usize {
        at_once.saturating_sub(self.under_way.len())
    }

    /// One whose time has come, and that is not under way, waits until then.
    pub(super) fn put_off(&mut self, key: Key, to: Time) {
        if let Some(due) = self.due.get_mut(&key)
            && *due < to
            && self.queue.remove(&(*due, key.0, key.1))
        {
            *due = to;
            self.queue.insert((to, key.0, key.1));
        }
    }

    /// When the first of them is due.
    pub(super) fn first(&self) -> Option<Time> {
        self.queue.first().map(|(due, ..)| *due)
    }

    /// Those whose time has not come yet.
    pub(super) fn late(&self, now: Time) -> Vec<Key> {
        self.queue.iter().rev().take_while(|(due, ..)| *due > now).map(|(_, id, lane)| (*id, *lane)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::note::Uuid;

    #[test]
    fn what_is_due_comes_in_order_and_what_is_under_way_not_again() {
        let key = |n: u128| (NoteId(Uuid::from_u128(n)), Lane::Note);
        let mut waiting = Waiting::default();
        waiting.reset(
            [(key(1), EntryState::Waiting, Time(30)), (key(2), EntryState::Waiting, Time(10)), (key(3), EntryState::Paused, Time(0))]
                .into_iter(),
        );
        assert_eq!((waiting.ready(Time(9), 8), waiting.first()), (vec![], Some(Time(10))));
        assert_eq!((waiting.ready(Time(40), 8), waiting.ready(Time(40), 1)), (vec![key(2), key(1)], vec![key(2)]));
        assert_eq!(waiting.late(Time(10)), [key(1)]);
        waiting.sent(key(2));
        assert_eq!((waiting.ready(Time(40), 8), waiting.ready(Time(40), 1)), (vec![key(1)], vec![]));
        // A later save of the same note while its first is under way waits for the answer.
        waiting.put(key(2), Some((&EntryState::Waiting, Time(20))));
        assert_eq!((waiting.ready(Time(40), 8), waiting.is_under_way(key(2))), (vec![key(1)], true));
        waiting.put_off(key(2), Time(90));
        waiting.back(key(2));
        assert_eq!(waiting.ready(Time(40), 8), [key(2), key(1)]);
        waiting.put_off(key(2), Time(50));
        assert_eq!((waiting.ready(Time(40), 8), waiting.late(Time(40))), (vec![key(1)], vec![key(2)]));
        waiting.put(key(2), None);
        waiting.put(key(1), Some((&EntryState::Refused, Time(0))));
        assert_eq!((waiting.ready(Time(40), 8), waiting.first()), (vec![], None));
    }
}
