//! What a text looks like: lines and their endings, graphemes, cells, soft wrap, and what is safe to draw.
//!
//! Every character that a terminal could obey or hide (escapes, other controls, bidi overrides, zero-width characters) has a visible
//! stand-in here, so that nothing above needs to think of it. Widths are those ratatui draws with; a test compares the two.

mod wrap;

use std::borrow::Cow;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub use wrap::{Rows, wrap, wrap_from, wrap_hanging};

/// The first line with words in it, without the marks of a heading; `None`: no line has any.
pub fn first_words<'a>(mut lines: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    lines.find_map(|line| Some(line.trim().trim_start_matches('#').trim()).filter(|words| !words.is_empty()))
}

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
    rest: &'a str,
    at: usize,
}

/// The glyphs of a line, in order, without gap.
#[must_use]
pub fn glyphs(line: &str) -> Glyphs<'_> {
    glyphs_in(line, 0..line.len())
}

/// The glyphs of a part of a line; the range lies on grapheme boundaries, and positions count from the start of the line.
#[must_use]
pub fn glyphs_in(line: &str, range: Range<usize>) -> Glyphs<'_> {
    Glyphs { at: range.start, rest: &line[range] }
}

impl<'a> Iterator for Glyphs<'a> {
    type Item = Glyph<'a>;

    fn next(&mut self) -> Option<Glyph<'a>> {
        // A printable ASCII character before another is a cluster of its own: most text needs no look at the tables.
        let cluster = match self.rest.as_bytes() {
            [0x20..0x7f] | [0x20..0x7f, ..0x80, ..] => &self.rest[..1],
            _ => self.rest.graphemes(true).next()?,
        };
        let at = self.at;
        (self.rest, self.at) = (&self.rest[cluster.len()..], at + cluster.len());
        let (shown, cells, stand_in) = show_cluster(cluster);
        Some(Glyph { at: at..self.at, shown, cells, stand_in })
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
    let bad = cluster.len() > MAX_CLUSTER
        || cluster
            .chars()
            .enumerate()
            .any(|(i, c)| must_not_draw(c, i == 0 || base_is_ascii) || must_not_draw(c, true) && has_no_base(cluster));
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

/// Whether a cluster begins with a mark: drawn behind another, even behind the blanks that stand for a tab, it would become a part of that.
fn has_no_base(cluster: &str) -> bool {
    [" ", cluster].concat().graphemes(true).nth(1).is_none()
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

/// The most cells a terminal may take for a cluster that not all of them measure alike: joined emoji, flags, skin tones, variation
/// marks, several letters in one cluster. `None`: every terminal agrees with the width it has here.
///
/// Our own width is that of the whole cluster. Whoever draws such a cluster clears its cells first, places what follows by position, and
/// draws the cells up to this many anew, so that neither a terminal that takes more nor one that takes less shifts or smears anything.
#[must_use]
pub fn unsure(cluster: &str) -> Option<usize> {
    if cluster.len() < 4 || cluster.is_ascii() {
        return None;
    }
    let joins = |c: char| matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{20e3}' | '\u{e0000}'..='\u{e0fff}');
    let cells = |c: char| match c {
        '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{fe0f}' => 2,
        _ => c.width().unwrap_or(0),
    };
    let several = cluster.chars().filter(|c| cells(*c) > 0).nth(1).is_some();
    (several || cluster.chars().any(joins)).then(|| cluster.chars().map(cells).sum::<usize>().max(raw_width(cluster)).max(2))
}

/// Cells of a line as drawn by glyphs.
#[must_use]
pub fn width(line: &str) -> usize {
    if is_plain(line.as_bytes()) { line.len() } else { glyphs(line).map(|g| g.cells).sum() }
}

/// Printable ASCII only: one byte, one cell, one grapheme.
#[must_use]
pub fn is_plain(bytes: &[u8]) -> bool {
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
