//! How the terminal draws the next character, and the codes that lead from one way to another.

use std::io::{self, Write};

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

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

/// What shows on an empty cell too.
const ON_BLANKS: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED).union(Modifier::CROSSED_OUT).union(Modifier::SLOW_BLINK);

/// How the terminal draws the next character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pen {
    fg: Color,
    bg: Color,
    line: Color,
    attributes: Modifier,
}

/// The pen a terminal begins with.
pub(super) const PLAIN: Pen = Pen { fg: Color::Reset, bg: Color::Reset, line: Color::Reset, attributes: Modifier::empty() };

/// Whether a cell is empty and shows nothing but its ground.
pub(super) fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " " && !cell.modifier.intersects(ON_BLANKS)
}

/// Whether a cell looks as if it had been erased with a plain pen.
pub(super) fn is_erased(cell: &Cell) -> bool {
    is_blank(cell) && cell.bg == Color::Reset
}

impl Pen {
    /// The pen for a cell. On an empty one letters have no colour, so those of the pen in hand are kept.
    pub(super) fn of(cell: &Cell, now: Pen) -> Pen {
        if is_blank(cell) && !now.attributes.intersects(ON_BLANKS) {
            return Pen { bg: cell.bg, ..now };
        }
        Pen { fg: cell.fg, bg: cell.bg, line: cell.underline_color, attributes: cell.modifier }
    }

    /// Writes what turns this pen into another, as far as they differ.
    pub(super) fn change(&mut self, next: Pen, out: &mut Vec<u8>) -> io::Result<()> {
        if next == *self {
            return Ok(());
        }
        let before = std::mem::replace(self, next);
        if next == PLAIN {
            out.extend_from_slice(b"\x1b[m");
            return Ok(());
        }
        out.extend_from_slice(b"\x1b[");
        attributes(out, before.attributes, next.attributes)?;
        if next.fg != before.fg {
            colour(out, next.fg, 30)?;
        }
        if next.bg != before.bg {
            colour(out, next.bg, 40)?;
        }
        if next.line != before.line {
            colour(out, next.line, 50)?;
        }
        // The semicolon after the last code gives way to the end of the sequence.
        if let Some(last) = out.last_mut() {
            *last = b'm';
        }
        Ok(())
    }
}

fn attributes(out: &mut Vec<u8>, before: Modifier, next: Modifier) -> io::Result<()> {
    let gone = before.difference(next);
    let mut come = next.difference(before);
    for (attribute, _, end) in ATTRIBUTES {
        if gone.contains(attribute) {
            write!(out, "{end};")?;
            // Bold and dim end with one code.
            if end == 22 {
                come |= next.intersection(Modifier::BOLD | Modifier::DIM);
            }
        }
    }
    for (attribute, begin, _) in ATTRIBUTES {
        if come.contains(attribute) {
            write!(out, "{begin};")?;
        }
    }
    Ok(())
}

/// A colour at 30 (letters), 40 (ground) or 50 (underline, which has no short codes).
fn colour(out: &mut Vec<u8>, colour: Color, at: u8) -> io::Result<()> {
    let short = |n: u8| match (at, n) {
        (50, _) => None,
        (_, 0..=7) => Some(at + n),
        _ => Some(at + 52 + n),
    };
    let n = match colour {
        Color::Reset => return write!(out, "{};", at + 9),
        Color::Rgb(r, g, b) => return write!(out, "{};2;{r};{g};{b};", at + 8),
        Color::Indexed(n) => return write!(out, "{};5;{n};", at + 8),
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
        Some(code) => write!(out, "{code};"),
        None => write!(out, "{};5;{n};", at + 8),
    }
}
