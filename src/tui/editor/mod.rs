//! The editor of one note.
//!
//! Typed text goes to the client's journal at every pause and on every way out, so that it is never only here. Answers of the client name
//! the revision they are about: what was typed meanwhile stays "typed". A note that changed elsewhere is updated in place only while
//! nothing was typed here.

mod edit;
pub mod find;
mod news;
pub mod wrap;

use ratatui::buffer::Buffer as Cells;
use ratatui::layout::Rect;

use super::form::Form;
use super::history::History;
use super::keys::{Action, Mode};
use super::message::{Answer, Ask, Effect, Event};
use super::screen::{Ctx, Drawn, Screen};
use super::view as views;
use crate::client::handle::{Command, Holder, Revision, State};
use crate::domain::buffer::Buffer;
use crate::domain::note::{Content, FieldName, FieldValue, Note, NoteId, Time, Version};
use edit::first_words;
use find::Find;
use wrap::View;

/// Milliseconds of pause after which typed text goes to the journal, and the longest it waits while typing goes on.
const JOURNAL_MS: (i64, i64) = (300, 2_000);

/// The state of the editor.
#[derive(Debug)]
pub struct Editor {
    /// Which note.
    pub id: NoteId,
    /// Whether the client has opened it (a new note needs no opening).
    pub loaded: bool,
    /// Everything but the body, which is in `buffer`.
    pub meta: Content,
    /// The body.
    pub buffer: Buffer,
    /// The window onto it.
    pub view: View,
    /// The newest version known from the server, as far as this text is based on it.
    pub base: Option<Note>,
    /// A version that came while text was typed here.
    pub newer: Option<Box<Note>>,
    /// Whether a save of this note was refused and waits.
    pub parked: bool,
    /// Who holds its lock.
    pub lock: Option<Holder>,
    /// The find bar, if it is open.
    pub find: Option<Find>,
    /// Where the text was drawn last.
    pub area: Rect,
    saved: State,
    last_needle: String,
    /// Counts changes of title, tags and fields; added to the buffer's own revision.
    meta_revision: u64,
    /// The revision up to which the client has been told, and the one it last called saved.
    sent: Revision,
    clean: Revision,
    asked: Option<(Revision, Content)>,
    changed_at: Option<(Time, Time)>,
    merging: bool,
    /// Fields to put back as soon as the note is open.
    returning: Vec<(FieldName, FieldValue)>,
    /// What was typed before the note was there.
    early: Vec<Event>,
}

impl Editor {
    /// An editor for a note that exists; it asks the client for it when shown.
    #[must_use]
    pub fn open(id: NoteId) -> Self {
        Self {
            id,
            loaded: false,
            meta: Content::default(),
            buffer: Buffer::default(),
            view: View { follow: true, ..View::default() },
            base: None,
            newer: None,
            parked: false,
            lock: None,
            find: None,
            area: Rect::default(),
            saved: State::Synced,
            last_needle: String::new(),
            meta_revision: 0,
            sent: 0,
            clean: 0,
            asked: None,
            changed_at: None,
            merging: false,
            returning: Vec::new(),
            early: Vec::new(),
        }
    }

    /// An editor for a note that does not exist yet.
    #[must_use]
    pub fn create(id: NoteId) -> Self {
        Self { loaded: true, saved: State::Typed, ..Self::open(id) }
    }

    /// An editor for a note that exists, with some fields as they shall be, typed but not saved.
    #[must_use]
    pub fn bring_back(id: NoteId, fields: Vec<(FieldName, FieldValue)>) -> Self {
        Self { returning: fields, ..Self::open(id) }
    }

    /// The revision of what is on screen.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.buffer.revision() + self.meta_revision
    }

    /// The whole content as it stands.
    #[must_use]
    pub fn content(&self) -> Content {
        Content { body: self.buffer.text(), ..self.meta.clone() }
    }

    /// Its state, in the words of the status line.
    #[must_use]
    pub fn state(&self) -> State {
        if self.parked {
            State::NeedsYou
        } else if self.revision() != self.clean {
            State::Typed
        } else {
            self.saved
        }
    }

    /// The title to show: a note without one is named by its first line.
    #[must_use]
    pub fn shown_title(&self) -> String {
        if self.meta.title.is_empty() { first_words(&self.buffer) } else { self.meta.title.clone() }
    }

    fn untouched(&self) -> bool {
        self.revision() == self.clean && self.saved == State::Synced && !self.parked
    }

    /// Puts a content on screen as what the client knows.
    fn adopt(&mut self, content: &Content, state: State) {
        self.meta = Content { body: String::new(), ..content.clone() };
        if self.loaded {
            self.buffer.set_text(&content.body);
        } else {
            self.buffer = Buffer::new(&content.body);
            // Rows are kept by the stamps of one buffer: another buffer, another window.
            self.view = View { follow: true, ..View::default() };
        }
        self.loaded = true;
        self.saved = state;
        self.clean = self.revision();
        self.sent = self.clean;
        self.changed_at = None;
    }

    /// Takes a content over as if the person had typed it.
    fn take(&mut self, content: &Content, fields_only: bool) {
        if !fields_only {
            self.buffer.set_text(&content.body);
        }
        self.meta = Content { body: String::new(), ..content.clone() };
        self.meta_revision += 1;
    }

    /// The version this text started from; 0 for a new note.
    fn base_version(&self) -> Version {
        self.base.as_ref().map_or(0, |n| n.version)
    }

    fn journal(&mut self) -> Option<Effect> {
        self.changed_at = None;
        let revision = self.revision();
        if !self.loaded || revision == self.sent {
            return None;
        }
        self.sent = revision;
        let base = Some(self.base_version());
        Some(Effect::Client(Command::Type { id: self.id, base, content: Box::new(self.content()), revision }))
    }

    fn save(&mut self) -> Vec<Effect> {
        if !self.loaded {
            return Vec::new();
        }
        if self.meta.title.is_empty() {
            self.meta.title = first_words(&self.buffer);
            self.meta_revision += 1;
        }
        let content = self.content();
        if let Err(bad) = content.check() {
            let why: Vec<String> = bad.iter().map(|(field, why)| format!("{field}: {why}")).collect();
            return vec![Effect::Warn(format!("Not saved: {}. It stays as a draft.", why.join("; ")))];
        }
        let revision = self.revision();
        if revision == self.clean && self.saved != State::Typed {
            return vec![Effect::Say("Nothing has changed since the last save.".to_owned())];
        }
        self.sent = revision;
        self.changed_at = None;
        let base = Some(self.base_version());
        self.asked = Some((revision, content.clone()));
        vec![Effect::Client(Command::Save { id: self.id, base, content: Box::new(content), revision })]
    }

    fn act(&mut self, action: Action, ctx: &Ctx<'_>) -> Vec<Effect> {
        match action {
            Action::Save => self.save(),
            Action::Back => vec![Effect::Back],
            Action::Fields => vec![Effect::Push(Box::new(Form::new(self.id, &self.content())))],
            Action::History => vec![Effect::Push(Box::new(History::new(self.id, &self.shown_title(), true)))],
            Action::External => {
                vec![Effect::RunEditor { tag: "note", text: self.buffer.text(), suffix: ".md" }]
            }
            Action::Lock => {
                let mine = self.lock.as_ref().is_some_and(|l| l.me);
                vec![Effect::Client(if mine { Command::Unlock(self.id) } else { Command::Lock(self.id) })]
            }
            Action::Find | Action::Replace => {
                self.find = Some(Find::new(&self.buffer, action == Action::Replace, &self.last_needle));
                Vec::new()
            }
            Action::GoToLine => {
                let at = (self.buffer.cursor().line + 1).to_string();
                vec![Effect::Ask(Box::new(Ask::line_over("go-to-line", format!("Go to line (1 to {})", self.buffer.lines().len()), at)))]
            }
            Action::Discard => {
                vec![Effect::Ask(Box::new(Ask::choice(
                    "discard",
                    "Forget what was typed since the last save?",
                    &[('y', "forget it"), ('n', "keep it")],
                )))]
            }
            Action::MergeNow => {
                let Some(_) = self.newer else { return vec![Effect::Say("There is no newer version.".to_owned())] };
                self.merging = true;
                self.journal().into_iter().chain([Effect::Client(Command::Rebase(self.id))]).collect()
            }
            Action::CountWords => vec![Effect::Say(self.count())],
            _ => self.edit(action, ctx),
        }
    }

    fn count(&self) -> String {
        let (text, what) =
            if self.buffer.selection().is_empty() { (self.buffer.text(), "") } else { (self.buffer.selected(), " selected") };
        let words = crate::domain::text::count_words(&text);
        format!("{words} words, {} characters, {} lines{what}.", text.chars().count(), self.buffer.lines().len())
    }

    fn answer(&mut self, id: &str, answer: &Answer) -> Vec<Effect> {
        match (id, answer) {
            ("go-to-line", Answer::Text(text)) => match text.trim().parse::<usize>() {
                Ok(n) => self.buffer.move_to(crate::domain::buffer::Pos::new(n.saturating_sub(1), 0), false),
                Err(_) => return vec![Effect::Warn(format!("{text:?} is no line number."))],
            },
            ("discard", Answer::Choice(0)) => {
                self.sent = self.revision();
                self.changed_at = None;
                let discard = Effect::Client(Command::Discard(self.id));
                return match self.base {
                    Some(_) => {
                        self.clean = self.revision();
                        self.saved = State::Synced;
                        vec![discard, Effect::Client(Command::Open(self.id))]
                    }
                    None => vec![discard, Effect::Back],
                };
            }
            _ => {}
        }
        Vec::new()
    }

    fn find_bar(&mut self, event: &Event) -> Vec<Effect> {
        let Some(mut find) = self.find.take() else { return Vec::new() };
        let mut effects = Vec::new();
        let stays = find.update(event, &mut self.buffer, &mut effects);
        self.last_needle = find.needle.text().to_owned();
        self.find = stays.then_some(find);
        self.view.follow = true;
        effects
    }

    fn take_event(&mut self, event: &Event, ctx: &Ctx<'_>) -> Vec<Effect> {
        match event {
            Event::Action(action) => self.act(*action, ctx),
            Event::Key(key) => self.type_key(*key),
            Event::Paste(text) => {
                self.view.follow = true;
                self.buffer.paste(text);
                Vec::new()
            }
            Event::Mouse(mouse, _) => self.mouse(*mouse),
            Event::News(news) => self.news(news),
            Event::Answer { id, answer } => self.answer(id, answer),
            Event::EditorDone { tag: "note", text: Ok(text) } => {
                self.buffer.set_text(text);
                Vec::new()
            }
            Event::EditorDone { tag: "note", text: Err(why) } => vec![Effect::Warn(why.clone())],
            Event::Take { id, content, fields_only, save } if *id == self.id => {
                self.take(content, *fields_only);
                if *save { self.save() } else { Vec::new() }
            }
            Event::Shown if !self.loaded => vec![Effect::Client(Command::Open(self.id))],
            Event::Leave => {
                let held = self.lock.take_if(|l| l.me).map(|_| Effect::Client(Command::Unlock(self.id)));
                self.journal().into_iter().chain(held).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Screen for Editor {
    fn mode(&self) -> Mode {
        if self.find.is_some() { Mode::Find } else { Mode::Editor }
    }

    fn title(&self) -> String {
        self.shown_title()
    }

    fn note(&self) -> Option<NoteId> {
        Some(self.id)
    }

    fn typing(&self) -> bool {
        true
    }

    fn update(&mut self, event: &Event, ctx: &Ctx<'_>) -> Vec<Effect> {
        let typed = matches!(event, Event::Key(_) | Event::Paste(_)) || matches!(event, Event::Action(a) if *a != Action::Back);
        if !self.loaded && typed {
            // Nothing typed is lost: it waits for the note it was typed into.
            self.early.push(event.clone());
            return Vec::new();
        }
        let before = self.revision();
        let for_bar = self.find.is_some() && matches!(event, Event::Action(_) | Event::Key(_) | Event::Paste(_));
        let mut effects = if for_bar { self.find_bar(event) } else { self.take_event(event, ctx) };
        if self.revision() != before && self.revision() != self.sent {
            let first = self.changed_at.map_or(ctx.now, |(first, _)| first);
            self.changed_at = Some((first, ctx.now));
        }
        if self.wake().is_some_and(|at| ctx.now >= at) {
            effects.extend(self.journal());
        }
        if self.loaded {
            let early = std::mem::take(&mut self.early);
            effects.extend(early.iter().flat_map(|e| self.update(e, ctx)));
        }
        effects
    }

    fn fit(&mut self, area: Rect, _ctx: &Ctx<'_>) {
        self.area = views::editor::text_area(self, area);
        // One column is kept for a cursor after the last character and for a hanging space.
        self.view.fit(&self.buffer, usize::from(self.area.width.saturating_sub(1)), usize::from(self.area.height));
    }

    fn draw(&self, area: Rect, buf: &mut Cells, ctx: &Ctx<'_>) -> Drawn {
        views::editor::draw(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        match &self.find {
            Some(f) if f.with.is_some() => vec![Action::ReplaceOne, Action::ReplaceAll, Action::NextField, Action::Back],
            Some(_) => vec![Action::ReplaceOne, Action::FindPrev, Action::Back],
            None => vec![
                Action::Save,
                Action::Back,
                Action::Help,
                Action::Fields,
                Action::Find,
                Action::Undo,
                Action::External,
                Action::History,
            ],
        }
    }

    fn wake(&self) -> Option<Time> {
        self.changed_at.map(|(first, last)| last.plus_ms(JOURNAL_MS.0).min(first.plus_ms(JOURNAL_MS.1)))
    }
}
