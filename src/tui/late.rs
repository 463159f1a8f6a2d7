//! An answer of the terminal that comes too late: after the question about its colours was given up, it would be read as keys, and in
//! the merge screen some of those are choices.
//!
//! The answer is `Esc ] 11 ; rgb : 1111 / 1111 / 1111 Esc \`, which reads as Alt-], letters and digits, Alt-\. What begins so is held back
//! until it ends so, and given on where it does not. Nothing is held unless an answer is owed.

use super::message::{Code, Event, Key};

/// Answers that are owed at most: for the letters and for the ground.
const ANSWERS: usize = 2;
/// No answer is longer.
const LONGEST: usize = 40;

/// What is held back.
#[derive(Debug, Default)]
pub(super) struct Late {
    owed: usize,
    held: Vec<Event>,
}

impl Late {
    /// `owed`: the terminal was asked and did not answer in time.
    pub(super) fn new(owed: bool) -> Self {
        Self { owed: if owed { ANSWERS } else { 0 }, held: Vec::new() }
    }

    /// Takes an event; gives what is to be done now.
    pub(super) fn take(&mut self, event: Event) -> Vec<Event> {
        if self.owed == 0 {
            return vec![event];
        }
        let Event::Key(key) = &event else {
            // News and ticks have nothing to do with it.
            return vec![event];
        };
        let fits = match self.held.len() {
            0 => is_alt(*key, ']'),
            n => n < LONGEST && (ends(*key) || inside(*key)),
        };
        if !fits {
            let mut out = std::mem::take(&mut self.held);
            out.push(event);
            return out;
        }
        if !self.held.is_empty() && ends(*key) {
            self.owed -= 1;
            self.held.clear();
        } else {
            self.held.push(event);
        }
        Vec::new()
    }
}

fn is_alt(key: Key, c: char) -> bool {
    key.code == Code::Char(c) && key.alt && !key.ctrl
}

/// `Esc \`, or a bell, which is Ctrl-G.
fn ends(key: Key) -> bool {
    is_alt(key, '\\') || (key.code == Code::Char('g') && key.ctrl)
}

fn inside(key: Key) -> bool {
    matches!(key.code, Code::Char('0'..='9' | 'a'..='f' | 'A'..='F' | 'r' | 'g' | ':' | ';' | '/')) && !key.alt && !key.ctrl
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<Key> {
        let mut alt = false;
        let mut out = Vec::new();
        for c in text.chars() {
            match c {
                '\x1b' => alt = true,
                '\x07' => out.push(Key { code: Code::Char('g'), ctrl: true, alt: false, shift: false }),
                c => out.push(Key { code: Code::Char(c), ctrl: false, alt: std::mem::take(&mut alt), shift: false }),
            }
        }
        out
    }

    fn comes_through(late: &mut Late, text: &str) -> Vec<Key> {
        let events = keys(text).into_iter().flat_map(|key| late.take(Event::Key(key)));
        events.map(|e| if let Event::Key(key) = e { key } else { panic!("{e:?}") }).collect()
    }

    #[test]
    fn an_answer_that_is_owed_is_no_keys_and_all_else_is() {
        let both = "m\x1b]10;rgb:eeee/eeee/eeee\x1b\\\x1b]11;rgb:1111/1111/1111\x07t";
        assert_eq!(comes_through(&mut Late::new(true), both), keys("mt"));
        assert_eq!(comes_through(&mut Late::new(false), both), keys(both));
        // What only begins so is given on with what ends it, and after two answers nothing is owed.
        let mut late = Late::new(true);
        assert_eq!(comes_through(&mut late, "\x1b]1m"), keys("\x1b]1m"));
        assert_eq!(comes_through(&mut late, &format!("\x1b]{}x", "1".repeat(60))), keys(&format!("\x1b]{}x", "1".repeat(60))));
        assert_eq!(comes_through(&mut late, both), keys("mt"));
        assert_eq!(comes_through(&mut late, both), keys(both));
    }
}
