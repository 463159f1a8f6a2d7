//! The editable text: lines with their endings, a cursor with a selection, edits as values, undo by inversion.
//!
//! Bytes are exact: mixed line endings and a missing final newline come out as they went in, because an edit touches nothing but its
//! own place. Positions are a line and a byte on a grapheme boundary. Soft wrap is not known here: moves by screen row are the editor's.

mod find;
mod history;
mod moves;

use std::borrow::Cow;
use std::ops::Range;

use super::text::{self, Eol};
pub use find::{Case, hits};
use history::History;
pub use history::Kind;

/// A place in the text: before byte `byte` of line `line`, both from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pos {
    /// Which line.
    pub line: usize,
    /// Which byte of it.
    pub byte: usize,
}

impl Pos {
    /// The place before `byte` of `line`.
    #[must_use]
    pub const fn new(line: usize, byte: usize) -> Self {
        Self { line, byte }
    }
}

/// A line, its ending, and a stamp that changes whenever the line does.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its text without the ending.
    pub text: String,
    /// How it ends.
    pub eol: Eol,
    /// Differs between any two contents lines of this buffer ever had: a key for whatever is computed from a line.
    pub stamp: u64,
}

/// A change as a value: at a place, some text (with its line endings) gives way to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where.
    pub at: Pos,
    /// What stood there.
    pub removed: String,
    /// What stands there now.
    pub inserted: String,
}

/// A stretch chosen by the person: from where it was begun to where the cursor is, in either order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Where it was begun.
    pub anchor: Pos,
    /// Where the cursor is.
    pub head: Pos,
}

impl Selection {
    /// A cursor with nothing selected.
    #[must_use]
    pub const fn at(pos: Pos) -> Self {
        Self { anchor: pos, head: pos }
    }

    /// The selected stretch, first place first; empty when nothing is selected.
    #[must_use]
    pub fn range(&self) -> Range<Pos> {
        self.anchor.min(self.head)..self.anchor.max(self.head)
    }

    /// Whether nothing is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.anchor == self.head
    }
}

/// A text being edited.
#[derive(Clone, Debug)]
pub struct Buffer {
    lines: Vec<Line>,
    selection: Selection,
    goal: Option<usize>,
    history: History,
    revision: u64,
    stamps: u64,
}

impl Default for Buffer {
    fn default() -> Self {
        Self::new("")
    }
}

impl Buffer {
    /// A buffer over a text, the cursor at its start.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let lines: Vec<Line> = text::lines(text).zip(0..).map(|((text, eol), stamp)| Line { text: text.to_owned(), eol, stamp }).collect();
        let stamps = lines.len() as u64;
        Self { lines, selection: Selection::default(), goal: None, history: History::default(), revision: 0, stamps }
    }

    /// The whole text, byte for byte.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::with_capacity(self.lines.iter().map(|l| l.text.len() + 2).sum());
        for line in &self.lines {
            out.push_str(&line.text);
            out.push_str(line.eol.as_str());
        }
        out
    }

    /// The lines; never none.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The text of a line without its ending; empty past the end.
    #[must_use]
    pub fn line(&self, line: usize) -> &str {
        self.lines.get(line).map_or("", |l| &l.text)
    }

    /// Counts up with every change, undo and redo included.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Where the cursor is.
    #[must_use]
    pub fn cursor(&self) -> Pos {
        self.selection.head
    }

    /// The selection (empty when there is only a cursor).
    #[must_use]
    pub fn selection(&self) -> Selection {
        self.selection
    }

    /// The selected text with its line endings; empty when nothing is selected.
    #[must_use]
    pub fn selected(&self) -> String {
        self.slice(self.selection.range())
    }

    /// The place after the last character.
    #[must_use]
    pub fn end(&self) -> Pos {
        let line = self.lines.len() - 1;
        Pos::new(line, self.lines[line].text.len())
    }

    /// The text of a stretch, with its line endings.
    #[must_use]
    pub fn slice(&self, range: Range<Pos>) -> String {
        let (from, to) = (self.clamp(range.start), self.clamp(range.end));
        if from >= to {
            return String::new();
        }
        if from.line == to.line {
            return self.lines[from.line].text[from.byte..to.byte].to_owned();
        }
        let mut out = self.lines[from.line].text[from.byte..].to_owned();
        out.push_str(self.lines[from.line].eol.as_str());
        for line in &self.lines[from.line + 1..to.line] {
            out.push_str(&line.text);
            out.push_str(line.eol.as_str());
        }
        out.push_str(&self.lines[to.line].text[..to.byte]);
        out
    }

    /// The nearest place that exists: inside the text and on a character boundary.
    #[must_use]
    pub fn clamp(&self, pos: Pos) -> Pos {
        if pos.line >= self.lines.len() {
            return self.end();
        }
        let text = &self.lines[pos.line].text;
        Pos::new(pos.line, text.floor_char_boundary(pos.byte.min(text.len())))
    }

    /// The ending a new line gets after line `line`: its own, else that of the line above, else the text's first, else LF.
    #[must_use]
    pub fn eol_for(&self, line: usize) -> Eol {
        let own = self.lines.get(line).map(|l| l.eol);
        let above = line.checked_sub(1).and_then(|i| self.lines.get(i)).map(|l| l.eol);
        let first = self.lines.first().map(|l| l.eol);
        [own, above, first].into_iter().flatten().find(|e| *e != Eol::None).unwrap_or(Eol::Lf)
    }

    /// Types text in place of the selection, as it is. Typing joins the word being typed into one undo step.
    pub fn insert(&mut self, text: &str) {
        let kind = if self.selection.is_empty() { Kind::Type } else { Kind::Other };
        self.replace(self.selection.range(), text, kind);
    }

    /// Puts pasted text in place of the selection; its line ends, whatever they are, become those of the note. One undo step.
    pub fn paste(&mut self, pasted: &str) {
        let eol = self.eol_for(self.cursor().line).as_str();
        let mut text = String::with_capacity(pasted.len());
        let mut rest = pasted;
        while let Some(at) = memchr::memchr2(b'\r', b'\n', rest.as_bytes()) {
            text.push_str(&rest[..at]);
            text.push_str(eol);
            rest = rest[at..].strip_prefix("\r\n").unwrap_or(&rest[at + 1..]);
        }
        text.push_str(rest);
        self.replace(self.selection.range(), &text, Kind::Other);
    }

    /// Breaks the line at the cursor, in place of the selection.
    pub fn newline(&mut self) {
        let eol = self.eol_for(self.selection.range().start.line).as_str();
        self.replace(self.selection.range(), eol, Kind::Other);
    }

    /// Puts `text` in place of a stretch; the cursor goes after it. `kind` says which undo step it joins.
    pub fn replace(&mut self, range: Range<Pos>, text: &str, kind: Kind) {
        let range = self.clamp(range.start)..self.clamp(range.end);
        let removed = self.slice(range.clone());
        if removed.is_empty() && text.is_empty() {
            self.goal = None;
            return;
        }
        let before = self.selection;
        let (range, text, back) = self.widened(range, text);
        let edit = Edit { at: range.start, removed: self.slice(range), inserted: text.into_owned() };
        let end = self.apply(&edit);
        self.selection = Selection::at(if back { self.left_of(end) } else { end });
        self.goal = None;
        self.history.push(edit, kind, before, self.selection);
    }

    /// An edit that would leave a lone carriage return right before a `\n` takes both along, so that they become one ending: lines and
    /// bytes then never disagree. Also says whether the cursor must go back over that ending.
    fn widened<'t>(&self, range: Range<Pos>, text: &'t str) -> (Range<Pos>, Cow<'t, str>, bool) {
        let head_cr = self.line(range.start.line)[..range.start.byte].ends_with('\r');
        let to = &self.lines[range.end.line];
        let before_lf = range.end.byte == to.text.len() && to.eol == Eol::Lf;
        let start = Pos::new(range.start.line, range.start.byte.saturating_sub(1));
        let next = Pos::new(range.end.line + 1, 0);
        // Alone, an empty text joins what stands on either side of it.
        let with_head = head_cr && (text.starts_with('\n') || text.is_empty() && before_lf);
        let with_tail = before_lf && (text.ends_with('\r') || text.is_empty() && head_cr);
        if !with_head && !with_tail {
            return (range, Cow::Borrowed(text), false);
        }
        let (lead, end) = (if with_head { "\r" } else { "" }, if with_tail { "\n" } else { "" });
        let whole = if with_head { start } else { range.start }..if with_tail { next } else { range.end };
        (whole, Cow::Owned([lead, text, end].concat()), with_tail)
    }

    /// Puts texts in place of several stretches that do not overlap, as one undo step. Returns how many.
    pub fn replace_all(&mut self, mut changes: Vec<(Range<Pos>, String)>) -> usize {
        changes.sort_by_key(|(range, _)| range.start);
        let n = changes.len();
        // From the last on, so that the places of the others stay what they are.
        for (i, (range, text)) in changes.into_iter().rev().enumerate() {
            self.replace(range, &text, if i == 0 { Kind::Other } else { Kind::Joined });
        }
        n
    }

    /// Makes the whole text another one, as one undo step that touches only what differs. The cursor stays where it can.
    pub fn set_text(&mut self, new: &str) {
        let old = self.text();
        let same = |a: &mut dyn Iterator<Item = (u8, u8)>| a.take_while(|(x, y)| x == y).count();
        let head = same(&mut old.bytes().zip(new.bytes()));
        // A cut inside `\r\n` would split an ending in two; one byte less never does.
        let head = boundary(&old, new, if head > 0 && old.as_bytes()[head - 1] == b'\r' { head - 1 } else { head });
        let (o, n) = (&old[head..], &new[head..]);
        let mut tail = same(&mut o.bytes().rev().zip(n.bytes().rev()));
        while !o.is_char_boundary(o.len() - tail) || (tail > 0 && o.as_bytes()[o.len() - tail] == b'\n') {
            tail -= 1;
        }
        let cursor = self.selection.head;
        let range = self.pos_of(head)..self.pos_of(old.len() - tail);
        self.replace(range, &n[..n.len() - tail], Kind::Other);
        self.selection = Selection::at(self.on_grapheme(cursor));
    }

    /// The place of a byte of the whole text.
    #[must_use]
    pub fn pos_of(&self, byte: usize) -> Pos {
        let mut left = byte;
        for (i, line) in self.lines.iter().enumerate() {
            let len = line.text.len() + line.eol.as_str().len();
            if left < len || (left == len && line.eol == Eol::None) {
                return self.clamp(Pos::new(i, left));
            }
            left -= len;
        }
        self.end()
    }

    /// Takes the last step back; `false` if there is none.
    pub fn undo(&mut self) -> bool {
        let Some(step) = self.history.undo() else { return false };
        for edit in step.edits.iter().rev() {
            self.apply(&Edit { at: edit.at, removed: edit.inserted.clone(), inserted: edit.removed.clone() });
        }
        self.selection = step.before;
        self.goal = None;
        true
    }

    /// Does again what was taken back last; `false` if there is nothing.
    pub fn redo(&mut self) -> bool {
        let Some(step) = self.history.redo() else { return false };
        for edit in &step.edits {
            self.apply(edit);
        }
        self.selection = step.after;
        self.goal = None;
        true
    }

    /// Ends the undo step under way: what is typed next begins another.
    pub fn seal(&mut self) {
        self.history.seal();
    }

    /// Carries an edit out and returns the place after what it inserted.
    fn apply(&mut self, edit: &Edit) -> Pos {
        self.revision += 1;
        let Pos { line, byte } = edit.at;
        let removed_lines = memchr::memchr_iter(b'\n', edit.removed.as_bytes()).count();
        let stamp = self.next_stamp();
        if removed_lines == 0 && !edit.inserted.contains('\n') {
            let target = &mut self.lines[line];
            target.text.replace_range(byte..byte + edit.removed.len(), &edit.inserted);
            target.stamp = stamp;
            return Pos::new(line, byte + edit.inserted.len());
        }
        let last = line + removed_lines;
        let tail_from = if removed_lines == 0 { byte + edit.removed.len() } else { last_line_len(&edit.removed) };
        let tail = self.lines[last].text[tail_from..].to_owned();
        let eol = self.lines[last].eol;
        let mut head = std::mem::take(&mut self.lines[line].text);
        head.truncate(byte);
        let mut fresh: Vec<Line> = Vec::new();
        for (i, (text, eol)) in text::lines(&edit.inserted).enumerate() {
            let text = if i == 0 { std::mem::take(&mut head) + text } else { text.to_owned() };
            let stamp = self.next_stamp();
            fresh.push(Line { text, eol, stamp });
        }
        let end = Pos::new(line + fresh.len() - 1, fresh.last().map_or(0, |l| l.text.len()));
        if let Some(l) = fresh.last_mut() {
            l.text.push_str(&tail);
            l.eol = eol;
        }
        self.lines.splice(line..=last, fresh);
        end
    }

    fn next_stamp(&mut self) -> u64 {
        self.stamps += 1;
        self.stamps
    }
}

fn last_line_len(text: &str) -> usize {
    text.len() - memchr::memrchr(b'\n', text.as_bytes()).map_or(0, |at| at + 1)
}

fn boundary(a: &str, b: &str, at: usize) -> usize {
    a.floor_char_boundary(at).min(b.floor_char_boundary(at))
}
