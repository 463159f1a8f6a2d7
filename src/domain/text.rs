//! What a text looks like: lines and their endings, graphemes, cells, soft wrap, and what is safe to draw.
//!
//! Every character that a terminal could obey or hide (escapes, other controls, bidi overrides, zero-width characters) has a visible
//! stand-in here, so that nothing above needs to think of it. Widths are those ratatui draws with; a test compares the two.

use std::borrow::Cow;
use std::ops::Range;

use unicode_segmentation::{GraphemeIndices, UnicodeSegmentation};
use unicode_width::UnicodeWidthStr;

/// Longest cluster drawn as it is; a longer one (a letter under hundreds of accents) gets a stand-in.
const MAX_CLUSTER: usize = 64;

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Eol {
    /// It does not: the last line of a text.
    None,
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
}

impl Eol {
    /// The bytes of the ending.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Eol::None => "",
            Eol::Lf => "\n",
            Eol::CrLf => "\r\n",
        }
    }
}

/// The lines of a text with their endings, in order. A text that ends in a newline has an empty last line; an empty text has one line.
/// A carriage return alone is a character of its line.
pub fn lines(text: &str) -> impl Iterator<Item = (&str, Eol)> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = memchr::memchr(b'\n', text.as_bytes()) else {
            rest = None;
            return Some((text, Eol::None));
        };
        rest = Some(&text[at + 1..]);
        let line = &text[..at];
        Some(line.strip_suffix('\r').map_or((line, Eol::Lf), |line| (line, Eol::CrLf)))
    })
}

/// One thing a person sees as a character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glyph<'a> {
    /// Its bytes in the line.
    pub at: Range<usize>,
    /// What to draw: the cluster itself, or its stand-in (which may be several characters).
    pub shown: Cow<'a, str>,
    /// How many cells that takes; at least 1.
    pub cells: usize,
    /// Whether `shown` stands for something that must not be drawn.
    pub stand_in: bool,
}

/// The glyphs of a line; see [`glyphs`].
#[derive(Clone, Debug)]
pub struct Glyphs<'a> {
    inner: GraphemeIndices<'a>,
    offset: usize,
}

/// The glyphs of a line, in order, without gap.
#[must_use]
pub fn glyphs(line: &str) -> Glyphs<'_> {
    glyphs_in(line, 0..line.len())
}

/// The glyphs of a part of a line; the range lies on grapheme boundaries, and positions count from the start of the line.
#[must_use]
pub fn glyphs_in(line: &str, range: Range<usize>) -> Glyphs<'_> {
    Glyphs { offset: range.start, inner: line[range].grapheme_indices(true) }
}

impl<'a> Iterator for Glyphs<'a> {
    type Item = Glyph<'a>;

    fn next(&mut self) -> Option<Glyph<'a>> {
        let (at, cluster) = self.inner.next()?;
        let at = at + self.offset;
        let (shown, cells, stand_in) = show_cluster(cluster);
        Some(Glyph { at: at..at + cluster.len(), shown, cells, stand_in })
    }
}

fn show_cluster(cluster: &str) -> (Cow<'_, str>, usize, bool) {
    if let [byte] = cluster.as_bytes()
        && (0x20..0x7f).contains(byte)
    {
        return (Cow::Borrowed(cluster), 1, false);
    }
    if cluster == "\t" {
        return (Cow::Borrowed("→   "), 4, true);
    }
    let base_is_ascii = cluster.as_bytes().first().is_none_or(u8::is_ascii);
    let bad = cluster.len() > MAX_CLUSTER || cluster.chars().enumerate().any(|(i, c)| must_not_draw(c, i == 0 || base_is_ascii));
    if !bad {
        let cells = raw_width(cluster);
        if cells > 0 {
            return (Cow::Borrowed(cluster), cells, false);
        }
    }
    let mut out = String::new();
    for (i, c) in cluster.chars().enumerate() {
        if i == 4 {
            out.push('…');
            break;
        }
        push_stand_in(&mut out, c);
    }
    let cells = out.chars().count();
    (Cow::Owned(out), cells, true)
}

/// Stand-ins are made of characters one cell wide only, so that their width is their count.
fn push_stand_in(out: &mut String, c: char) {
    match c {
        '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('�')),
        '\u{7f}' => out.push('␡'),
        ' '..='~' => out.push(c),
        _ => out.push_str(&format!("‹{:04X}›", c as u32)),
    }
}

/// Whether a terminal could obey, reorder or hide this character. `alone`: it begins a cluster, or one on an ASCII letter, where
/// joiners, tags and variation marks have no honest use.
fn must_not_draw(c: char, alone: bool) -> bool {
    match c {
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => true,
        '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{feff}' | '\u{ad}' | '\u{34f}' | '\u{180e}' => true,
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' => true,
        '\u{200c}' | '\u{200d}' | '\u{e0000}'..='\u{e0fff}' => alone,
        _ => false,
    }
}

/// Cells of text that holds no controls, as ratatui counts them: the half-width sound marks take one each.
fn raw_width(text: &str) -> usize {
    let marks = if text.is_ascii() { 0 } else { text.chars().filter(|c| matches!(c, '\u{ff9e}' | '\u{ff9f}')).count() };
    text.width() + marks
}

/// Cells of a line as drawn by glyphs.
#[must_use]
pub fn width(line: &str) -> usize {
    if is_plain(line.as_bytes()) { line.len() } else { glyphs(line).map(|g| g.cells).sum() }
}

/// Printable ASCII only: one byte, one cell, one grapheme.
fn is_plain(bytes: &[u8]) -> bool {
    // Chunks without an early exit are what the compiler turns into vector instructions.
    bytes.chunks(256).all(|c| c.iter().fold(true, |ok, b| ok & (0x20..0x7f).contains(b)))
}

/// A text made safe to draw on one line: whatever could be obeyed or hidden is replaced by its stand-in.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) { Cow::Borrowed(text) } else { Cow::Owned(glyphs(text).map(|g| g.shown).collect()) }
}

/// A text made safe to draw and cut to so many cells, with an ellipsis where something was cut.
#[must_use]
pub fn truncate(text: &str, cells: usize) -> String {
    let (mut out, mut used, mut cut_at, mut cut_used) = (String::new(), 0, 0, 0);
    for g in glyphs(text) {
        if used + g.cells > cells {
            out.truncate(cut_at);
            if cells > cut_used {
                out.push('…');
            }
            return out;
        }
        used += g.cells;
        out.push_str(&g.shown);
        if used < cells {
            (cut_at, cut_used) = (out.len(), used);
        }
    }
    out
}

/// The rows of a line under soft wrap; see [`wrap`].
#[derive(Clone)]
pub struct Rows<'a> {
    line: &'a str,
    width: usize,
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
    Rows { line, width: width.max(1), at: start, plain: is_plain(&line.as_bytes()[start..]), done: false, breaks: None }
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
    fn plain_end(&self, start: usize) -> usize {
        let bytes = self.line.as_bytes();
        let edge = start + self.width;
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
        let line = self.line;
        let breaks = self.breaks.get_or_insert_with(|| Breaks { line, from: start, ready: std::collections::VecDeque::new() });
        let (mut used, mut last_break, mut after_space) = (0, start, false);
        for g in glyphs_in(line, start..line.len()) {
            // UAX #14 would break inside some clusters; a row never begins there.
            if after_space || breaks.last_up_to(g.at.start) == Some(g.at.start) {
                last_break = g.at.start;
            }
            let space = g.shown == " ";
            if used + g.cells > self.width && g.at.start > start {
                if space && used == self.width {
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

/// The cell at which a byte position is drawn in its row.
#[must_use]
pub fn column(line: &str, row: Range<usize>, byte: usize) -> usize {
    let end = byte.clamp(row.start, row.end);
    width(&line[row.start..end])
}

/// The byte position of the glyph drawn at a cell of a row, or the row's end if the row is shorter.
#[must_use]
pub fn byte_at(line: &str, row: Range<usize>, column: usize) -> usize {
    let mut used = 0;
    for g in glyphs_in(line, row.clone()) {
        if used + g.cells > column {
            return g.at.start;
        }
        used += g.cells;
    }
    row.end
}

/// The end of the grapheme that begins at `byte`.
#[must_use]
pub fn next_grapheme(line: &str, byte: usize) -> usize {
    line[byte..].graphemes(true).next().map_or(line.len(), |g| byte + g.len())
}

/// The start of the grapheme that ends at `byte`.
#[must_use]
pub fn prev_grapheme(line: &str, byte: usize) -> usize {
    line[..byte].graphemes(true).next_back().map_or(0, |g| byte - g.len())
}

/// The end of the word at or after `byte`: white space is skipped, then one word or one run of punctuation is passed.
#[must_use]
pub fn next_word(line: &str, byte: usize) -> usize {
    let rest = &line[byte..];
    let skipped = rest.len() - rest.trim_start().len();
    let mut words = rest[skipped..].split_word_bounds();
    words.next().map_or(line.len(), |w| byte + skipped + w.len())
}

/// The start of the word before `byte`.
#[must_use]
pub fn prev_word(line: &str, byte: usize) -> usize {
    let rest = line[..byte].trim_end();
    // Word boundaries are found from a little way back, so that a long line costs no more than a short one.
    let from = rest.floor_char_boundary(rest.len().saturating_sub(512));
    rest[from..].split_word_bounds().next_back().map_or(0, |w| rest.len() - w.len())
}

/// The word around `byte` (as a double click selects it); white space and punctuation are words too.
#[must_use]
pub fn word_around(line: &str, byte: usize) -> Range<usize> {
    let from = line.floor_char_boundary(byte.saturating_sub(512));
    let to = line.ceil_char_boundary((byte + 512).min(line.len()));
    let mut last = from..from;
    for (at, w) in line[from..to].split_word_bound_indices() {
        let word = from + at..from + at + w.len();
        if word.contains(&byte) {
            return word;
        }
        last = word;
    }
    last
}

/// How many words a text has: stretches between word boundaries that hold a letter or digit.
#[must_use]
pub fn count_words(text: &str) -> usize {
    text.unicode_words().count()
}
