//! The list of notes: home.
//!
//! It keeps the client's rows as they come and works out what to show once per draw, however many rows changed since.

mod news;
pub mod order;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::dashboard::Dashboard;
use super::editor::Editor;
use super::history::History;
use super::inbox::Inbox;
use super::input::Input;
use super::keys::{Action, Mode};
use super::message::{Answer, Ask, Effect, Event};
use super::outbox::Outbox;
use super::rows::{Rows, counted};
use super::screen::{Ctx, Drawn, Screen};
use super::view as views;
use super::welcome::Welcome;
use crate::client::handle::{Command, Detail, Row, State};
use crate::domain::note::{NoteId, Time};
use order::{Filter, Sort};

/// Milliseconds of pause before the whole text is searched, or a note is opened for the preview.
const PAUSE_MS: i64 = 120;

/// The state of the list.
#[derive(Debug, Default)]
pub struct List {
    /// Every row; none until the client has told.
    pub all: Option<Arc<Vec<Row>>>,
    /// Indexes into `all` of the notes shown, in order.
    pub shown: Vec<u32>,
    /// The cursor.
    pub rows: Rows,
    /// The search line, while it is typed into.
    pub search: Option<Input>,
    /// What narrows the list.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// Whether there is a preview where there is room for it.
    pub preview: bool,
    /// The note opened for the preview.
    pub previewed: Option<Box<Detail>>,
    /// Notes selected for what is done next.
    pub selected: HashSet<NoteId>,
    index: HashMap<NoteId, usize>,
    stale: bool,
    welcomed: bool,
    due: Option<Time>,
    /// What was last searched for in the texts, and the note last opened for the preview.
    asked: (String, Option<NoteId>),
    deleted: Vec<Vec<NoteId>>,
    deleting: Vec<NoteId>,
    retag: Option<(HashSet<NoteId>, String)>,
    wide: bool,
    touched: bool,
    /// The note the cursor goes to as soon as it is shown.
    keep: Option<NoteId>,
}

impl List {
    /// The list before anything is known.
    #[must_use]
    pub fn new() -> Self {
        Self { preview: true, ..Self::default() }
    }

    /// The row the person is on.
    #[must_use]
    pub fn current(&self) -> Option<&Row> {
        let at = *self.shown.get(self.rows.at)?;
        self.all.as_ref()?.get(at as usize)
    }

    /// What the next action is about: the selected notes, else the one under the cursor.
    fn targets(&self) -> Vec<NoteId> {
        if self.selected.is_empty() { self.current().map(|r| r.id).into_iter().collect() } else { self.selected.iter().copied().collect() }
    }

    fn refresh(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let on = self.current().filter(|_| self.touched).map(|r| r.id);
        let Some(all) = &self.all else { return };
        self.shown = order::order(all, &self.filter, self.sort);
        let place = |id: NoteId| self.shown.iter().position(|i| all[*i as usize].id == id);
        // The cursor stays on its note, not on its row; until a person moves it, it stays on the first.
        let kept = self.keep.and_then(place);
        if let Some(at) = kept.or_else(|| on.and_then(place)) {
            self.rows.at = at;
        }
        self.keep = self.keep.filter(|_| kept.is_none());
        self.rows.set_len(self.shown.len());
    }

    fn narrow(&mut self, now: Time) {
        self.stale = true;
        self.rows.at = 0;
        self.rows.set_len(0);
        self.shown.clear();
        self.due = Some(now.plus_ms(PAUSE_MS));
    }

    fn act(&mut self, action: Action, ctx: &Ctx<'_>) -> Vec<Effect> {
        self.touched = true;
        self.keep = None;
        if self.rows.go(action) {
            self.due = Some(ctx.now.plus_ms(PAUSE_MS));
            return Vec::new();
        }
        let current = self.current().map(|r| (r.id, r.state, views::list::title(r).to_owned()));
        match (action, current) {
            (Action::Open, Some((id, state, _))) => {
                self.search = None;
                if self.filter.deleted {
                    return self.act(Action::History, ctx);
                }
                if state == State::NeedsYou { vec![Effect::Do(Action::Conflict)] } else { vec![Effect::Push(Box::new(Editor::open(id)))] }
            }
            (Action::New, _) => {
                // Back from it, the cursor is on it, once it has a row.
                let id = (ctx.new_id)();
                self.keep = Some(id);
                vec![Effect::Push(Box::new(Editor::create(id)))]
            }
            (Action::Search, _) => {
                self.search = Some(Input::new(&self.filter.query));
                Vec::new()
            }
            (Action::NextField, _) => {
                self.search = None;
                Vec::new()
            }
            (Action::Back, _) => {
                self.search = None;
                self.selected.clear();
                self.filter = Filter::default();
                self.narrow(ctx.now);
                Vec::new()
            }
            (Action::Tag, _) => self.ask_tag(),
            (Action::Deleted, _) => {
                self.search = None;
                self.selected.clear();
                self.filter = Filter { deleted: !self.filter.deleted, ..Filter::default() };
                self.narrow(ctx.now);
                Vec::new()
            }
            (Action::Sort, _) => {
                self.sort = self.sort.next();
                self.stale = true;
                vec![Effect::Say(format!("Sorted {}.", self.sort.name()))]
            }
            (Action::Preview, _) => {
                self.preview = !self.preview;
                Vec::new()
            }
            (Action::Inbox, _) => vec![Effect::Push(Box::new(Inbox::default()))],
            (Action::Outbox, _) => vec![Effect::Push(Box::new(Outbox::default()))],
            (Action::Dashboard, _) => vec![Effect::Push(Box::new(Dashboard::new(self.all.clone())))],
            (Action::SyncNow, _) => vec![Effect::Client(Command::SyncNow), Effect::Say("Syncing.".to_owned())],
            (Action::History, Some((id, _, title))) => vec![Effect::Push(Box::new(History::new(id, &title, false)))],
            (Action::Undelete, _) => self.undelete(ctx),
            (Action::Delete | Action::EditTags | Action::Bookmark | Action::Lock, _) if self.filter.deleted => {
                let key = ctx.keys.key_name(Mode::List, Action::Undelete);
                vec![Effect::Say(format!("It is deleted. {key} brings it back."))]
            }
            (_, Some((id, _, title))) => self.act_on(action, id, &title),
            _ => Vec::new(),
        }
    }

    fn act_on(&mut self, action: Action, id: NoteId, title: &str) -> Vec<Effect> {
        match action {
            Action::Select => {
                if !self.selected.remove(&id) {
                    self.selected.insert(id);
                }
                self.rows.go(Action::Down);
                Vec::new()
            }
            Action::Delete => {
                self.deleting = self.targets();
                let what = if self.deleting.len() == 1 {
                    format!("Delete “{title}”?")
                } else {
                    format!("Delete {} notes?", self.deleting.len())
                };
                vec![Effect::Ask(Box::new(Ask::choice("delete", what, &[('y', "delete (u brings it back)"), ('n', "keep")])))]
            }
            Action::EditTags => {
                let some = self.targets().len();
                let what = if some == 1 { "Tags: +add -remove".to_owned() } else { format!("Tags of {some} notes: +add -remove") };
                vec![Effect::Ask(Box::new(Ask::line("tags", what, "+")))]
            }
            Action::Bookmark => {
                let on = !self.current().is_some_and(|r| r.bookmarked);
                self.targets().into_iter().map(|id| Effect::Client(Command::Bookmark(id, on))).collect()
            }
            Action::Lock => {
                let mine = self.current().and_then(|r| r.lock.as_ref()).is_some_and(|l| l.me);
                vec![Effect::Client(if mine { Command::Unlock(id) } else { Command::Lock(id) })]
            }
            _ => Vec::new(),
        }
    }

    fn ask_tag(&self) -> Vec<Effect> {
        let tags = self.all.as_ref().map(|all| order::tags(all)).unwrap_or_default();
        let mut ask = Ask::line("tag", "Only notes with this tag (empty: all)", "");
        let known: Vec<String> = tags.iter().take(30).map(|(t, n)| format!("{t} ({n})")).collect();
        ask.lines = vec![if known.is_empty() { "No note has a tag yet.".to_owned() } else { known.join("  ") }];
        vec![Effect::Ask(Box::new(ask))]
    }

    /// Brings back the deleted notes that are shown and meant, else those deleted last.
    fn undelete(&mut self, ctx: &Ctx<'_>) -> Vec<Effect> {
        let last = if self.filter.deleted { Some(self.targets()) } else { self.deleted.pop() };
        self.selected.clear();
        match last.filter(|ids| !ids.is_empty()) {
            Some(ids) => {
                let say = Effect::Say(format!("{} brought back.", counted(ids.len(), "note", "notes")));
                ids.into_iter().map(|id| Effect::Client(Command::Undelete(id))).chain([say]).collect()
            }
            None => {
                let key = ctx.keys.key_name(Mode::List, Action::Deleted);
                vec![Effect::Say(format!("Nothing was deleted since the program started. {key} shows all deleted notes."))]
            }
        }
    }

    fn answer(&mut self, id: &str, answer: &Answer, ctx: &Ctx<'_>) -> Vec<Effect> {
        match (id, answer) {
            ("delete", Answer::Choice(0)) => {
                let ids = std::mem::take(&mut self.deleting);
                let key = ctx.keys.key_name(Mode::List, Action::Undelete);
                let say = Effect::Say(format!("{} deleted. {key} brings {} back.", ids.len(), if ids.len() == 1 { "it" } else { "them" }));
                self.selected.clear();
                self.deleted.push(ids.clone());
                ids.into_iter().map(|id| Effect::Client(Command::Delete(id))).chain([say]).collect()
            }
            ("tag", Answer::Text(tag)) => {
                let tag = tag.trim().trim_start_matches('#');
                self.filter.tag = (!tag.is_empty()).then(|| tag.to_owned());
                self.narrow(ctx.now);
                Vec::new()
            }
            ("tags", Answer::Text(change)) => {
                let ids = self.targets();
                self.retag = Some((ids.iter().copied().collect(), change.clone()));
                ids.into_iter().map(|id| Effect::Client(Command::Open(id))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The note a preview is to be had of that was not asked for yet.
    fn unseen(&self) -> Option<NoteId> {
        self.current().map(|r| r.id).filter(|id| self.wide && self.preview && self.asked.1 != Some(*id))
    }

    /// After a pause: search the texts, open the note for the preview.
    fn paused(&mut self, ctx: &Ctx<'_>) -> Vec<Effect> {
        if self.due.is_none_or(|due| ctx.now < due) {
            return Vec::new();
        }
        self.due = None;
        let mut out = Vec::new();
        self.refresh();
        if self.asked.0 != self.filter.query {
            self.asked.0.clone_from(&self.filter.query);
            if !self.filter.query.trim().is_empty() {
                out.push(Effect::Client(Command::Search(self.filter.query.clone())));
            }
        }
        if let Some(id) = self.unseen() {
            self.asked.1 = Some(id);
            out.push(Effect::Client(Command::Open(id)));
        }
        out
    }
}

impl Screen for List {
    fn mode(&self) -> Mode {
        if self.search.is_some() { Mode::Search } else { Mode::List }
    }

    fn title(&self) -> String {
        String::new()
    }

    fn note(&self) -> Option<NoteId> {
        self.current().map(|r| r.id)
    }

    fn typing(&self) -> bool {
        self.search.is_some()
    }

    fn update(&mut self, event: &Event, ctx: &Ctx<'_>) -> Vec<Effect> {
        self.refresh();
        let mut effects = match event {
            Event::Action(action) => self.act(*action, ctx),
            Event::Key(_) | Event::Paste(_) => {
                if let Some(input) = &mut self.search
                    && input.update(event)
                {
                    self.filter = Filter {
                        query: input.text().to_owned(),
                        tag: self.filter.tag.take(),
                        deleted: self.filter.deleted,
                        ..Filter::default()
                    };
                    self.narrow(ctx.now);
                }
                Vec::new()
            }
            Event::Mouse(mouse, hit) => {
                let opens = self.rows.mouse(*mouse, *hit);
                self.due = Some(ctx.now.plus_ms(PAUSE_MS));
                if opens { self.act(Action::Open, ctx) } else { Vec::new() }
            }
            Event::News(news) => self.news(news, ctx),
            Event::Answer { id, answer } => self.answer(id, answer, ctx),
            Event::Shown if self.all.is_none() => {
                let welcome = ctx.settings.first_run && !std::mem::replace(&mut self.welcomed, true);
                let hello = welcome.then(|| Effect::Push(Box::new(Welcome)));
                [Effect::Client(Command::List)].into_iter().chain(hello).collect()
            }
            Event::Shown => {
                // What changed while another screen was on top is looked at now.
                self.due = self.due.map(|due| due.min(ctx.now));
                Vec::new()
            }
            _ => Vec::new(),
        };
        effects.extend(self.paused(ctx));
        effects
    }

    fn fit(&mut self, area: Rect, ctx: &Ctx<'_>) {
        self.wide = views::list::preview_width(area.width) > 0;
        self.refresh();
        if self.unseen().is_some() {
            self.due.get_or_insert(ctx.now.plus_ms(PAUSE_MS));
        }
        self.rows.fit(usize::from(area.height.saturating_sub(views::list::above(self))));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        views::list::draw(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        match self.search {
            Some(_) => vec![Action::Open, Action::NextField, Action::Back],
            None if self.filter.deleted => vec![Action::Undelete, Action::Back, Action::Open, Action::Select, Action::Search],
            None if self.selected.is_empty() => {
                vec![
                    Action::Open,
                    Action::New,
                    Action::Search,
                    Action::Help,
                    Action::Inbox,
                    Action::Delete,
                    Action::Tag,
                    Action::Dashboard,
                    Action::Quit,
                ]
            }
            None => vec![Action::Select, Action::EditTags, Action::Delete, Action::Bookmark, Action::Back],
        }
    }

    fn wake(&self) -> Option<Time> {
        self.due
    }
}
