//! The bytes of a frame: only what differs from the last, in one write, and nothing at all when nothing differs.
//!
//! It stands where ratatui's own terminal would, for four reasons. A frame is one write, cursor included, inside marks that hold the
//! terminal's painting back until it is whole. Rows that moved are moved by the terminal (`scroll`), empty stretches are erased, and colours
//! and attributes are told only when they change, each for itself (`pen`). And clusters whose width terminals disagree about
//! (`domain::text::unsure`) are drawn so that no terminal smears or shifts anything: their cells are emptied first, what follows is placed
//! by position, and the cells a wider drawing would reach come again after it.

mod pen;
mod scroll;

use std::io::{self, Write};

use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth};
use ratatui::layout::{Position, Rect};

use crate::domain::text;
use pen::{PLAIN, Pen, is_erased};

/// Cells that are the same on both sides of what changed are written again where that takes fewer bytes than passing over them.
const PASSED: u16 = 4;
/// Empty cells that are erased rather than written.
const ERASED: u16 = 9;

/// Writes frames.
#[derive(Debug)]
pub struct Ink<W> {
    out: W,
    /// What was queued besides the cells.
    queued: Vec<u8>,
    cells: Vec<u8>,
    pen: Pen,
    /// What the terminal shows, and the frame being drawn.
    shown: Buffer,
    next: Buffer,
    /// What the terminal shows is not known: all of it is drawn.
    unknown: bool,
    /// Where the terminal has its cursor; `None`: hidden.
    cursor: Option<Position>,
}

impl<W: Write> Ink<W> {
    /// Ink on a terminal whose cursor is hidden.
    pub fn new(out: W) -> Self {
        Self {
            out,
            queued: Vec::new(),
            cells: Vec::with_capacity(1 << 14),
            pen: PLAIN,
            shown: Buffer::default(),
            next: Buffer::default(),
            unknown: true,
            cursor: None,
        }
    }

    /// Draws a frame of so many columns and rows, and writes what differs from the last in one go. `draw` fills an empty buffer and says
    /// where the cursor shall be.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn frame(&mut self, (columns, rows): (u16, u16), draw: impl FnOnce(&mut Buffer) -> Option<(u16, u16)>) -> io::Result<()> {
        let area = Rect::new(0, 0, columns, rows);
        self.next.resize(area);
        self.next.reset();
        let cursor = draw(&mut self.next).map(Position::from);
        if self.unknown || self.shown.area != area {
            self.cells.extend_from_slice(b"\x1b[m\x1b[2J");
            (self.shown, self.unknown) = (Buffer::empty(area), false);
        }
        scroll::follow(&mut self.shown, &self.next, &mut self.cells)?;
        other_halves(&self.shown, &mut self.next);
        self.differences()?;
        self.pen.change(PLAIN, &mut self.cells)?;
        std::mem::swap(&mut self.shown, &mut self.next);
        self.present(cursor.filter(|at| area.contains(*at)))
    }

    fn present(&mut self, cursor: Option<Position>) -> io::Result<()> {
        let drawn = !self.cells.is_empty();
        let mut bytes = std::mem::take(&mut self.queued);
        if !drawn && bytes.is_empty() && cursor == self.cursor {
            return Ok(());
        }
        if drawn {
            bytes.extend_from_slice(b"\x1b[?2026h");
            bytes.append(&mut self.cells);
        }
        match (cursor, self.cursor) {
            (Some(at), before) => {
                if drawn || before != Some(at) {
                    go(&mut bytes, at.x, at.y)?;
                }
                if before.is_none() {
                    bytes.extend_from_slice(b"\x1b[?25h");
                }
            }
            (None, Some(_)) => bytes.extend_from_slice(b"\x1b[?25l"),
            (None, None) => {}
        }
        if drawn {
            bytes.extend_from_slice(b"\x1b[?2026l");
        }
        self.cursor = cursor;
        self.out.write_all(&bytes)?;
        self.out.flush()
    }

    /// Forgets what the terminal shows: somebody else has had it, with the cursor hidden again.
    pub fn forget(&mut self) {
        (self.pen, self.cursor, self.unknown) = (PLAIN, None, true);
        self.cells.clear();
    }

    /// Draws all of the next frame, whatever the terminal shows.
    pub fn redraw(&mut self) {
        self.unknown = true;
    }

    /// Writes the cells that differ, row by row.
    fn differences(&mut self) -> io::Result<()> {
        let (out, pen, next) = (&mut self.cells, &mut self.pen, &self.next);
        let mut changed = self.shown.diff_iter(next).map(|(x, y, _)| (x, y)).peekable();
        // Where the terminal's cursor is, as far as that is sure.
        let mut at = None;
        // Cells that are drawn already: of an erased stretch, or of a cluster.
        let mut done = (0, 0);
        while let Some((x, y)) = changed.next() {
            if done.0 == y && x < done.1 {
                continue;
            }
            match at {
                Some((before, row)) if row == y && before <= x => pass(out, pen, next, (before, x), y)?,
                _ => go(out, x, y)?,
            }
            let empty = erased(next, x, y);
            if empty >= ERASED {
                // As far as anything changes in it.
                let mut last = x;
                while let Some((x2, _)) = changed.next_if(|(x2, y2)| *y2 == y && *x2 < x + empty) {
                    last = x2;
                }
                pen.change(PLAIN, out)?;
                if x + empty == next.area.right() {
                    out.extend_from_slice(b"\x1b[K");
                } else {
                    write!(out, "\x1b[{}X", last + 1 - x)?;
                }
                (at, done) = (Some((x, y)), (y, last + 1));
                continue;
            }
            let cell = &next[(x, y)];
            pen.change(Pen::of(cell, *pen), out)?;
            let cells = cell.cell_width().max(1);
            at = Some((x + cells, y)).filter(|_| x + cells < next.area.right());
            if text::unsure(cell.symbol()).is_some() {
                write!(out, "{:1$}", "", usize::from(cells))?;
                go(out, x, y)?;
                (at, done) = (None, (y, x + cells));
            }
            out.extend_from_slice(cell.symbol().as_bytes());
        }
        Ok(())
    }
}

/// Where half of a wide character is drawn over, a terminal empties the other half in a look of its own choice: it is drawn too.
fn other_halves(shown: &Buffer, next: &mut Buffer) {
    let last = usize::from(shown.area.width).max(1) - 1;
    for (n, old) in shown.content.iter().enumerate() {
        if !old.symbol().is_ascii() && n % (last + 1) < last && old.cell_width() > 1 && next.content[n].cell_width() == 1 {
            next.content[n + 1].set_diff_option(CellDiffOption::AlwaysUpdate);
        }
    }
}

/// From one cell to another of the same row: over what is the same in between, or by writing it again where that is shorter.
fn pass(out: &mut Vec<u8>, pen: &Pen, next: &Buffer, (from, to): (u16, u16), y: u16) -> io::Result<()> {
    let again = |x: u16| {
        let cell: &Cell = &next[(x, y)];
        cell.symbol().len() == 1 && Pen::of(cell, *pen) == *pen
    };
    match to - from {
        0 => Ok(()),
        gap if gap <= PASSED && (from..to).all(again) => {
            (from..to).for_each(|x| out.extend_from_slice(next[(x, y)].symbol().as_bytes()));
            Ok(())
        }
        gap => write!(out, "\x1b[{gap}C"),
    }
}

/// How many cells from here to the end of the row, or to the next that shows something, look erased.
fn erased(next: &Buffer, x: u16, y: u16) -> u16 {
    let cells = (x..next.area.right()).take_while(|x| is_erased(&next[(*x, y)])).count();
    u16::try_from(cells).unwrap_or(u16::MAX)
}

fn go(out: &mut Vec<u8>, x: u16, y: u16) -> io::Result<()> {
    write!(out, "\x1b[{};{}H", y + 1, x + 1)
}

impl<W: Write> Write for Ink<W> {
    /// Goes out with the next frame, before its cells.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.queued.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prepares a finished buffer for terminals of every kind: the cells that a cluster of unsure width may reach into are always drawn again
/// after it, and one that could reach past the edge gives way to its first character.
pub fn settle(buf: &mut Buffer) {
    let (left, right) = (buf.area.left(), buf.area.right());
    for y in buf.area.top()..buf.area.bottom() {
        let mut x = left;
        while x < right {
            let cell = &buf[(x, y)];
            let cells = cell.cell_width().max(1);
            if let Some(most) = text::unsure(cell.symbol()) {
                let end = x.saturating_add(u16::try_from(most).unwrap_or(u16::MAX));
                if end > right {
                    let first: String = cell.symbol().chars().take(1).collect();
                    let fits = text::unsure(&first).is_none() && text::width(&first) <= usize::from(cells);
                    buf[(x, y)].set_symbol(if fits { &first } else { "�" });
                } else {
                    // Its own cells too: they are passed over while it is there, and drawn anew when it goes.
                    for reached in x + 1..end.max(x + cells) {
                        buf[(reached, y)].set_diff_option(CellDiffOption::AlwaysUpdate);
                    }
                }
            }
            x += cells;
        }
    }
}
