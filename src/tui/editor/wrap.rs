//! Where the text of a buffer lies on screen: soft-wrapped rows, the row of the cursor, moves by row, scrolling.
//!
//! Rows are kept per line under the line's stamp and made only for lines that were looked at, so that a key in a long note costs as much
//! as in a short one. In one very long line, rows before the change are kept and those after it made anew until they agree again.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use crate::domain::buffer::{Buffer, Pos};
use crate::domain::text;
use crate::tui::lists;

/// A line of more bytes than this is not wrapped anew as a whole when it changes.
const LONG: usize = 16 * 1024;

/// Rows kept at most, over all lines.
const MAX_ROWS: usize = 200_000;

/// A row on screen: which line, and which of its rows.
pub type RowAt = (usize, usize);

/// The wrapped rows of lines, at one width.
#[derive(Debug, Default)]
pub struct Wrap {
    width: usize,
    kept: HashMap<u64, Rc<[Range<usize>]>>,
    rows: usize,
    long: Option<Long>,
}

/// The long line that was wrapped last, as it was then.
#[derive(Debug)]
struct Long {
    line: usize,
    stamp: u64,
    text: String,
    rows: Rc<[Range<usize>]>,
}

impl Wrap {
    /// Sets the width in cells.
    pub fn set_width(&mut self, width: usize) {
        if self.width != width.max(1) {
            self.width = width.max(1);
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.kept.clear();
        self.rows = 0;
        self.long = None;
    }

    /// The rows of a line, made now if they are not kept.
    pub fn rows(&mut self, buffer: &Buffer, line: usize) -> Rc<[Range<usize>]> {
        let Some(l) = buffer.lines().get(line) else { return std::iter::once(0..0).collect() };
        if let Some(rows) = self.kept.get(&l.stamp) {
            return rows.clone();
        }
        if self.rows > MAX_ROWS {
            self.forget();
        }
        let width = self.width.max(1);
        let long = l.text.len() > LONG;
        let before = if long { self.long.take().filter(|old| old.line == line) } else { None };
        let rows: Rc<[Range<usize>]> = match before {
            Some(old) => {
                // Every key in a long line would otherwise leave all its rows behind.
                if self.kept.remove(&old.stamp).is_some() {
                    self.rows -= old.rows.len();
                }
                again(&old, &l.text, width).into()
            }
            None => whole(&l.text, width).into(),
        };
        if long {
            self.long = Some(Long { line, stamp: l.stamp, text: l.text.clone(), rows: rows.clone() });
        }
        self.rows += rows.len();
        self.kept.insert(l.stamp, rows.clone());
        rows
    }

    /// The rows of a line if they are kept: those on screen are, after [`View::fit`].
    #[must_use]
    pub fn kept(&self, buffer: &Buffer, line: usize) -> Option<Rc<[Range<usize>]>> {
        buffer.lines().get(line).and_then(|l| self.kept.get(&l.stamp)).cloned()
    }

    /// How many cells a row of a line is drawn to the right of its first: an item goes on under its words.
    #[must_use]
    pub fn indent(&self, buffer: &Buffer, at: RowAt) -> usize {
        if at.1 == 0 { 0 } else { hang(buffer.line(at.0), self.width.max(1)) }
    }

    /// The row a place lies in: a place between two rows belongs to the later one.
    pub fn row_of(&mut self, buffer: &Buffer, pos: Pos) -> usize {
        let rows = self.rows(buffer, pos.line);
        rows.partition_point(|r| r.start <= pos.byte).saturating_sub(1)
    }
}

/// How far the rows of a line after the first hang: as wide as its marker or the white space before it, if that leaves half the width.
fn hang(line: &str, width: usize) -> usize {
    let words = lists::marker(line).map_or_else(|| line.len() - line.trim_start_matches([' ', '\t']).len(), |m| m.words);
    Some(text::width(&line[..words])).filter(|cells| *cells <= width / 2).unwrap_or(0)
}

fn whole(line: &str, width: usize) -> Vec<Range<usize>> {
    text::wrap_hanging(line, width, hang(line, width), 0).collect()
}

/// Wraps a line that changed: rows before the change stay, and so do those after it from where they agree again.
fn again(old: &Long, new: &str, width: usize) -> Vec<Range<usize>> {
    let head = common(old.text.as_bytes().chunks(1024), new.as_bytes().chunks(1024), |c| c.iter());
    let room = old.text.len().min(new.len()) - head;
    let tail = common(old.text.as_bytes().rchunks(1024), new.as_bytes().rchunks(1024), |c| c.iter().rev()).min(room);
    // A change can pull a word back to the row before it.
    let first = old.rows.partition_point(|r| r.start <= head).saturating_sub(2);
    let start = old.rows.get(first).map_or(0, |r| r.start);
    let hang = hang(new, width);
    if !new.is_char_boundary(start) || hang != self::hang(&old.text, width) {
        return whole(new, width);
    }
    let mut out = old.rows[..first].to_vec();
    for row in text::wrap_hanging(new, width, hang, start) {
        let before = (row.start + old.text.len()).checked_sub(new.len()).filter(|_| row.start > new.len() - tail);
        if let Some(at) = before.and_then(|b| old.rows.binary_search_by_key(&b, |r| r.start).ok()) {
            let shift = |at: usize| at + new.len() - old.text.len();
            out.extend(old.rows[at..].iter().map(|r| shift(r.start)..shift(r.end)));
            return out;
        }
        out.push(row);
    }
    out
}

/// How many bytes two texts have in common from one end, which the chunks come from; whole chunks are compared at once.
fn common<'a, I: Iterator<Item = &'a u8>>(
    a: impl Iterator<Item = &'a [u8]>,
    b: impl Iterator<Item = &'a [u8]>,
    bytes: impl Fn(&'a [u8]) -> I,
) -> usize {
    let mut same = 0;
    for (a, b) in a.zip(b) {
        if a != b {
            return same + bytes(a).zip(bytes(b)).take_while(|(x, y)| x == y).count();
        }
        same += a.len();
    }
    same
}

/// The window onto a text.
#[derive(Debug, Default)]
pub struct View {
    /// Wrapped rows.
    pub wrap: Wrap,
    /// The first row shown.
    pub top: RowAt,
    /// Rows shown at once.
    pub height: usize,
    /// Whether the window follows the cursor; the wheel lets go of it until the next key.
    pub follow: bool,
}

impl View {
    /// Sets the size and scrolls the cursor into view.
    pub fn fit(&mut self, buffer: &Buffer, width: usize, height: usize) {
        self.wrap.set_width(width);
        self.height = height.max(1);
        let last = buffer.lines().len() - 1;
        if self.top.0 > last {
            self.top = (last, 0);
        }
        self.top.1 = self.top.1.min(self.wrap.rows(buffer, self.top.0).len() - 1);
        if self.follow {
            self.show(buffer, buffer.cursor());
        }
        let _ = self.rows_from(buffer, self.top, self.height);
    }

    fn show(&mut self, buffer: &Buffer, pos: Pos) {
        let row = (pos.line, self.wrap.row_of(buffer, pos));
        if row < self.top {
            self.top = row;
            return;
        }
        if pos.line > self.top.0 + self.height || !self.rows_from(buffer, self.top, self.height).contains(&row) {
            self.top = self.back(buffer, row, self.height - 1);
        }
    }

    /// Up to `n` rows from `from` on.
    pub fn rows_from(&mut self, buffer: &Buffer, from: RowAt, n: usize) -> Vec<RowAt> {
        let mut out = Vec::with_capacity(n);
        let (mut line, mut first) = from;
        while out.len() < n && line < buffer.lines().len() {
            let rows = self.wrap.rows(buffer, line).len();
            out.extend((first..rows).take(n - out.len()).map(|r| (line, r)));
            (line, first) = (line + 1, 0);
        }
        out
    }

    /// The row `n` rows before another, or the first.
    pub fn back(&mut self, buffer: &Buffer, from: RowAt, n: usize) -> RowAt {
        let (mut line, mut row, mut left) = (from.0, from.1, n);
        loop {
            if left <= row {
                return (line, row - left);
            }
            if line == 0 {
                return (0, 0);
            }
            left -= row + 1;
            line -= 1;
            row = self.wrap.rows(buffer, line).len() - 1;
        }
    }

    /// The row `n` rows after another, or the last.
    pub fn forth(&mut self, buffer: &Buffer, from: RowAt, n: usize) -> RowAt {
        self.rows_from(buffer, from, n + 1).last().copied().unwrap_or(from)
    }

    /// Scrolls by so many rows without moving the cursor.
    pub fn scroll(&mut self, buffer: &Buffer, rows: isize) {
        self.follow = false;
        let n = rows.unsigned_abs();
        self.top = if rows < 0 { self.back(buffer, self.top, n) } else { self.forth(buffer, self.top, n) };
    }

    /// The place in a row nearest to a cell column, without leaving the row.
    pub fn place(&mut self, buffer: &Buffer, at: RowAt, column: usize) -> Pos {
        let rows = self.wrap.rows(buffer, at.0);
        let line = buffer.line(at.0);
        let Some(row) = rows.get(at.1) else { return buffer.end() };
        let byte = text::byte_at(line, row.clone(), column.saturating_sub(self.wrap.indent(buffer, at)));
        let inside = byte < row.end || at.1 + 1 == rows.len();
        Pos::new(at.0, if inside { byte } else { text::prev_grapheme(line, row.end).max(row.start) })
    }

    /// The place `rows` rows below (or above, if negative) the cursor, and the column to come back to.
    pub fn vertical(&mut self, buffer: &Buffer, rows: isize) -> (Pos, usize) {
        let cursor = buffer.cursor();
        let row = self.wrap.row_of(buffer, cursor);
        let kept = self.wrap.rows(buffer, cursor.line);
        let goal = buffer.goal().unwrap_or_else(|| {
            text::column(buffer.line(cursor.line), kept[row].clone(), cursor.byte) + self.wrap.indent(buffer, (cursor.line, row))
        });
        let from = (cursor.line, row);
        let n = rows.unsigned_abs();
        let to = if rows < 0 { self.back(buffer, from, n) } else { self.forth(buffer, from, n) };
        // At the first and the last row a move further goes to the end of the text.
        let pos = match to == from {
            true if rows < 0 => Pos::default(),
            true => buffer.end(),
            false => self.place(buffer, to, goal),
        };
        (pos, goal)
    }

    /// The start or end of the cursor's row; from there, of its line.
    pub fn row_edge(&mut self, buffer: &Buffer, end: bool) -> Pos {
        let cursor = buffer.cursor();
        let rows = self.wrap.rows(buffer, cursor.line);
        let row = self.wrap.row_of(buffer, cursor);
        let line = buffer.line(cursor.line);
        let edge = match (end, row + 1 == rows.len()) {
            (false, _) => rows[row].start,
            (true, true) => line.len(),
            (true, false) => text::prev_grapheme(line, rows[row].end).max(rows[row].start),
        };
        let whole = if end { line.len() } else { 0 };
        Pos::new(cursor.line, if edge == cursor.byte { whole } else { edge })
    }
}
