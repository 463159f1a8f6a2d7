//! The question that comes first: *Two versions of this note*, who, where and when, and four answers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::keys::{Action, Mode};
use super::super::message::{Effect, Event};
use super::super::screen::{Ctx, Drawn, Screen};
use super::super::view;
use super::{Merge, save, settle_of};
use crate::client::handle::{Command, News, Parked};
use crate::domain::note::{FieldName, NoteId};
use crate::domain::settle::{Counts, RowName, Settle, Side};

/// The question.
#[derive(Debug)]
pub struct Question {
    /// The refused save.
    pub parked: Box<Parked>,
    /// How much asks, once it is known.
    pub counts: Option<Counts>,
    /// What the side that kept a deleted note did to it.
    pub kept: Option<String>,
    /// Whether mine deleted the note.
    pub mine_deleted: bool,
    /// Whether theirs deleted the note.
    pub theirs_deleted: bool,
}

impl Question {
    /// The question for a parked conflict.
    #[must_use]
    pub fn new(parked: Box<Parked>) -> Question {
        let (mine_deleted, theirs_deleted) = (parked.mine.deleted, parked.theirs.content.deleted);
        Question { parked, counts: None, kept: None, mine_deleted, theirs_deleted }
    }

    fn settle(&self, ctx: &Ctx<'_>) -> Settle {
        settle_of(&self.parked, &ctx.settings.accept)
    }

    fn keep(&self, side: Side, ctx: &Ctx<'_>) -> Vec<Effect> {
        let mut settle = self.settle(ctx);
        settle.keep(side);
        let seconds = u32::try_from(ctx.now.ms_since(self.parked.parked_at).max(0) / 1000).unwrap_or(u32::MAX);
        match save::resubmit(&self.parked, &settle, seconds) {
            Some(command) => vec![Effect::Client(command), Effect::Back],
            None => vec![Effect::Warn("This version cannot be saved as a note: its text is not UTF-8.".to_owned())],
        }
    }
}

impl Screen for Question {
    fn mode(&self) -> Mode {
        Mode::Question
    }

    fn title(&self) -> String {
        "two versions".to_owned()
    }

    fn note(&self) -> Option<NoteId> {
        Some(self.parked.id)
    }

    fn update(&mut self, event: &Event, ctx: &Ctx<'_>) -> Vec<Effect> {
        match event {
            Event::Action(Action::KeepMine) => self.keep(Side::Mine, ctx),
            Event::Action(Action::KeepTheirs) => self.keep(Side::Theirs, ctx),
            Event::Action(Action::KeepAsNew) => {
                vec![Effect::Client(Command::KeepAsNew { id: self.parked.id, copy: (ctx.new_id)() }), Effect::Back]
            }
            Event::Action(Action::HunkByHunk | Action::Open | Action::Accept) => {
                vec![Effect::Replace(Box::new(Merge::note(self.parked.clone(), &ctx.settings.accept)))]
            }
            Event::Action(Action::Later | Action::Back) => vec![Effect::Back],
            Event::News(news) => {
                if let News::NeedsYou(newer) = &**news
                    && newer.id == self.parked.id
                {
                    *self = Question::new(newer.clone());
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn fit(&mut self, _: Rect, ctx: &Ctx<'_>) {
        if self.counts.is_none() {
            let settle = self.settle(ctx);
            let deleted = settle.rows().iter().find(|r| r.name == RowName::Field(FieldName::Deleted));
            self.kept = deleted.map(|r| if self.mine_deleted { r.theirs.clone() } else { r.mine.clone() });
            self.counts = Some(settle.counts());
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::merge::question(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::HunkByHunk, Action::KeepMine, Action::KeepTheirs, Action::KeepAsNew, Action::Later]
    }
}
