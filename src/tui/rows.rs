//! A cursor over rows: what every list-like screen shares.

use super::keys::Action;
use super::message::{Event, Hit, Mouse, MouseKind};

/// What an event means to a screen that is a list of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The row the cursor is on is to be opened.
    Open,
    /// The screen is to be left.
    Back,
    /// The cursor moved, or nothing happened.
    Moved,
    /// Nothing of a list's.
    Other,
}

/// A number of things in words.
#[must_use]
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A cursor and the first row shown, over `len` rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The row the person is on; 0 when there is none.
    pub at: usize,
    /// The first row shown.
    pub top: usize,
    /// How many rows there are.
    pub len: usize,
    /// How many are shown at once, as of the last [`Rows::fit`].
    pub height: usize,
}

impl Rows {
    /// Sets how many rows there are; the cursor stays inside.
    pub fn set_len(&mut self, len: usize) {
        self.len = len;
        self.at = self.at.min(len.saturating_sub(1));
    }

    /// Scrolls so that the cursor is among `height` rows shown.
    pub fn fit(&mut self, height: usize) {
        self.height = height.max(1);
        let last_top = self.len.saturating_sub(self.height);
        self.top = self.top.min(last_top).min(self.at).max((self.at + 1).saturating_sub(self.height));
    }

    /// Moves by an action; `false` if it is none of a list's.
    pub fn go(&mut self, action: Action) -> bool {
        let page = self.height.saturating_sub(1).max(1);
        let last = self.len.saturating_sub(1);
        self.at = match action {
            Action::Up => self.at.saturating_sub(1),
            Action::Down => (self.at + 1).min(last),
            Action::PageUp => self.at.saturating_sub(page),
            Action::PageDown => (self.at + page).min(last),
            Action::Top => 0,
            Action::Bottom => last,
            _ => return false,
        };
        true
    }

    /// Takes in what every list does alike: moves, opening by key or double press, leaving.
    pub fn step(&mut self, event: &Event) -> Step {
        match event {
            Event::Action(Action::Open) => Step::Open,
            Event::Action(Action::Back) => Step::Back,
            Event::Action(action) if self.go(*action) => Step::Moved,
            Event::Mouse(mouse, hit) if self.mouse(*mouse, *hit) => Step::Open,
            Event::Mouse(..) => Step::Moved,
            _ => Step::Other,
        }
    }

    /// Follows the mouse: a press goes to the row, the wheel moves the cursor. `true` when a row was pressed twice, which opens it.
    pub fn mouse(&mut self, mouse: Mouse, hit: Option<Hit>) -> bool {
        match (mouse.kind, hit) {
            (MouseKind::Down, Some(Hit::Row(row))) if row < self.len => {
                self.at = row;
                return mouse.clicks >= 2;
            }
            (MouseKind::ScrollUp, _) => self.at = self.at.saturating_sub(3),
            (MouseKind::ScrollDown, _) => self.at = (self.at + 3).min(self.len.saturating_sub(1)),
            _ => {}
        }
        false
    }

    /// The rows shown.
    #[must_use]
    pub fn shown(&self) -> std::ops::Range<usize> {
        self.top..(self.top + self.height).min(self.len)
    }
}
