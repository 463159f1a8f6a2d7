//! The question that comes first: *Two versions of this note*, who, where and when, and the answers.
//!
//! It is there at once; how much asks is said as soon as a worker has merged. An answer that needs the merge waits for it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::keys::{Action, Mode};
use super::super::message::{Effect, Event};
use super::super::screen::{Ctx, Drawn, Screen};
use super::super::view;
use super::work::{Job, Opened, Wanted};
use super::{Merge, Source, save, typed};
use crate::client::handle::{News, Parked};
use crate::domain::note::{FieldName, NoteId};
use crate::domain::settle::{Counts, RowName, Side};

/// What it comes to if the side that deleted the note is kept.
const DELETE: &str = "delete the note";

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
    wanted: Option<Wanted>,
    opened: Option<Opened>,
    /// An answer that came before the merge was done.
    answer: Option<Action>,
}

impl Question {
    /// The question for a parked conflict.
    #[must_use]
    pub fn new(parked: Box<Parked>) -> Question {
        let (mine_deleted, theirs_deleted) = (parked.mine.deleted, parked.theirs.content.deleted);
        Question { parked, counts: None, kept: None, mine_deleted, theirs_deleted, wanted: None, opened: None, answer: None }
    }

    /// Has the conflict merged, unless it is or is about to be.
    fn begin(&mut self, ctx: &Ctx<'_>) -> Vec<Effect> {
        if self.opened.is_some() || self.wanted.is_some() {
            return Vec::new();
        }
        let (job, wanted) = Job::note(&self.parked, &ctx.settings.accept);
        self.wanted = Some(wanted);
        vec![Effect::Work(job)]
    }

    fn merged(&mut self, opened: Opened, ctx: &Ctx<'_>) -> Vec<Effect> {
        let deleted = opened.settle.rows().iter().find(|r| r.name == RowName::Field(FieldName::Deleted));
        self.kept = deleted.map(|r| if self.mine_deleted { r.theirs.clone() } else { r.mine.clone() });
        self.counts = Some(opened.settle.counts());
        (self.opened, self.wanted) = (Some(opened), None);
        self.answer.take().map(|answer| self.answer(answer, ctx)).unwrap_or_default()
    }

    /// Does what was answered, or keeps the answer until the merge is done.
    fn answer(&mut self, answer: Action, ctx: &Ctx<'_>) -> Vec<Effect> {
        let Some(mut opened) = self.opened.take() else {
            self.answer = Some(answer);
            return self.begin(ctx);
        };
        let side = match answer {
            Action::KeepMine => Side::Mine,
            Action::KeepTheirs => Side::Theirs,
            Action::KeepAsNew => {
                let commands = typed::as_new(&self.parked, opened.settle, (ctx.new_id)());
                return commands.into_iter().map(Effect::Client).chain([Effect::Back]).collect();
            }
            _ => return vec![Effect::Replace(Box::new(Merge::new(opened, Source::Note(self.parked.clone()))))],
        };
        opened.settle.keep(side);
        let seconds = u32::try_from(ctx.now.ms_since(self.parked.parked_at).max(0) / 1000).unwrap_or(u32::MAX);
        match save::resubmit(&self.parked, &opened.settle, seconds) {
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
            Event::Shown => self.begin(ctx),
            Event::Merged(ticket, result) if self.wanted.as_ref().is_some_and(|w| w.is(ticket)) => match result.take() {
                Some(opened) => self.merged(opened, ctx),
                None => Vec::new(),
            },
            Event::Action(answer @ (Action::KeepMine | Action::KeepTheirs | Action::KeepAsNew)) => self.answer(*answer, ctx),
            Event::Action(Action::HunkByHunk | Action::Open | Action::Accept) => self.answer(Action::HunkByHunk, ctx),
            Event::Action(Action::Later | Action::Back) => vec![Effect::Back],
            Event::News(news) => {
                if let News::NeedsYou(newer) = &**news
                    && newer.id == self.parked.id
                {
                    *self = Question::new(newer.clone());
                    return self.begin(ctx);
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::merge::question(self, area, buf, ctx)
    }

    fn words(&self, action: Action) -> Option<&str> {
        match action {
            Action::KeepMine if self.mine_deleted => Some(DELETE),
            Action::KeepTheirs if self.theirs_deleted => Some(DELETE),
            _ => None,
        }
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::HunkByHunk, Action::KeepMine, Action::KeepTheirs, Action::KeepAsNew, Action::Later]
    }
}
