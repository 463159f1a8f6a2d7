//! Gives equal lines or words equal numbers, so that the search compares numbers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The numbers given so far, from 0.
#[derive(Default)]
pub(crate) struct Interner<'a> {
    known: HashMap<&'a [u8], u32, foldhash::fast::FixedState>,
}

impl<'a> Interner<'a> {
    /// None yet, with room for so many.
    pub(crate) fn with_room(tokens: usize) -> Interner<'a> {
        Interner { known: HashMap::with_capacity_and_hasher(tokens, Default::default()) }
    }

    /// Forgets all, and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.known.clear();
    }

    /// The number of one token.
    pub(crate) fn one(&mut self, token: &'a [u8]) -> u32 {
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        match self.known.entry(token) {
            Entry::Occupied(e) => *e.get(),
            Entry::Vacant(e) => *e.insert(next),
        }
    }

    /// The numbers of many tokens.
    pub(crate) fn all(&mut self, tokens: &[&'a [u8]]) -> Vec<u32> {
        tokens.iter().map(|t| self.one(t)).collect()
    }
}
