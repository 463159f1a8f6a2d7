//! The versions of a note: who saved which when and where from; any of them shown, compared with any other, restored as a new version.

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Mode};
use super::message::{Effect, Event};
use super::reader::{self, Reader};
use super::rows::{Rows, Step};
use super::screen::{Ctx, Drawn, Screen};
use super::theme::Role;
use super::view;
use crate::client::handle::{Command, News, VersionRow};
use crate::domain::note::{Content, Note, NoteId, Version};

/// What is to be done as soon as the versions for it have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Show(Version),
    Compare(Version, Version),
    Restore(Version),
}

/// The state of the history screen.
#[derive(Debug)]
pub struct History {
    /// Which note.
    pub id: NoteId,
    /// Its title.
    pub title: String,
    /// Its versions, newest first; none until the client has told.
    pub versions: Option<Vec<VersionRow>>,
    /// The version marked to compare with.
    pub marked: Option<Version>,
    /// The cursor.
    pub rows: Rows,
    notes: HashMap<Version, Note>,
    wish: Option<Wish>,
    from_editor: bool,
}

impl History {
    /// The history of a note. `from_editor`: what is restored goes to the editor below, which saves it.
    #[must_use]
    pub fn new(id: NoteId, title: &str, from_editor: bool) -> Self {
        let title = title.to_owned();
        Self { id, title, versions: None, marked: None, rows: Rows::default(), notes: HashMap::new(), wish: None, from_editor }
    }

    fn current(&self) -> Option<Version> {
        self.versions.as_ref().and_then(|v| v.get(self.rows.at)).map(|v| v.version)
    }

    fn want(&mut self, wish: Wish) -> Vec<Effect> {
        self.wish = Some(wish);
        let needed: &[Version] = match &wish {
            Wish::Show(v) | Wish::Restore(v) => &[*v],
            Wish::Compare(a, b) => &[*a, *b],
        };
        let missing = needed.iter().filter(|v| !self.notes.contains_key(v));
        let ask: Vec<Effect> = missing.map(|v| Effect::Client(Command::VersionAt(self.id, *v))).collect();
        if ask.is_empty() { self.grant() } else { ask }
    }

    /// Does what was wished for if everything for it is there.
    fn grant(&mut self) -> Vec<Effect> {
        let Some(wish) = self.wish else { return Vec::new() };
        let note = |v: &Version| self.notes.get(v);
        let effects = match &wish {
            Wish::Show(v) => {
                let Some(n) = note(v) else { return Vec::new() };
                let before = self.notes.get(&(v - 1)).filter(|_| *v > 0).map(|b| b.content.clone());
                vec![Effect::Push(Box::new(OneVersion::new(n.clone(), before, false, self.from_editor)))]
            }
            Wish::Compare(a, b) => {
                let (Some(old), Some(new)) = (note(a), note(b)) else { return Vec::new() };
                vec![Effect::Push(Box::new(OneVersion::new(new.clone(), Some(old.content.clone()), true, self.from_editor)))]
            }
            Wish::Restore(v) => {
                let Some(n) = note(v) else { return Vec::new() };
                restore(self.id, *v, &n.content, self.from_editor)
            }
        };
        self.wish = None;
        effects
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        let Some(version) = self.current() else { return Vec::new() };
        match action {
            Action::Open => self.want(Wish::Show(version)),
            Action::Mark => {
                self.marked = if self.marked == Some(version) { None } else { Some(version) };
                Vec::new()
            }
            Action::Compare => {
                let other = self.marked.filter(|m| *m != version).unwrap_or((version - 1).max(0));
                if other == 0 {
                    return vec![Effect::Say("There is no version before the first.".to_owned())];
                }
                self.want(Wish::Compare(other.min(version), other.max(version)))
            }
            Action::Restore => self.want(Wish::Restore(version)),
            _ => Vec::new(),
        }
    }
}

/// A version, or a copy kept on this device, as it is named on the screen.
#[must_use]
pub fn named(version: Version) -> String {
    if version < 0 { format!("Copy {}", -version) } else { format!("Version {version}") }
}

fn restore(id: NoteId, version: Version, content: &Content, from_editor: bool) -> Vec<Effect> {
    let content = Box::new(content.clone());
    let save = if from_editor {
        Effect::Tell(Box::new(Event::Take { id, content, fields_only: false, save: true }))
    } else {
        Effect::Client(Command::Save { id, base: None, content, revision: 0 })
    };
    vec![save, Effect::Back, Effect::Say(format!("{} is back, as a new version.", named(version)))]
}

impl Screen for History {
    fn mode(&self) -> Mode {
        Mode::History
    }

    fn title(&self) -> String {
        format!("history of {}", self.title)
    }

    fn note(&self) -> Option<NoteId> {
        Some(self.id)
    }

    fn update(&mut self, event: &Event, _ctx: &Ctx<'_>) -> Vec<Effect> {
        match self.rows.step(event) {
            Step::Back => return vec![Effect::Back],
            Step::Open => return self.act(Action::Open),
            Step::Moved => return Vec::new(),
            Step::Other => {}
        }
        match event {
            Event::Action(action) => return self.act(*action),
            Event::Shown if self.versions.is_none() => return vec![Effect::Client(Command::History(self.id))],
            Event::News(news) => match &**news {
                News::History(id, versions) if *id == self.id => {
                    self.rows.set_len(versions.len());
                    self.versions = Some(versions.clone());
                }
                News::VersionIs(note) if note.id == self.id => {
                    self.notes.insert(note.version, (**note).clone());
                    return self.grant();
                }
                News::Synced(note, _) if note.id == self.id => return vec![Effect::Client(Command::History(self.id))],
                News::Failed(Some(id), _) if *id == self.id => {
                    self.wish = None;
                    self.versions.get_or_insert_default();
                }
                _ => {}
            },
            _ => {}
        }
        Vec::new()
    }

    fn fit(&mut self, area: Rect, _ctx: &Ctx<'_>) {
        self.rows.fit(usize::from(area.height.saturating_sub(1)));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::history::draw(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::Open, Action::Compare, Action::Mark, Action::Restore, Action::Back]
    }
}

/// One version, whole or as what changed.
#[derive(Debug)]
pub struct OneVersion {
    /// The version.
    pub note: Note,
    /// What it is compared with.
    pub before: Option<Content>,
    /// Whether changes are shown instead of the whole text.
    pub changes: bool,
    /// The lines.
    pub reader: Reader,
    from_editor: bool,
}

impl OneVersion {
    fn new(note: Note, before: Option<Content>, changes: bool, from_editor: bool) -> Self {
        let mut made = Self { note, before, changes, reader: Reader::default(), from_editor };
        made.read();
        made
    }

    fn read(&mut self) {
        let lines = match &self.before {
            Some(before) if self.changes => reader::changes(before, &self.note.content),
            _ => reader::plain(&self.note.content.body, Role::Text),
        };
        self.reader = Reader::new(lines);
    }
}

impl Screen for OneVersion {
    fn mode(&self) -> Mode {
        Mode::Versions
    }

    fn title(&self) -> String {
        format!("version {} of {}", self.note.version, self.note.content.title)
    }

    fn update(&mut self, event: &Event, _ctx: &Ctx<'_>) -> Vec<Effect> {
        match event {
            Event::Action(Action::Back) => return vec![Effect::Back],
            Event::Action(Action::Compare) if self.before.is_some() => {
                self.changes = !self.changes;
                self.read();
            }
            Event::Action(Action::Compare) => return vec![Effect::Say("Compare from the list of versions.".to_owned())],
            Event::Action(Action::Restore) => return restore(self.note.id, self.note.version, &self.note.content, self.from_editor),
            Event::Action(action) => {
                self.reader.go(*action);
            }
            Event::Mouse(mouse, hit) => self.reader.mouse(*mouse, *hit),
            _ => {}
        }
        Vec::new()
    }

    fn fit(&mut self, area: Rect, _ctx: &Ctx<'_>) {
        self.reader.fit(area.width.saturating_sub(2), area.height.saturating_sub(1));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::history::draw_version(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::Compare, Action::Restore, Action::Back]
    }
}
