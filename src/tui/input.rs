//! A line to type into: search, find, a tag, an answer. The editable text itself is `domain::buffer`, held to one line.

use super::message::{Code, Event, Key};
use crate::domain::buffer::{Buffer, Pos};

/// A line being typed.
#[derive(Clone, Debug, Default)]
pub struct Input {
    buffer: Buffer,
}

impl Input {
    /// A line that starts with `text`, the cursor at its end.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut buffer = Buffer::new(&one_line(text));
        buffer.move_to(buffer.end(), false);
        Self { buffer }
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.buffer.line(0)
    }

    /// The byte before which the cursor stands.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.buffer.cursor().byte
    }

    /// The selected bytes; empty when nothing is selected.
    #[must_use]
    pub fn selected(&self) -> std::ops::Range<usize> {
        let range = self.buffer.selection().range();
        range.start.byte..range.end.byte
    }

    /// Selects everything, so that what is typed next takes its place.
    pub fn select_all(&mut self) {
        self.buffer.select_all();
    }

    /// Types, deletes or moves. `true` if the text changed.
    pub fn update(&mut self, event: &Event) -> bool {
        let before = self.buffer.revision();
        match event {
            Event::Key(key) => self.key(*key),
            Event::Paste(text) => self.buffer.insert(one_line(text).trim_end()),
            _ => {}
        }
        self.buffer.revision() != before
    }

    fn key(&mut self, key: Key) {
        let b = &mut self.buffer;
        if let Some(c) = key.typed() {
            b.insert(c.encode_utf8(&mut [0; 4]));
            return;
        }
        let word = key.ctrl || key.alt;
        match key.code {
            Code::Backspace if word => b.delete_word_back(),
            Code::Char('w') if key.ctrl => b.delete_word_back(),
            Code::Backspace => b.backspace(),
            Code::Delete if word => b.delete_word_forward(),
            Code::Delete => b.delete(),
            Code::Char('k') if key.ctrl => b.delete_to_line_end(),
            Code::Char('u') if key.ctrl => b.replace(Pos::default()..b.cursor(), "", crate::domain::buffer::Kind::Other),
            Code::Left if word => b.move_to(b.word_left_of(b.cursor()), key.shift),
            Code::Right if word => b.move_to(b.word_right_of(b.cursor()), key.shift),
            Code::Left => b.move_to(b.left_of(b.cursor()), key.shift),
            Code::Right => b.move_to(b.right_of(b.cursor()), key.shift),
            Code::Home => b.move_to(Pos::default(), key.shift),
            Code::End => b.move_to(b.end(), key.shift),
            _ => {}
        }
    }
}

fn one_line(text: &str) -> String {
    text.trim_end_matches(['\r', '\n']).replace("\r\n", " ").replace(['\r', '\n'], " ")
}
