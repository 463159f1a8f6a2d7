//! Keys and the mouse in the text.

use super::{Editor, find};
use crate::domain::buffer::{Buffer, Pos};
use crate::domain::text;
use crate::tui::keys::Action;
use crate::tui::lists;
use crate::tui::message::{Effect, Key, Mouse, MouseKind};
use crate::tui::screen::Ctx;

impl Editor {
    /// Types what a key types.
    pub(super) fn type_key(&mut self, key: Key) -> Vec<Effect> {
        if let Some(c) = key.typed().filter(|_| self.loaded) {
            self.view.follow = true;
            self.buffer.insert(c.encode_utf8(&mut [0; 4]));
        }
        Vec::new()
    }

    /// Moves, selects and changes the text.
    pub(super) fn edit(&mut self, action: Action, ctx: &Ctx<'_>) -> Vec<Effect> {
        if !self.loaded {
            return Vec::new();
        }
        self.view.follow = true;
        if self.go(action) || self.change(action) {
            return Vec::new();
        }
        let mut effects = Vec::new();
        match action {
            Action::SelectAll => self.buffer.select_all(),
            Action::Copy | Action::Cut => {
                let text = self.buffer.selected();
                if text.is_empty() {
                    return vec![Effect::Say("Nothing is selected: Shift with arrows selects.".to_owned())];
                }
                if action == Action::Cut {
                    self.buffer.replace(self.buffer.selection().range(), "", crate::domain::buffer::Kind::Other);
                }
                effects.push(Effect::Copy(text));
            }
            Action::Paste => self.buffer.paste(ctx.register),
            Action::FindNext | Action::FindPrev => {
                let needle = self.last_needle.clone();
                find::step(&mut self.buffer, &needle, action == Action::FindNext, &mut effects);
            }
            Action::ToggleTask if !lists::toggle(&mut self.buffer) => {
                effects.push(Effect::Say("There is no list item here: begin one with \"- \".".to_owned()));
            }
            Action::Undo if !self.buffer.undo() => effects.push(Effect::Say("Nothing to undo.".to_owned())),
            Action::Redo if !self.buffer.redo() => effects.push(Effect::Say("Nothing to redo.".to_owned())),
            _ => {}
        }
        effects
    }

    fn change(&mut self, action: Action) -> bool {
        let b = &mut self.buffer;
        match action {
            Action::Newline => lists::newline(b),
            Action::Backspace => b.backspace(),
            Action::DeleteChar => b.delete(),
            Action::DeleteWordBack => b.delete_word_back(),
            Action::DeleteWordForward => b.delete_word_forward(),
            Action::DeleteToLineEnd => b.delete_to_line_end(),
            Action::DeleteLine => b.delete_lines(),
            Action::Indent if !lists::indent(b, false) => b.insert("\t"),
            Action::Outdent => {
                lists::indent(b, true);
            }
            Action::Indent => {}
            _ => return false,
        }
        true
    }

    fn go(&mut self, action: Action) -> bool {
        let (plain, extend) = match action {
            Action::SelectLeft => (Action::Left, true),
            Action::SelectRight => (Action::Right, true),
            Action::SelectUp => (Action::Up, true),
            Action::SelectDown => (Action::Down, true),
            Action::SelectWordLeft => (Action::WordLeft, true),
            Action::SelectWordRight => (Action::WordRight, true),
            Action::SelectLineStart => (Action::LineStart, true),
            Action::SelectLineEnd => (Action::LineEnd, true),
            Action::SelectTextStart => (Action::TextStart, true),
            Action::SelectTextEnd => (Action::TextEnd, true),
            Action::SelectPageUp => (Action::PageUp, true),
            Action::SelectPageDown => (Action::PageDown, true),
            other => (other, false),
        };
        let b = &self.buffer;
        let (at, range) = (b.cursor(), b.selection().range());
        let collapses = !extend && range.start != range.end;
        let page = isize::try_from(self.view.height.saturating_sub(1).max(1)).unwrap_or(1);
        let rows = match plain {
            Action::Up => -1,
            Action::Down => 1,
            Action::PageUp => -page,
            Action::PageDown => page,
            _ => 0,
        };
        if rows != 0 {
            let (to, goal) = self.view.vertical(b, rows);
            self.buffer.move_with_goal(to, extend, goal);
            return true;
        }
        let to = match plain {
            Action::Left if collapses => range.start,
            Action::Right if collapses => range.end,
            Action::Left => b.left_of(at),
            Action::Right => b.right_of(at),
            Action::WordLeft => b.word_left_of(at),
            Action::WordRight => b.word_right_of(at),
            Action::LineStart => self.view.row_edge(b, false),
            Action::LineEnd => self.view.row_edge(b, true),
            Action::TextStart => Pos::default(),
            Action::TextEnd => b.end(),
            _ => return false,
        };
        self.buffer.move_to(to, extend);
        true
    }

    /// The place in the text under a cell of the screen.
    fn under(&mut self, x: u16, y: u16) -> Pos {
        let column = usize::from(x.saturating_sub(self.area.x));
        if y < self.area.y {
            let above = self.view.back(&self.buffer, self.view.top, usize::from(self.area.y - y));
            return self.view.place(&self.buffer, above, column);
        }
        let row = self.view.forth(&self.buffer, self.view.top, usize::from(y - self.area.y));
        self.view.place(&self.buffer, row, column)
    }

    /// Follows the mouse: press, drag, double and triple press, wheel.
    pub(super) fn mouse(&mut self, mouse: Mouse) -> Vec<Effect> {
        match mouse.kind {
            MouseKind::ScrollUp => self.view.scroll(&self.buffer, -3),
            MouseKind::ScrollDown => self.view.scroll(&self.buffer, 3),
            MouseKind::Down if self.area.contains((mouse.x, mouse.y).into()) => {
                let at = self.under(mouse.x, mouse.y);
                let line = self.buffer.line(at.line);
                match mouse.clicks {
                    2 => {
                        let word = text::word_around(line, at.byte);
                        self.buffer.select(Pos::new(at.line, word.start), Pos::new(at.line, word.end));
                    }
                    3 => {
                        let end = line.len();
                        self.buffer.select(Pos::new(at.line, 0), Pos::new(at.line, end));
                    }
                    _ => self.buffer.move_to(at, mouse.shift),
                }
            }
            MouseKind::Drag => {
                self.view.follow = true;
                let at = self.under(mouse.x, mouse.y);
                self.buffer.move_to(at, true);
            }
            MouseKind::Down | MouseKind::Up => {}
        }
        Vec::new()
    }
}

/// The first line with words in it, without marks of a heading, as a title.
pub(super) fn first_words(buffer: &Buffer) -> String {
    let line = text::first_words(buffer.lines().iter().take(50).map(|l| l.text.as_str())).unwrap_or_default();
    let end = line.char_indices().nth(80).map_or(line.len(), |(at, _)| at);
    line[..end].replace(['\r', '\0'], " ").trim().to_owned()
}
