//! A conflict on screen: the question *Two versions of this note*, and what follows from the answer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Mode};
use super::message::{Effect, Event};
use super::screen::{Ctx, Drawn, Screen};
use super::theme::Role;
use super::view;
use crate::client::handle::{Command, Parked};
use crate::domain::note::NoteId;

/// The screen for a parked conflict.
#[must_use]
pub fn open(parked: Box<Parked>) -> Box<dyn Screen> {
    Box::new(Question { parked })
}

/// The question.
#[derive(Debug)]
struct Question {
    parked: Box<Parked>,
}

impl Question {
    fn settle(&self, outcome: &str, ctx: &Ctx<'_>) -> Vec<Effect> {
        let content = if outcome == "mine" { self.parked.mine.clone() } else { self.parked.theirs.content.clone() };
        let seconds = u32::try_from(ctx.now.ms_since(self.parked.parked_at).max(0) / 1000).unwrap_or(u32::MAX);
        let command =
            Command::Settle { id: self.parked.id, content: Box::new(content), outcome: outcome.to_owned(), hunks: [0; 4], seconds };
        vec![Effect::Client(command), Effect::Back]
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
            Event::Action(Action::KeepMine) => self.settle("mine", ctx),
            Event::Action(Action::KeepTheirs) => self.settle("theirs", ctx),
            Event::Action(Action::KeepAsNew) => {
                vec![Effect::Client(Command::KeepAsNew { id: self.parked.id, copy: (ctx.new_id)() }), Effect::Back]
            }
            Event::Action(Action::Later | Action::Back) => vec![Effect::Back],
            _ => Vec::new(),
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        let (p, text) = (&self.parked, ctx.theme.get(Role::Text));
        view::head(buf, area, "Two versions of this note", &p.mine.title, ctx.theme);
        let lines = [
            format!("mine · {}, {}", ctx.settings.device, ctx.clock(p.mine_at)),
            format!("theirs · {} on {}, {}", p.theirs.updated_by, p.theirs.updated_from, ctx.clock(p.theirs.updated_at)),
        ];
        for (y, (line, role)) in (area.y + 2..area.bottom()).zip(lines.iter().zip([Role::Mine, Role::Theirs])) {
            view::put_cut(buf, area.x + 1, y, area.width.saturating_sub(2), line, ctx.theme.get(role));
        }
        let actions = [Action::KeepMine, Action::KeepTheirs, Action::KeepAsNew, Action::Later];
        for (y, action) in (area.y + 5..area.bottom()).zip(actions) {
            let words = ctx.keys.line(Mode::Question, action).map_or("", |b| &b.help);
            let key = format!("{:<6}", ctx.keys.key_name(Mode::Question, action));
            view::put_all(buf, area.x + 1, y, area.width.saturating_sub(2), &[(&key, ctx.theme.get(Role::Key)), (words, text)]);
        }
        Drawn::default()
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::KeepMine, Action::KeepTheirs, Action::Later]
    }
}
