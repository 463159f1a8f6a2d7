//! Counts how often each line stands in a window, by its hash.

use super::common::Line;

/// How often each line stands among the lines read.
#[derive(Default)]
pub(super) struct Table {
    slots: Vec<Slot>,
    /// The slot of each line.
    old_at: Vec<u32>,
    new_at: Vec<u32>,
    /// The places of lines that stand once on either side, the nearest first.
    pub(super) pairs: Vec<(usize, usize)>,
    /// Lines that stand there again, blank ones left out.
    pub(super) repeats: usize,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    old: u32,
    new: u32,
    /// Where first in old.
    first: u32,
}

impl Table {
    /// Counts anew.
    pub(super) fn fill(&mut self, old: &[Line], new: &[Line]) {
        self.slots.clear();
        self.slots.resize(((old.len() + new.len()) * 2).next_power_of_two(), Slot::default());
        self.old_at.clear();
        self.new_at.clear();
        self.pairs.clear();
        self.repeats = 0;
        for (i, line) in old.iter().enumerate() {
            let at = self.slot(line.hash);
            let slot = &mut self.slots[at];
            if slot.old == 0 {
                (slot.hash, slot.first) = (line.hash, i as u32);
            }
            slot.old += 1;
            self.repeats += usize::from(slot.old > 1 && line.end - line.start > 2);
            self.old_at.push(at as u32);
        }
        for line in new {
            let at = self.slot(line.hash);
            let slot = &mut self.slots[at];
            slot.hash = line.hash;
            slot.new += 1;
            self.repeats += usize::from(slot.new > 1 && line.end - line.start > 2);
            self.new_at.push(at as u32);
        }
        for (j, at) in self.new_at.iter().enumerate() {
            let slot = &self.slots[*at as usize];
            if slot.old == 1 && slot.new == 1 {
                self.pairs.push((slot.first as usize, j));
            }
        }
        self.pairs.sort_unstable_by_key(|(i, j)| i + j);
    }

    fn slot(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].hash != hash && self.slots[at].old + self.slots[at].new > 0 {
            at = (at + 1) & mask;
        }
        at
    }

    /// Whether an old line stands once on either side.
    pub(super) fn old_once(&self, i: usize) -> bool {
        let slot = &self.slots[self.old_at[i] as usize];
        slot.old == 1 && slot.new == 1
    }

    /// Whether new has an old line.
    pub(super) fn old_shared(&self, i: usize) -> bool {
        self.slots[self.old_at[i] as usize].new > 0
    }

    /// Whether old has a new line.
    pub(super) fn new_shared(&self, j: usize) -> bool {
        self.slots[self.new_at[j] as usize].old > 0
    }
}
