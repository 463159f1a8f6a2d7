//! Soft wrap: the rows of a line at a width, found as they are asked for.
//!
//! Rows break where UAX #14 allows; lines of printable ASCII take a quicker way to the same rows. Rows after the first may hang: an item of
//! a list goes on under its words.

use std::ops::Range;

use super::{glyphs_in, is_plain};

/// The rows of a line under soft wrap; see [`wrap`].
#[derive(Clone)]
pub struct Rows<'a> {
    line: &'a str,
    width: usize,
    hang: usize,
    at: usize,
    plain: bool,
    done: bool,
    breaks: Option<Breaks<'a>>,
}

/// Where UAX #14 lets a line break, found piece by piece as rows are asked for.
#[derive(Clone)]
struct Breaks<'a> {
    line: &'a str,
    from: usize,
    ready: std::collections::VecDeque<usize>,
}

/// Bytes looked at for break opportunities at a time.
const BREAK_PIECE: usize = 2048;

impl Breaks<'_> {
    /// Takes the last opportunity at or before `byte`, if there is one left.
    fn last_up_to(&mut self, byte: usize) -> Option<usize> {
        let mut last = None;
        loop {
            while let Some(at) = self.ready.front().copied().filter(|at| *at <= byte) {
                self.ready.pop_front();
                last = Some(at);
            }
            if !self.ready.is_empty() || self.from >= self.line.len() {
                return last;
            }
            let end = self.line.ceil_char_boundary(self.from + BREAK_PIECE);
            self.ready.extend(unicode_linebreak::linebreaks(&self.line[self.from..end]).map(|(at, _)| at + self.from));
            // The end of a piece counts as a break; unless it is all there is, the next piece begins at the break before it.
            if end < self.line.len() && self.ready.len() > 1 {
                self.ready.pop_back();
            }
            self.from = self.ready.back().copied().unwrap_or(end);
        }
    }
}

/// The rows of a line under soft wrap at so many cells, as byte ranges that cover it without gap; an empty line has one empty row.
///
/// Rows break where UAX #14 allows, a word longer than a row by grapheme. One space may hang past the edge of a row; a single glyph
/// wider than `width` has a row of its own.
#[must_use]
pub fn wrap(line: &str, width: usize) -> Vec<Range<usize>> {
    wrap_from(line, width, 0).collect()
}

/// The rows of a line from one that begins at `start` on, made as they are asked for.
#[must_use]
pub fn wrap_from(line: &str, width: usize, start: usize) -> Rows<'_> {
    wrap_hanging(line, width, 0, start)
}

/// The same with rows after the first narrower by `hang` cells, for an indent they are drawn behind.
#[must_use]
pub fn wrap_hanging(line: &str, width: usize, hang: usize, start: usize) -> Rows<'_> {
    Rows { line, width: width.max(1), hang, at: start, plain: is_plain(&line.as_bytes()[start..]), done: false, breaks: None }
}

impl Iterator for Rows<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.done {
            return None;
        }
        let start = self.at;
        self.at = if self.plain { self.plain_end(start) } else { self.any_end(start) };
        self.done = self.at >= self.line.len();
        Some(start..self.at)
    }
}

impl Rows<'_> {
    fn room(&self, start: usize) -> usize {
        if start == 0 { self.width } else { self.width.saturating_sub(self.hang).max(1) }
    }

    fn plain_end(&self, start: usize) -> usize {
        let bytes = self.line.as_bytes();
        let edge = start + self.room(start);
        match bytes.get(edge) {
            None => return bytes.len(),
            Some(b' ') => return edge + 1,
            Some(_) => {}
        }
        let may_break = |p: &usize| match bytes[p - 1] {
            b' ' => true,
            b'-' => bytes[*p].is_ascii_alphabetic() && *p > start + 1 && bytes[p - 2].is_ascii_alphanumeric(),
            _ => false,
        };
        (start + 1..=edge).rev().find(may_break).unwrap_or(edge)
    }

    fn any_end(&mut self, start: usize) -> usize {
        let (line, width) = (self.line, self.room(start));
        let breaks = self.breaks.get_or_insert_with(|| Breaks { line, from: start, ready: std::collections::VecDeque::new() });
        let (mut used, mut last_break, mut after_space) = (0, start, false);
        for g in glyphs_in(line, start..line.len()) {
            // UAX #14 would break inside some clusters; a row never begins there.
            if after_space || breaks.last_up_to(g.at.start) == Some(g.at.start) {
                last_break = g.at.start;
            }
            let space = g.shown == " ";
            if used + g.cells > width && g.at.start > start {
                if space && used == width {
                    return g.at.end;
                }
                return if last_break > start { last_break } else { g.at.start };
            }
            used += g.cells;
            after_space = space;
        }
        self.line.len()
    }
}
