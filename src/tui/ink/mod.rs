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
const PASSED: usize = 4;
/// Empty cells that are erased rather than written.
const ERASED: usize = 9;

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
    /// What tells the rows of it apart.
    told: Vec<Option<u64>>,
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
            told: Vec::new(),
            unknown: true,
            cursor: None,
        }
    }

    /// Draws a frame of so many columns and rows, and writes what differs from the last in one go. `draw` is handed an older frame to draw
    /// over, all of it, and says where the cursor shall be.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn frame(&mut self, (columns, rows): (u16, u16), draw: impl FnOnce(&mut Buffer) -> Option<(u16, u16)>) -> io::Result<()> {
        let area = Rect::new(0, 0, columns, rows);
        self.next.resize(area);
        let cursor = draw(&mut self.next).map(Position::from);
        if self.unknown || self.shown.area != area {
            self.cells.extend_from_slice(b"\x1b[m\x1b[2J");
            (self.shown, self.unknown) = (Buffer::empty(area), false);
            self.told.clear();
        }
        let mut changed = self.changed();
        if !changed.is_empty() {
            let told = scroll::told(&self.next, &self.told, &changed);
            if scroll::follow(&mut self.shown, (&self.told, &told), &mut self.cells)? {
                changed = self.changed();
            }
            self.told = told;
            self.differences(&changed)?;
        }
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
                    go(&mut bytes, at.x.into(), at.y)?;
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

    /// The rows that differ from what is shown, in order.
    fn changed(&self) -> Vec<u16> {
        let width = usize::from(self.next.area.width).max(1);
        let rows = self.shown.content.chunks(width).zip(self.next.content.chunks(width));
        let differs = |(old, new): (&[Cell], &[Cell])| old != new || new.iter().any(|c| c.diff_option == CellDiffOption::AlwaysUpdate);
        (0..).zip(rows).filter_map(|(y, row)| differs(row).then_some(y)).collect()
    }

    /// Writes the cells that differ, row by row, and then those that stand alone at the right edge: a bar there moves with every row, and
    /// told look by look it costs few bytes.
    fn differences(&mut self, changed: &[u16]) -> io::Result<()> {
        let width = usize::from(self.next.area.width);
        let mut edge = Vec::new();
        for &y in changed {
            let from = usize::from(y) * width;
            let (old, new) = (&self.shown.content[from..from + width], &self.next.content[from..from + width]);
            if row(&mut self.cells, &mut self.pen, old, new, y)? {
                edge.push(y);
            }
        }
        while let Some(first) = edge.first() {
            let cell = |y: u16| &self.next.content[usize::from(y) * width + width - 1];
            let look = cell(*first).style();
            let (alike, rest): (Vec<u16>, Vec<u16>) = edge.iter().partition(|y| cell(**y).style() == look);
            for y in alike {
                self.pen.change(Pen::of(cell(y), self.pen), &mut self.cells)?;
                go(&mut self.cells, width - 1, y)?;
                self.cells.extend_from_slice(cell(y).symbol().as_bytes());
            }
            edge = rest;
        }
        Ok(())
    }
}

/// Writes what differs in a row; whether its last cell is left to be written, because it stands alone.
fn row(out: &mut Vec<u8>, pen: &mut Pen, old: &[Cell], new: &[Cell], y: u16) -> io::Result<bool> {
    let always = |x: usize| new[x].diff_option == CellDiffOption::AlwaysUpdate;
    // Where the terminal's cursor is, as far as that is sure; and a cell that is drawn though it is the same.
    let (mut x, mut at, mut forced) = (0, None, usize::MAX);
    while x < new.len() {
        let differs = |x: usize| x == forced || always(x) || old[x] != new[x];
        if !differs(x) {
            // What lies under a wide character is the same as well; only under one of unsure width it asks to be drawn.
            x += if x + 1 < new.len() && always(x + 1) { cells_of(&new[x]) } else { 1 };
            continue;
        }
        let cells = cells_of(&new[x]);
        if x + 1 == new.len() && at != Some(x) && text::unsure(new[x].symbol()).is_none() {
            return Ok(true);
        }
        match at {
            Some(before) => pass(out, *pen, &new[before..x])?,
            None => go(out, x, y)?,
        }
        let empty = new[x..].iter().take_while(|c| is_erased(c)).count();
        let mut end = x + cells;
        if empty >= ERASED {
            end = x + empty;
            pen.change(PLAIN, out)?;
            if end == new.len() {
                out.extend_from_slice(b"\x1b[K");
            } else {
                // As far as anything changes in it.
                end = (x..end).rev().find(|x| differs(*x)).map_or(end, |last| last + 1);
                write!(out, "\x1b[{}X", end - x)?;
            }
            at = Some(x);
        } else {
            pen.change(Pen::of(&new[x], *pen), out)?;
            at = Some(end).filter(|end| *end < new.len());
            if text::unsure(new[x].symbol()).is_some() {
                write!(out, "{:1$}", "", cells)?;
                go(out, x, y)?;
                at = None;
            }
            out.extend_from_slice(new[x].symbol().as_bytes());
        }
        // Where half of a wide character was drawn over, a terminal empties the other half in a look of its own choice.
        if cells_of(&old[end.min(new.len()) - 1]) > 1 {
            forced = end;
        }
        x = end;
    }
    Ok(false)
}

/// From one cell to another of the same row: over what is the same in between, or by writing it again where that is shorter.
fn pass(out: &mut Vec<u8>, pen: Pen, between: &[Cell]) -> io::Result<()> {
    match between.len() {
        0 => Ok(()),
        gap if gap <= PASSED && between.iter().all(|c| c.symbol().len() == 1 && Pen::of(c, pen) == pen) => {
            between.iter().for_each(|c| out.extend_from_slice(c.symbol().as_bytes()));
            Ok(())
        }
        gap => write!(out, "\x1b[{gap}C"),
    }
}

/// The cells a character takes.
fn cells_of(cell: &Cell) -> usize {
    if cell.symbol().len() < 3 { 1 } else { usize::from(cell.cell_width().max(1)) }
}

fn go(out: &mut Vec<u8>, x: usize, y: u16) -> io::Result<()> {
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
            // Nearly all rows hold none: they are looked through as they lie in memory.
            let from = buf.index_of(x, y);
            let row = &buf.content[from..from + usize::from(right - x)];
            let Some(passed) = row.iter().position(|c| c.symbol().len() >= 4) else { break };
            x += u16::try_from(passed).unwrap_or(right);
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
