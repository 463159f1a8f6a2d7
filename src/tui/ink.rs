//! The bytes of a frame: only what differs from the last, in one write, and nothing at all when nothing differs.
//!
//! It stands where ratatui's own backend would, for three reasons. A frame is one write, cursor included, inside marks that hold the
//! terminal's painting back until it is whole. Foreground, background and attributes are told only when they change, each for itself.
//! And clusters whose width terminals disagree about (`domain::text::unsure`) are drawn so that no terminal smears or shifts anything:
//! their cells are emptied first, what follows is placed by position, and the cells a wider drawing would reach come again after it.

use std::io::{self, Write};

use crossterm::terminal as ctt;
use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth};
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

use crate::domain::text;

/// Attributes, and the codes that begin and end each.
const ATTRIBUTES: [(Modifier, u8, u8); 8] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// How the terminal draws the next character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    line: Color,
    attributes: Modifier,
}

const PLAIN: Pen = Pen { fg: Color::Reset, bg: Color::Reset, line: Color::Reset, attributes: Modifier::empty() };

/// Writes frames.
#[derive(Debug)]
pub struct Ink<W> {
    out: W,
    frame: Vec<u8>,
    pen: Pen,
    /// Where the cursor shall be, and where the terminal has it; `None`: hidden.
    wanted: Option<Position>,
    shown: Option<Position>,
}

impl<W: Write> Ink<W> {
    /// Ink on a terminal whose cursor is hidden.
    pub fn new(out: W) -> Self {
        Self { out, frame: Vec::with_capacity(1 << 14), pen: PLAIN, wanted: None, shown: None }
    }

    /// Writes what was drawn since the last time, in one go.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn present(&mut self) -> io::Result<()> {
        if self.frame.is_empty() && self.wanted == self.shown {
            return Ok(());
        }
        let drawn = std::mem::take(&mut self.frame);
        let mut bytes = Vec::with_capacity(drawn.len() + 40);
        if !drawn.is_empty() {
            bytes.extend_from_slice(b"\x1b[?2026h");
            bytes.extend_from_slice(&drawn);
        }
        match (self.wanted, self.shown) {
            (Some(at), before) => {
                if !drawn.is_empty() || before != Some(at) {
                    write!(bytes, "\x1b[{};{}H", at.y + 1, at.x + 1)?;
                }
                if before.is_none() {
                    bytes.extend_from_slice(b"\x1b[?25h");
                }
            }
            (None, Some(_)) => bytes.extend_from_slice(b"\x1b[?25l"),
            (None, None) => {}
        }
        if !drawn.is_empty() {
            bytes.extend_from_slice(b"\x1b[?2026l");
        }
        self.shown = self.wanted;
        self.frame = drawn;
        self.frame.clear();
        self.out.write_all(&bytes)?;
        self.out.flush()
    }

    /// Forgets what the terminal shows: somebody else has had it, with the cursor hidden again.
    pub fn forget(&mut self) {
        (self.pen, self.shown) = (PLAIN, None);
        self.frame.clear();
    }

    fn go(&mut self, x: u16, y: u16) -> io::Result<()> {
        write!(self.frame, "\x1b[{};{}H", y + 1, x + 1)
    }

    fn take_pen(&mut self, cell: &Cell) -> io::Result<()> {
        let next = Pen { fg: cell.fg, bg: cell.bg, line: cell.underline_color, attributes: cell.modifier };
        if next == self.pen {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.pen, next);
        if next == PLAIN {
            self.frame.extend_from_slice(b"\x1b[m");
            return Ok(());
        }
        self.frame.extend_from_slice(b"\x1b[");
        self.attributes(before.attributes, next.attributes)?;
        if next.fg != before.fg {
            self.colour(next.fg, 30)?;
        }
        if next.bg != before.bg {
            self.colour(next.bg, 40)?;
        }
        if next.line != before.line {
            self.colour(next.line, 50)?;
        }
        // The semicolon after the last code gives way to the end of the sequence.
        if let Some(last) = self.frame.last_mut() {
            *last = b'm';
        }
        Ok(())
    }

    fn attributes(&mut self, before: Modifier, next: Modifier) -> io::Result<()> {
        let gone = before.difference(next);
        let mut come = next.difference(before);
        for (attribute, _, end) in ATTRIBUTES {
            if gone.contains(attribute) {
                write!(self.frame, "{end};")?;
                // Bold and dim end with one code.
                if end == 22 {
                    come |= next.intersection(Modifier::BOLD | Modifier::DIM);
                }
            }
        }
        for (attribute, begin, _) in ATTRIBUTES {
            if come.contains(attribute) {
                write!(self.frame, "{begin};")?;
            }
        }
        Ok(())
    }

    /// A colour at 30 (letters), 40 (ground) or 50 (underline, which has no short codes).
    fn colour(&mut self, colour: Color, at: u8) -> io::Result<()> {
        let short = |n: u8| match (at, n) {
            (50, _) => None,
            (_, 0..=7) => Some(at + n),
            _ => Some(at + 52 + n),
        };
        let n = match colour {
            Color::Reset => return write!(self.frame, "{};", at + 9),
            Color::Rgb(r, g, b) => return write!(self.frame, "{};2;{r};{g};{b};", at + 8),
            Color::Indexed(n) => return write!(self.frame, "{};5;{n};", at + 8),
            Color::Black => 0,
            Color::Red => 1,
            Color::Green => 2,
            Color::Yellow => 3,
            Color::Blue => 4,
            Color::Magenta => 5,
            Color::Cyan => 6,
            Color::Gray => 7,
            Color::DarkGray => 8,
            Color::LightRed => 9,
            Color::LightGreen => 10,
            Color::LightYellow => 11,
            Color::LightBlue => 12,
            Color::LightMagenta => 13,
            Color::LightCyan => 14,
            Color::White => 15,
        };
        match short(n) {
            Some(code) => write!(self.frame, "{code};"),
            None => write!(self.frame, "{};5;{n};", at + 8),
        }
    }
}

impl<W: Write> Write for Ink<W> {
    /// Adds to the frame; nothing is written before [`Ink::present`].
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Backend for Ink<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut next = None;
        // The cells of a cluster that was drawn just before, which are not drawn again.
        let mut taken = (0, 0..0);
        for (x, y, cell) in content {
            if taken.0 == y && taken.1.contains(&x) {
                continue;
            }
            if next != Some((x, y)) {
                self.go(x, y)?;
            }
            self.take_pen(cell)?;
            next = Some((x + 1, y));
            if text::unsure(cell.symbol()).is_some() {
                let cells = cell.cell_width();
                write!(self.frame, "{:1$}", "", usize::from(cells))?;
                self.go(x, y)?;
                (next, taken) = (None, (y, x + 1..x + cells));
            }
            self.frame.extend_from_slice(cell.symbol().as_bytes());
        }
        if self.pen != PLAIN {
            self.pen = PLAIN;
            self.frame.extend_from_slice(b"\x1b[m");
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.wanted = None;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.wanted = self.wanted.or(Some(Position::ORIGIN));
        Ok(())
    }

    /// Where it was set last: the terminal is not asked, its answer would mingle with the keys.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.wanted.unwrap_or(Position::ORIGIN))
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        if self.wanted.is_some() {
            self.wanted = Some(position.into());
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        let code: &[u8] = match region {
            ClearType::All => b"\x1b[2J",
            ClearType::AfterCursor => b"\x1b[J",
            ClearType::BeforeCursor => b"\x1b[1J",
            ClearType::CurrentLine => b"\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[K",
        };
        self.frame.extend_from_slice(code);
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        ctt::size().map(Size::from)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        let s = ctt::window_size()?;
        Ok(WindowSize { columns_rows: Size::new(s.columns, s.rows), pixels: Size::new(s.width, s.height) })
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
