//! Title, tags and further fields of a note, as a form.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::input::Input;
use super::keys::{Action, Mode};
use super::message::{Answer, Ask, Effect, Event, Hit, MouseKind};
use super::reader;
use super::screen::{Ctx, Drawn, Screen};
use super::view;
use crate::domain::note::{Content, FieldName, FieldValue, NoteId};
use crate::domain::typed;

/// One line of the form.
#[derive(Debug)]
pub struct Line {
    /// Which field.
    pub name: FieldName,
    /// What it held when the form was opened; absent for a new field.
    pub was: FieldValue,
    /// What is typed.
    pub input: Input,
}

/// The state of the form.
#[derive(Debug)]
pub struct Form {
    /// Which note.
    pub id: NoteId,
    /// The lines: title, tags, then further fields by name.
    pub lines: Vec<Line>,
    /// The line with the focus.
    pub at: usize,
    /// The first line shown.
    pub top: usize,
}

impl Form {
    /// A form over a content.
    #[must_use]
    pub fn new(id: NoteId, content: &Content) -> Self {
        let names = [FieldName::Title, FieldName::Tags].into_iter().chain(content.fields.keys().cloned().map(FieldName::Field));
        let line = |name: FieldName| {
            let was = content.field(&name);
            Line { input: Input::new(&reader::value(&was)), name, was }
        };
        Self { id, lines: names.map(line).collect(), at: 0, top: 0 }
    }

    /// The content as the form has it; the body is left empty.
    #[must_use]
    pub fn content(&self) -> Content {
        let mut content = Content::default();
        for line in &self.lines {
            content.set(&line.name, FieldValue::Is(typed::read(&line.was, line.input.text())));
        }
        content
    }

    fn save(&self) -> Vec<Effect> {
        let content = self.content();
        if let Err(bad) = content.check() {
            let why: Vec<String> = bad.iter().map(|(field, why)| format!("{field}: {why}")).collect();
            return vec![Effect::Warn(format!("Not taken over: {}.", why.join("; ")))];
        }
        let take = Event::Take { id: self.id, content: Box::new(content), fields_only: true, save: false };
        vec![Effect::Tell(Box::new(take)), Effect::Back]
    }

    fn add(&mut self, name: &str) -> Vec<Effect> {
        let name = name.trim();
        if name.is_empty() {
            return Vec::new();
        }
        let name = FieldName::Field(name.to_owned());
        self.at = match self.lines.iter().position(|l| l.name == name) {
            Some(at) => at,
            None => {
                self.lines.push(Line { name, was: FieldValue::Absent, input: Input::default() });
                self.lines.len() - 1
            }
        };
        Vec::new()
    }
}

impl Screen for Form {
    fn mode(&self) -> Mode {
        Mode::Form
    }

    fn title(&self) -> String {
        "fields".to_owned()
    }

    fn note(&self) -> Option<NoteId> {
        Some(self.id)
    }

    fn typing(&self) -> bool {
        true
    }

    fn update(&mut self, event: &Event, _ctx: &Ctx<'_>) -> Vec<Effect> {
        let n = self.lines.len();
        match event {
            Event::Action(Action::Back) => return vec![Effect::Back],
            Event::Action(Action::Save) => return self.save(),
            Event::Action(Action::NextField) => self.at = (self.at + 1) % n,
            Event::Action(Action::PrevField) => self.at = (self.at + n - 1) % n,
            Event::Action(Action::AddField) => return vec![Effect::Ask(Box::new(Ask::line("field", "Name of the new field", "")))],
            Event::Action(Action::RemoveField) => match self.lines[self.at].name {
                FieldName::Field(_) => {
                    self.lines.remove(self.at);
                    self.at = self.at.min(self.lines.len() - 1);
                }
                _ => return vec![Effect::Say("Title and tags stay; they may be empty.".to_owned())],
            },
            Event::Answer { id: "field", answer: Answer::Text(name) } => return self.add(name),
            Event::Key(_) | Event::Paste(_) => {
                self.lines[self.at].input.update(event);
            }
            Event::Mouse(mouse, Some(Hit::Row(row))) if mouse.kind == MouseKind::Down => self.at = (*row).min(n - 1),
            _ => {}
        }
        Vec::new()
    }

    fn fit(&mut self, area: Rect, _ctx: &Ctx<'_>) {
        let height = usize::from(area.height.saturating_sub(2).max(1));
        self.top = self.top.min(self.at).max((self.at + 1).saturating_sub(height));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::form::draw(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::Save, Action::Back, Action::NextField, Action::AddField, Action::RemoveField]
    }
}
