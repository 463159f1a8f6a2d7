//! Find and replace inside the note.

use super::super::input::Input;
use super::super::keys::Action;
use super::super::message::{Effect, Event};
use crate::domain::buffer::{Buffer, Case, Pos};

/// The bar at the foot of the editor.
#[derive(Debug)]
pub struct Find {
    /// What is searched for.
    pub needle: Input,
    /// What takes its place; none while only finding.
    pub with: Option<Input>,
    /// Whether the second line has the focus.
    pub in_with: bool,
    /// How many places read so, and which of them is selected: `2 of 7`.
    pub count: String,
    /// Where the search began.
    from: Pos,
}

/// Places counted; beyond, it is only said that there are more.
const COUNTED: usize = 999;

impl Find {
    /// A bar that starts from the selected text, if it is one line.
    #[must_use]
    pub fn new(buffer: &Buffer, replace: bool, last: &str) -> Self {
        let selected = buffer.selected();
        let text = if selected.is_empty() || selected.contains('\n') { last } else { &selected };
        let mut needle = Input::new(text);
        needle.select_all();
        let count = count(buffer, needle.text());
        Self { needle, with: replace.then(Input::default), in_with: false, count, from: buffer.selection().range().start }
    }

    /// Takes an event in. `false` when the bar is to be closed.
    pub fn update(&mut self, event: &Event, buffer: &mut Buffer, effects: &mut Vec<Effect>) -> bool {
        match event {
            Event::Action(Action::Back) => return false,
            Event::Action(Action::NextField | Action::PrevField) => self.in_with = self.with.is_some() && !self.in_with,
            Event::Action(Action::ReplaceAll) => self.replace_all(buffer, effects),
            Event::Action(Action::ReplaceOne) if self.with.is_some() => self.replace_one(buffer, effects),
            Event::Action(Action::FindNext | Action::ReplaceOne) => step(buffer, self.needle.text(), true, effects),
            Event::Action(Action::FindPrev) => step(buffer, self.needle.text(), false, effects),
            Event::Key(_) | Event::Paste(_) => match (&mut self.with, self.in_with) {
                (Some(with), true) => {
                    with.update(event);
                }
                _ => {
                    if self.needle.update(event) {
                        let text = self.needle.text();
                        if let Some(hit) = buffer.find_next(text, Case::smart(text), self.from) {
                            buffer.select(hit.start, hit.end);
                        }
                    }
                }
            },
            _ => {}
        }
        self.count = count(buffer, self.needle.text());
        true
    }

    fn replace_one(&mut self, buffer: &mut Buffer, effects: &mut Vec<Effect>) {
        let (text, with) = (self.needle.text().to_owned(), self.with.as_ref().map_or("", Input::text));
        let range = buffer.selection().range();
        let hit = buffer.find_next(&text, Case::smart(&text), range.start).filter(|hit| *hit == range && range.start != range.end);
        if let Some(hit) = hit {
            buffer.replace(hit, with, crate::domain::buffer::Kind::Other);
        }
        step(buffer, &text, true, effects);
    }

    fn replace_all(&mut self, buffer: &mut Buffer, effects: &mut Vec<Effect>) {
        let Some(with) = &self.with else { return };
        let text = self.needle.text();
        let changes = buffer.find_all(text, Case::smart(text)).map(|hit| (hit, with.text().to_owned())).collect();
        let n = buffer.replace_all(changes);
        effects.push(Effect::Say(format!("{n} replaced.")));
    }
}

fn count(buffer: &Buffer, needle: &str) -> String {
    let here = buffer.selection().range();
    let (mut all, mut at) = (0, None);
    for hit in buffer.find_all(needle, Case::smart(needle)).take(COUNTED + 1) {
        all += 1;
        at = if hit == here { Some(all) } else { at };
    }
    match (all, at) {
        _ if needle.is_empty() => String::new(),
        (0, _) => "none".to_owned(),
        (n, _) if n > COUNTED => format!("more than {COUNTED}"),
        (n, None) => n.to_string(),
        (n, Some(at)) => format!("{at} of {n}"),
    }
}

/// Selects the next or previous place that reads `needle`.
pub fn step(buffer: &mut Buffer, needle: &str, forth: bool, effects: &mut Vec<Effect>) {
    let range = buffer.selection().range();
    let case = Case::smart(needle);
    let hit = if forth { buffer.find_next(needle, case, range.end) } else { buffer.find_prev(needle, case, range.start) };
    match hit {
        Some(hit) => buffer.select(hit.start, hit.end),
        None => effects.push(Effect::Say(format!("{needle:?} is nowhere in this note."))),
    }
}
