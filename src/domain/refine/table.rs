//! Tables, merged cell by cell where one side added or cut a column and the other edited cells; and held to one number of columns.
//!
//! Words alone cannot tell: a new column touches every last cell of a row, and a new row is as far from a new column as two changes can be.
//! A column is known by what stands in the first row, a row by its place and by the cells that are still the same.

use std::ops::Range;

use super::super::diff;
use super::{Class, Origin, Piece, push};

/// The bytes between the bars of a row, as they stand.
type Cells<'a> = Vec<&'a [u8]>;

/// Whether a woven text keeps one number of columns in each table, as all three texts did.
pub(super) fn keeps_columns(texts: [&[u8]; 3], pieces: &[Piece]) -> bool {
    if texts.iter().all(|t| memchr::memchr(b'|', t).is_none()) {
        return true;
    }
    let woven = pieces.iter().map(|p| p.text.as_slice()).collect::<Vec<_>>().concat();
    !texts.iter().all(|t| is_even(t)) || is_even(&woven)
}

/// Whether neighbouring rows have as many bars.
fn is_even(text: &[u8]) -> bool {
    let bars: Vec<usize> = diff::split_lines(text).into_iter().map(|line| bars(line).count()).collect();
    bars.windows(2).all(|w| w[0] < 2 || w[1] < 2 || w[0] == w[1])
}

/// Where the bars of a line stand that part cells.
fn bars(line: &[u8]) -> impl Iterator<Item = usize> {
    memchr::memchr_iter(b'|', line).filter(move |at| *at == 0 || line[at - 1] != b'\\')
}

/// The rows of a text that is nothing but one table, each row with bars at both ends.
fn rows(text: &[u8]) -> Option<Vec<Cells<'_>>> {
    let row = |line: &'_ [u8]| -> Option<Vec<Range<usize>>> {
        let body = line.trim_ascii();
        if body.len() < 2 || !body.starts_with(b"|") || !body.ends_with(b"|") || body.ends_with(b"\\|") || !line.starts_with(b"|") {
            return None;
        }
        let at: Vec<usize> = bars(line).collect();
        Some(at.windows(2).map(|w| w[0] + 1..w[1]).collect())
    };
    let lines = diff::split_lines(text);
    let all = lines.iter().map(|l| Some(row(l)?.into_iter().map(|r| &l[r]).collect())).collect::<Option<Vec<Cells<'_>>>>()?;
    let columns = all.first()?.len();
    (columns > 0 && all.len() > 1 && all.iter().all(|r| r.len() == columns)).then_some(all)
}

/// The merge of a table to which one side added or from which it cut columns, while the other edited cells in columns that stay.
pub(super) fn weave([base, mine, theirs]: [&[u8]; 3]) -> Option<(Class, Vec<Piece>)> {
    memchr::memchr(b'|', base)?;
    let (b, m, t) = (rows(base)?, rows(mine)?, rows(theirs)?);
    if b.len() != m.len() || b.len() != t.len() {
        return None;
    }
    let pieces = match (m[0].len() == b[0].len(), t[0].len() == b[0].len()) {
        (false, true) => fitted(&b, (mine, &m, Origin::Mine), (&t, Origin::Theirs))?,
        (true, false) => fitted(&b, (theirs, &t, Origin::Theirs), (&m, Origin::Mine))?,
        _ => return None,
    };
    Some((Class::Structure, pieces))
}

/// The text of the side that changed columns, with the cells that the other side edited.
fn fitted(
    base: &[Cells<'_>],
    (text, shaped, shaper): (&[u8], &[Cells<'_>], Origin),
    (edited, editor): (&[Cells<'_>], Origin),
) -> Option<Vec<Piece>> {
    let heads = |row: &Cells<'_>| -> Vec<Vec<u8>> { row.iter().map(|c| c.trim_ascii().to_vec()).collect() };
    let (old, new) = (heads(&base[0]), heads(&shaped[0]));
    let to = places(&old, &new)?;
    let mut out = Vec::new();
    for (i, line) in diff::split_lines(text).into_iter().enumerate() {
        let instead = row(base, shaped, edited, (i, &to))?;
        let mut at = 0;
        for (bar, cell) in bars(line).zip(&instead) {
            push(&mut out, &line[at..=bar], shaper);
            at = bar + 1;
            if let Some(cell) = cell {
                let was = shaped[i][instead_index(line, bar)];
                push(&mut out, &padded(was, cell), editor);
                at += was.len();
            }
        }
        push(&mut out, &line[at..], shaper);
    }
    Some(out)
}

/// Which cell of a row starts after this bar.
fn instead_index(line: &[u8], bar: usize) -> usize {
    bars(line).take_while(|at| *at < bar).count()
}

/// For each column of base where it stands now, if it still does; nothing if columns changed their order, their heads, or have one twice.
fn places(old: &[Vec<u8>], new: &[Vec<u8>]) -> Option<Vec<Option<usize>>> {
    let single = |heads: &[Vec<u8>]| heads.iter().all(|h| heads.iter().filter(|o| *o == h).count() == 1);
    let to: Vec<Option<usize>> = old.iter().map(|h| new.iter().position(|n| n == h)).collect();
    let kept: Vec<usize> = to.iter().copied().flatten().collect();
    // Either columns came or columns went; with both, a column may only have got another head.
    let plain = kept.len() == old.len() || kept.len() == new.len();
    (single(old) && single(new) && plain && kept.is_sorted() && !kept.is_empty()).then_some(to)
}

/// What the editing side put into each cell of a row that the shaping side has; nothing if it cannot be told, or was changed twice.
fn row<'a>(
    base: &[Cells<'_>],
    shaped: &[Cells<'_>],
    edited: &[Cells<'a>],
    (i, to): (usize, &[Option<usize>]),
) -> Option<Vec<Option<&'a [u8]>>> {
    let mut instead = vec![None; shaped[i].len()];
    let mut changed = 0;
    for (j, place) in to.iter().enumerate() {
        let (was, now) = (base[i][j].trim_ascii(), edited[i][j].trim_ascii());
        let theirs = place.map(|k| shaped[i][k].trim_ascii());
        if was == now {
            continue;
        }
        changed += 1;
        // A cell of another row that changed too: rows were put in another order.
        let from_elsewhere = (0..base.len()).any(|r| r != i && base[r][j].trim_ascii() == now && base[r] != edited[r]);
        match (place, theirs) {
            (Some(k), Some(theirs)) if theirs == was && !from_elsewhere && i > 0 => instead[*k] = Some(now),
            (_, Some(theirs)) if theirs == now => {}
            _ => return None,
        }
    }
    // A row with most of its cells changed may be another one.
    (changed * 2 <= to.len()).then_some(instead)
}

/// A cell's text in the white space of the cell it replaces.
fn padded(was: &[u8], cell: &[u8]) -> Vec<u8> {
    let width = |text: &[u8]| String::from_utf8_lossy(text).chars().count();
    let lead = was.len() - was.trim_ascii_start().len();
    let tail = was.len() - was.trim_ascii_end().len();
    let (lead, tail) = if was.trim_ascii().is_empty() { (1.min(was.len()), was.len().saturating_sub(1)) } else { (lead, tail) };
    let room = width(was).saturating_sub(lead + width(cell)).max(tail.min(1));
    [&was[..lead], cell, &b" ".repeat(room)].concat()
}
