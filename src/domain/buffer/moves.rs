//! Moving the cursor and deleting: by grapheme, by word, by line.

use std::ops::Range;

use super::{Buffer, Kind, Pos, Selection};
use crate::domain::text;

impl Buffer {
    /// Puts the cursor somewhere; with `extend` the selection grows to it, else it is given up. Ends the undo step under way.
    pub fn move_to(&mut self, pos: Pos, extend: bool) {
        self.goal = None;
        self.set_head(pos, extend);
    }

    /// Like [`Buffer::move_to`], for moves up and down that want to come back to the cell column `goal`.
    pub fn move_with_goal(&mut self, pos: Pos, extend: bool, goal: usize) {
        self.set_head(pos, extend);
        self.goal = Some(goal);
    }

    /// The cell column that moves up and down aim for, while they last.
    #[must_use]
    pub fn goal(&self) -> Option<usize> {
        self.goal
    }

    /// Selects from `anchor` to `head`, where the cursor goes.
    pub fn select(&mut self, anchor: Pos, head: Pos) {
        self.goal = None;
        self.selection = Selection { anchor: self.on_grapheme(anchor), head: self.on_grapheme(head) };
        self.history.seal();
    }

    /// Selects everything.
    pub fn select_all(&mut self) {
        self.select(Pos::default(), self.end());
    }

    fn set_head(&mut self, pos: Pos, extend: bool) {
        let head = self.on_grapheme(pos);
        let anchor = if extend { self.selection.anchor } else { head };
        let moved = Selection { anchor, head };
        if moved != self.selection {
            self.selection = moved;
            self.history.seal();
        }
    }

    /// The nearest place that exists and does not lie inside a grapheme.
    #[must_use]
    pub fn on_grapheme(&self, pos: Pos) -> Pos {
        let pos = self.clamp(pos);
        let line = self.line(pos.line);
        // A grapheme that ends at or beyond `byte` begins at most a little before it.
        if pos.byte == 0 || pos.byte == line.len() || line.as_bytes()[pos.byte - 1..=pos.byte].is_ascii() {
            return pos;
        }
        let from = line.floor_char_boundary(pos.byte.saturating_sub(256));
        let at = text::glyphs_in(line, from..line.len()).map(|g| g.at).find(|at| at.end > pos.byte).map_or(pos.byte, |at| at.start);
        Pos::new(pos.line, at)
    }

    /// The place one grapheme to the right; the start of the next line at a line's end.
    #[must_use]
    pub fn right_of(&self, pos: Pos) -> Pos {
        let line = self.line(pos.line);
        if pos.byte < line.len() {
            Pos::new(pos.line, text::next_grapheme(line, pos.byte))
        } else if pos.line + 1 < self.lines.len() {
            Pos::new(pos.line + 1, 0)
        } else {
            pos
        }
    }

    /// The place one grapheme to the left; the end of the line above at a line's start.
    #[must_use]
    pub fn left_of(&self, pos: Pos) -> Pos {
        if pos.byte > 0 {
            Pos::new(pos.line, text::prev_grapheme(self.line(pos.line), pos.byte))
        } else if pos.line > 0 {
            Pos::new(pos.line - 1, self.line(pos.line - 1).len())
        } else {
            pos
        }
    }

    /// The end of the word to the right, over line ends.
    #[must_use]
    pub fn word_right_of(&self, pos: Pos) -> Pos {
        let line = self.line(pos.line);
        if pos.byte < line.len() { Pos::new(pos.line, text::next_word(line, pos.byte)) } else { self.right_of(pos) }
    }

    /// The start of the word to the left, over line ends.
    #[must_use]
    pub fn word_left_of(&self, pos: Pos) -> Pos {
        if pos.byte > 0 { Pos::new(pos.line, text::prev_word(self.line(pos.line), pos.byte)) } else { self.left_of(pos) }
    }

    /// Deletes the selection, else the grapheme before the cursor. A cluster goes whole.
    pub fn backspace(&mut self) {
        let to = self.cursor();
        self.delete_or(self.left_of(to)..to, Kind::Back);
    }

    /// Deletes the selection, else the grapheme after the cursor.
    pub fn delete(&mut self) {
        let from = self.cursor();
        self.delete_or(from..self.right_of(from), Kind::Forward);
    }

    /// Deletes the selection, else from the start of the word to the cursor.
    pub fn delete_word_back(&mut self) {
        let to = self.cursor();
        self.delete_or(self.word_left_of(to)..to, Kind::Other);
    }

    /// Deletes the selection, else from the cursor to the end of the word.
    pub fn delete_word_forward(&mut self) {
        let from = self.cursor();
        self.delete_or(from..self.word_right_of(from), Kind::Other);
    }

    /// Deletes from the cursor to the end of its line, or the line's ending if the cursor stands there.
    pub fn delete_to_line_end(&mut self) {
        let from = self.cursor();
        let end = Pos::new(from.line, self.line(from.line).len());
        let range = if from == end { from..self.right_of(from) } else { from..end };
        self.replace(range, "", Kind::Other);
    }

    /// Deletes the lines the selection touches, with their endings.
    pub fn delete_lines(&mut self) {
        let range = self.selection.range();
        let last = range.end.line;
        let (from, to) = if last + 1 < self.lines.len() {
            (Pos::new(range.start.line, 0), Pos::new(last + 1, 0))
        } else {
            // The last line has no ending to take along; an earlier one stays, so that a final newline is neither lost nor made.
            (Pos::new(range.start.line, 0), self.end())
        };
        self.replace(from..to, "", Kind::Other);
    }

    fn delete_or(&mut self, range: Range<Pos>, kind: Kind) {
        if self.selection.is_empty() {
            self.replace(range, "", kind);
        } else {
            self.replace(self.selection.range(), "", Kind::Other);
        }
    }
}
