//! The audit entries behind a figure, and one of them: base, mine, theirs, what was kept, and the way to bring the loser back.

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::action_words;
use crate::domain::audit::{Entry, FieldRecord};
use crate::domain::note::{FieldName, FieldValue, NoteId, Value};
use crate::tui::editor::Editor;
use crate::tui::keys::{Action, Mode};
use crate::tui::message::{Effect, Event};
use crate::tui::reader::{self, Reader};
use crate::tui::rows::{Rows, Step};
use crate::tui::screen::{Ctx, Drawn, Screen};
use crate::tui::theme::Role;
use crate::tui::view;

/// Lines of one text shown at most.
const LONGEST: usize = 200;

/// Entries, newest first.
#[derive(Debug)]
pub struct Entries {
    /// What they have in common.
    pub title: String,
    /// The entries.
    pub entries: Vec<Entry>,
    /// The cursor.
    pub rows: Rows,
    /// What the notes are called, by the id of the entry.
    titles: HashMap<String, String>,
}

impl Entries {
    /// A screen over entries. `titles`: what their notes are called, by id.
    #[must_use]
    pub fn new(title: String, mut entries: Vec<Entry>, titles: HashMap<String, String>) -> Self {
        entries.sort_by_key(|e| std::cmp::Reverse(e.at));
        let rows = Rows { len: entries.len(), ..Rows::default() };
        Self { title, entries, rows, titles }
    }

    /// What an entry is about: the title of its note, or what it is where this device has no such note.
    #[must_use]
    pub fn about(&self, entry: &Entry) -> String {
        self.titles.get(&entry.entity_id).cloned().unwrap_or_else(|| format!("a {} that is not here", entry.entity))
    }

    fn open(&self) -> Vec<Effect> {
        let one = |e: &Entry| Effect::Push(Box::new(OneEntry::new(e.clone(), &self.about(e))));
        self.entries.get(self.rows.at).map(one).into_iter().collect()
    }
}

impl Screen for Entries {
    fn mode(&self) -> Mode {
        Mode::Entries
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn update(&mut self, event: &Event, _ctx: &Ctx<'_>) -> Vec<Effect> {
        match self.rows.step(event) {
            Step::Back => vec![Effect::Back],
            Step::Open => self.open(),
            Step::Moved | Step::Other => Vec::new(),
        }
    }

    fn fit(&mut self, area: Rect, _ctx: &Ctx<'_>) {
        self.rows.fit(usize::from(area.height.saturating_sub(1)));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::dashboard::draw_entries(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::Open, Action::Back]
    }
}

/// One entry, in full.
#[derive(Debug)]
pub struct OneEntry {
    /// The entry.
    pub entry: Entry,
    /// The lines.
    pub reader: Reader,
}

impl OneEntry {
    fn new(entry: Entry, about: &str) -> Self {
        Self { reader: Reader::new(lines(&entry, about)), entry }
    }

    fn bring_back(&self) -> Vec<Effect> {
        let Ok(id) = self.entry.entity_id.parse::<NoteId>() else {
            return vec![Effect::Warn(format!("The entry is about {:?}, which is no note.", self.entry.entity_id))];
        };
        let lost: Vec<(FieldName, FieldValue)> =
            self.entry.fields.iter().filter_map(|(name, r)| Some((name.parse().ok()?, loser(r)?.clone()))).collect();
        if lost.is_empty() || self.entry.entity != "note" {
            return vec![Effect::Say("Nothing lost here: everything of it was kept.".to_owned())];
        }
        let say = Effect::Say("The value that lost is in the note now, not yet saved.".to_owned());
        vec![Effect::Push(Box::new(Editor::bring_back(id, lost))), say]
    }
}

/// The value that was not kept, if one was not: mine, unless mine was kept.
fn loser(r: &FieldRecord) -> Option<&FieldValue> {
    match (r.kept == r.mine, r.kept == r.theirs) {
        (true, true) => None,
        (true, false) => Some(&r.theirs),
        (false, _) => Some(&r.mine),
    }
}

fn lines(e: &Entry, about: &str) -> Vec<(Role, String)> {
    let mut out = vec![(Role::Heading, about.to_owned()), (Role::Text, action_words(&e.action).to_owned())];
    let on = e.base_version.map(|v| format!(", on top of version {v}")).unwrap_or_default();
    out.push((Role::Dim, format!("mine: {} on {}{on}", e.user_id, e.client_origin)));
    let was = e.server_version.map(|v| format!(", version {v}")).unwrap_or_default();
    out.push((Role::Dim, format!("theirs: {}{was}", e.server_origin)));
    if let Some(outcome) = &e.outcome {
        out.push((Role::Settled, format!("settled: kept {outcome}")));
    }
    if let Some(s) = &e.settled {
        let [mine, theirs, both, edited] = s.hunks;
        out.push((Role::Dim, format!("hunks: {mine} mine, {theirs} theirs, {both} both, {edited} edited; {} s", s.seconds)));
    }
    for (name, r) in &e.fields {
        out.push((Role::Text, String::new()));
        out.push((Role::Heading, name.clone()));
        let kept = match (r.kept == r.mine, r.kept == r.theirs) {
            (true, true) => " (the same)",
            (true, false) => " (mine)",
            (false, true) => " (theirs)",
            (false, false) => "",
        };
        if let [Some(base), Some(mine), Some(theirs), Some(now)] = [&r.base, &r.mine, &r.theirs, &r.kept].map(long) {
            for (role, word, text) in [(Role::Mine, "mine", mine), (Role::Theirs, "theirs", theirs)] {
                out.push((role, format!("{word}, as its change from base:")));
                out.extend(capped(reader::body_changes(base, text)));
            }
            out.push((Role::Settled, format!("kept{kept}:")));
            out.extend(capped(reader::plain(now, Role::Settled)).map(|(role, line)| (role, format!("  {line}"))));
            continue;
        }
        for (role, word, value) in [(Role::Base, "base", &r.base), (Role::Mine, "mine", &r.mine), (Role::Theirs, "theirs", &r.theirs)] {
            side(&mut out, role, word, value);
        }
        side(&mut out, Role::Settled, &format!("kept{kept}"), &r.kept);
    }
    out
}

fn side(out: &mut Vec<(Role, String)>, role: Role, word: &str, value: &FieldValue) {
    let lines = reader::plain(&reader::value(value), role);
    if let [(_, line)] = &lines[..] {
        out.push((role, format!("{word}: {line}")));
        return;
    }
    out.push((role, format!("{word}:")));
    out.extend(capped(lines).map(|(role, line)| (role, format!("  {line}"))));
}

/// A text of several lines, which is shown as what changed.
fn long(value: &FieldValue) -> Option<&str> {
    match value {
        FieldValue::Is(Value::Text(text)) if text.trim_end().contains('\n') => Some(text),
        _ => None,
    }
}

/// The first lines, and a word where there are more.
fn capped(mut lines: Vec<(Role, String)>) -> impl Iterator<Item = (Role, String)> {
    if lines.len() > LONGEST {
        lines.truncate(LONGEST);
        lines.push((Role::Dim, "⋯ the rest is in the history of the note".to_owned()));
    }
    lines.into_iter()
}

impl Screen for OneEntry {
    fn mode(&self) -> Mode {
        Mode::Entry
    }

    fn title(&self) -> String {
        "audit entry".to_owned()
    }

    fn update(&mut self, event: &Event, _ctx: &Ctx<'_>) -> Vec<Effect> {
        match event {
            Event::Action(Action::Back) => return vec![Effect::Back],
            Event::Action(Action::BringBack) => return self.bring_back(),
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
        view::dashboard::draw_entry(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::BringBack, Action::Back]
    }
}
