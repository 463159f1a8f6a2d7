//! The usual window: a few lines reworded, added or cut, known without counting lines.
//!
//! If no changed line stands among the lines that are kept, nor on the other side, then every difference must take out and put in all of
//! them; the one found here does no more, so it is the only shortest, and it cannot be slid. Lines are told apart by a mark made of their
//! length and their ends: two lines with one mark count as equal, which only leaves the place to the window.

use super::Edit;
use super::clean::ENOUGH_CHANGES;
use super::common::{line_at, line_before};
use super::window::{RARE, RUN};

/// Lines beyond which the texts are not searched for the next that both have.
const AHEAD: usize = 4;
/// Lines kept between the first change and the end.
const KEPT: usize = 24;

/// A short list.
struct Few<const N: usize> {
    marks: [u64; N],
    len: usize,
}

impl<const N: usize> Few<N> {
    fn new() -> Few<N> {
        Few { marks: [0; N], len: 0 }
    }

    /// Adds a mark; nothing if the list is full.
    fn add(&mut self, mark: u64) -> Option<()> {
        *self.marks.get_mut(self.len)? = mark;
        self.len += 1;
        Some(())
    }

    fn all(&self) -> &[u64] {
        &self.marks[..self.len]
    }

    fn none_of(&self, others: &[u64]) -> bool {
        self.all().iter().all(|mark| !others.contains(mark))
    }
}

/// Adds the edits from a place where the texts part to one from where they go on alike, and gives that place; nothing if they are not that
/// plain.
pub(super) fn edits(old: &[u8], new: &[u8], at: (usize, usize), out: &mut Vec<Edit>) -> Option<(usize, usize)> {
    let first = out.len();
    let end = tried(old, new, at, out);
    if end.is_none() {
        out.truncate(first);
    }
    end
}

fn tried(old: &[u8], new: &[u8], mut at: (usize, usize), out: &mut Vec<Edit>) -> Option<(usize, usize)> {
    let (mut gone, mut come) = (Few::<{ ENOUGH_CHANGES - 1 }>::new(), Few::<{ ENOUGH_CHANGES - 1 }>::new());
    let mut kept = Few::<KEPT>::new();
    if at.0 > 0 {
        kept.add(mark(line_before(old, at.0)))?;
    }
    loop {
        let to = agreement(old, new, at, (&mut gone, &mut come)).filter(|to| *to != at)?;
        out.push(Edit { old: at.0..to.0, new: at.1..to.1 });
        let enough = RARE.max(gone.len.abs_diff(come.len) + 1);
        let (mut alike, mut rare) = (0, 0);
        at = to;
        while rare < RARE || alike < enough {
            let line = line_at(old, at.0);
            if !line.ends_with(b"\n") || !new[at.1..].starts_with(line) {
                break;
            }
            let mark = mark(line);
            rare += usize::from(!kept.all().contains(&mark));
            kept.add(mark)?;
            alike += 1;
            at = (at.0 + line.len(), at.1 + line.len());
        }
        if rare >= RARE && alike >= enough {
            let plain = gone.none_of(come.all()) && gone.none_of(kept.all()) && come.none_of(kept.all());
            return plain.then_some(to);
        }
        if alike > RUN || at.0 == old.len() || at.1 == new.len() {
            return None;
        }
    }
}

/// The nearest lines that are equal, after lines that are gone or came, which are added to the lists.
fn agreement(
    old: &[u8],
    new: &[u8],
    (i, j): (usize, usize),
    (gone, come): (&mut Few<{ ENOUGH_CHANGES - 1 }>, &mut Few<{ ENOUGH_CHANGES - 1 }>),
) -> Option<(usize, usize)> {
    // The marks of the lines read so far, and where each starts.
    let (mut old_lines, mut new_lines) = ([(0, i); AHEAD], [(0, j); AHEAD]);
    let (mut x, mut y) = (i, j);
    for n in 0..AHEAD {
        let (a, b) = (line_at(old, x), line_at(new, y));
        (old_lines[n], new_lines[n]) = ((mark(a), x), (mark(b), y));
        // Nearest: one of the pairs with this line on one side and one up to it on the other.
        for k in 0..=n {
            for (p, q) in [(n, k), (k, n)] {
                if old_lines[p].0 == new_lines[q].0 {
                    let (from, to) = (old_lines[p].1, new_lines[q].1);
                    let line = line_at(old, from);
                    if line.is_empty() || line != line_at(new, to) {
                        return None;
                    }
                    old_lines[..p].iter().try_for_each(|l| gone.add(l.0))?;
                    new_lines[..q].iter().try_for_each(|l| come.add(l.0))?;
                    return Some((from, to));
                }
            }
        }
        (x, y) = (x + a.len(), y + b.len());
    }
    None
}

/// What a line is told by: its length, its first and its last bytes.
fn mark(line: &[u8]) -> u64 {
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
    let ends = match (line.first_chunk::<8>(), line.last_chunk::<8>()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first).wrapping_mul(MIX).rotate_left(29) ^ u64::from_le_bytes(*last),
        _ => line.iter().fold(0, |all, b| all << 8 | u64::from(*b)),
    };
    (ends ^ line.len() as u64).wrapping_mul(MIX)
}
