//! Rows that moved: the terminal moves them itself, in a few bytes, and only what is new between them is drawn.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::io::{self, Write};

use ratatui::buffer::{Buffer, Cell};

/// Rows that must have moved alike.
const ALIKE: usize = 3;
/// Cells that moving must spare.
const SPARED: usize = 120;
/// Cells at either edge that do not tell a row: marks and bars stand there.
const EDGE: u16 = 3;

/// Finds whether rows moved from one frame to the next. If it pays, writes what makes the terminal move them, and moves them in `shown`.
pub(super) fn follow(shown: &mut Buffer, next: &Buffer, out: &mut Vec<u8>) -> io::Result<()> {
    let Some((by, top, bottom)) = moved(shown, next) else { return Ok(()) };
    let (rows, width) = (by.unsigned_abs(), usize::from(shown.area.width));
    let mut after = shown.content[top * width..bottom * width].to_vec();
    let (cells, blank) = (rows * width, Cell::default());
    if by > 0 {
        after.rotate_left(cells);
        let end = after.len() - cells;
        after[end..].fill(blank);
    } else {
        after.rotate_right(cells);
        after[..cells].fill(blank);
    }
    let wanted = &next.content[top * width..bottom * width];
    let differ = |have: &[Cell]| have.iter().zip(wanted).filter(|(a, b)| a != b).count();
    if differ(&after) + SPARED > differ(&shown.content[top * width..bottom * width]) {
        return Ok(());
    }
    shown.content[top * width..bottom * width].clone_from_slice(&after);
    // Deleting and inserting lines within margins is what every terminal knows.
    let what = if by > 0 { 'M' } else { 'L' };
    write!(out, "\x1b[m\x1b[{};{bottom}r\x1b[{};1H\x1b[{rows}{what}\x1b[r", top + 1, top + 1)
}

/// By how many rows most rows moved (up: above zero), and the rows this touches: first and after the last.
fn moved(shown: &Buffer, next: &Buffer) -> Option<(isize, usize, usize)> {
    let (old, new) = (told(shown), told(next));
    if old == new {
        return None;
    }
    let mut once: HashMap<u64, Option<usize>> = HashMap::new();
    for (y, row) in old.iter().enumerate().filter_map(|(y, row)| Some((y, (*row)?))) {
        once.entry(row).and_modify(|at| *at = None).or_insert(Some(y));
    }
    let pairs: Vec<(usize, usize)> = new.iter().enumerate().filter_map(|(y, row)| Some((once.get(&(*row)?).copied()??, y))).collect();
    let by = |(from, to): &(usize, usize)| from.checked_signed_diff(*to);
    let mut votes: HashMap<isize, usize> = HashMap::new();
    for by in pairs.iter().filter_map(by) {
        *votes.entry(by).or_default() += 1;
    }
    let (most, count) = votes.into_iter().max_by_key(|(by, count)| (*count, *by))?;
    if most == 0 || count < ALIKE {
        return None;
    }
    let rows = || pairs.iter().filter(|p| by(p) == Some(most));
    let top = rows().map(|(from, to)| *from.min(to)).min()?;
    let bottom = rows().map(|(from, to)| *from.max(to)).max()? + 1;
    Some((most, top, bottom))
}

/// What tells each row from others; nothing for a row that says nothing.
fn told(buffer: &Buffer) -> Vec<Option<u64>> {
    let width = usize::from(buffer.area.width);
    let inner = usize::from(EDGE)..width.saturating_sub(usize::from(EDGE));
    if inner.is_empty() {
        return Vec::new();
    }
    let row = |cells: &[Cell]| {
        let first = cells.first()?.symbol();
        if cells.iter().all(|c| c.symbol() == first) {
            return None;
        }
        let mut hash = foldhash::fast::FixedState::default().build_hasher();
        cells.iter().for_each(|c| c.hash(&mut hash));
        Some(hash.finish())
    };
    buffer.content.chunks(width).map(|cells| row(&cells[inner.clone()])).collect()
}
