//! Rows that moved: the terminal moves them itself, in a few bytes, and only what is new between them is drawn.

use std::collections::HashMap;
use std::io::{self, Write};

use ratatui::buffer::{Buffer, Cell};

/// Rows that moving must spare.
const SPARED: usize = 3;
/// Rows that must differ before one looks how rows that repeat have moved.
const MANY: usize = 8;
/// Cells at either edge that do not tell a row: marks and bars stand there.
const EDGE: u16 = 3;
/// Of so many cells one is looked at. Rows taken for the same by mistake cost bytes, nothing else: what differs in them is drawn.
const EVERY: usize = 3;

/// Finds whether rows moved from one frame to the next. If it pays, writes what makes the terminal move them, moves them in `shown`, and
/// says so.
///
/// `told`: what tells the rows of each apart, before and now.
pub(super) fn follow(shown: &mut Buffer, told: (&[Option<u64>], &[Option<u64>]), out: &mut Vec<u8>) -> io::Result<bool> {
    let Some((by, top, bottom)) = moved(told.0, told.1) else { return Ok(false) };
    let (rows, width) = (by.unsigned_abs(), usize::from(shown.area.width));
    let (region, cells) = (&mut shown.content[top * width..bottom * width], rows * width);
    if by > 0 {
        region.rotate_left(cells);
        let end = region.len() - cells;
        region[end..].fill(Cell::EMPTY);
    } else {
        region.rotate_right(cells);
        region[..cells].fill(Cell::EMPTY);
    }
    // Deleting and inserting lines within margins is what every terminal knows.
    let what = if by > 0 { 'M' } else { 'L' };
    write!(out, "\x1b[m\x1b[{};{bottom}r\x1b[{};1H\x1b[{rows}{what}\x1b[r", top + 1, top + 1)?;
    Ok(true)
}

/// By how many rows most rows moved (up: above zero), and the rows this touches: first and after the last.
fn moved(old: &[Option<u64>], new: &[Option<u64>]) -> Option<(isize, usize, usize)> {
    let differ = old.iter().zip(new).filter(|(old, new)| old != new).count();
    if old.len() != new.len() || differ < SPARED {
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
    let voted = votes.into_iter().max_by_key(|(by, count)| (*count, *by)).filter(|(by, count)| *by != 0 && *count >= SPARED);
    let (most, pairs) = match voted {
        Some((most, _)) => (most, pairs.into_iter().filter(|p| by(p) == Some(most)).collect()),
        None if differ >= MANY => repeated(old, new)?,
        None => return None,
    };
    let count = pairs.len();
    let top = pairs.iter().map(|(from, to)| *from.min(to)).min()?;
    let bottom = pairs.iter().map(|(from, to)| *from.max(to)).max()? + 1;
    // Rows that are where they were already would have to be drawn again.
    let kept = (top..bottom).filter(|y| old[*y].is_some() && old[*y] == new[*y]).count();
    (most != 0 && count >= kept + SPARED).then_some((most, top, bottom))
}

/// The same where rows repeat, so that none tells where it was: the step that brings most rows to their like, the shortest of several.
fn repeated(old: &[Option<u64>], new: &[Option<u64>]) -> Option<(isize, Vec<(usize, usize)>)> {
    let along = |by: isize| {
        let from =
            move |to: usize| to.checked_add_signed(by).filter(|from| old.get(*from).is_some_and(|row| row.is_some() && *row == new[to]));
        (0..new.len()).filter_map(move |to| Some((from(to)?, to)))
    };
    let rows = isize::try_from(new.len()).ok()?;
    let most = (1 - rows..rows).filter(|by| *by != 0).max_by_key(|by| (along(*by).count(), -by.abs()))?;
    Some((most, along(most).collect()))
}

/// What tells each row from others; nothing for a row that says nothing. `before`: the same of the frame before, good still for rows that
/// have not `changed`.
pub(super) fn told(buffer: &Buffer, before: &[Option<u64>], changed: &[u16]) -> Vec<Option<u64>> {
    let width = usize::from(buffer.area.width);
    let inner = usize::from(EDGE)..width.saturating_sub(usize::from(EDGE));
    if inner.is_empty() {
        return Vec::new();
    }
    let row = |y: usize| told_row(&buffer.content[y * width..][inner.clone()]);
    let rows = usize::from(buffer.area.height);
    if before.len() != rows {
        return (0..rows).map(row).collect();
    }
    let mut out = before.to_vec();
    changed.iter().map(|y| usize::from(*y)).for_each(|y| out[y] = row(y));
    out
}

/// Made of the text alone, and quickly: what else differs in a row that moved is drawn as anywhere.
fn told_row(cells: &[Cell]) -> Option<u64> {
    let mark = |cell: &Cell| match cell.symbol().as_bytes() {
        [byte] => u64::from(*byte),
        bytes => bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)),
    };
    let first = mark(cells.first()?);
    let (mut sum, mut says) = (0_u64, false);
    for mark in cells.iter().step_by(EVERY).map(mark) {
        says |= mark != first;
        sum = (sum.rotate_left(5) ^ mark).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    says.then_some(sum)
}
