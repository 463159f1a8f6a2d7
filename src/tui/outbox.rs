//! The outbox: every save on its way, and what a person can do about one that is stuck.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::editor::Editor;
use super::keys::{Action, Mode};
use super::message::{Answer, Ask, Effect, Event};
use super::rows::{Rows, Step};
use super::screen::{Ctx, Drawn, Screen};
use super::view;
use crate::client::handle::{Command, EntryState, News, OutboxRow};
use crate::domain::note::NoteId;

/// The state of the outbox screen.
#[derive(Debug, Default)]
pub struct Outbox {
    /// The entries; none until the client has told.
    pub entries: Option<Vec<OutboxRow>>,
    /// The cursor.
    pub rows: Rows,
    dropping: Option<i64>,
    /// Asked anew because of news, and not answered yet; and whether more news came meanwhile.
    asked: Option<bool>,
}

impl Outbox {
    /// Asks once for all news that comes until the answer: thousands of saves going out are no thousands of lists.
    fn ask(&mut self) -> Vec<Effect> {
        match &mut self.asked {
            Some(more) => {
                *more = true;
                Vec::new()
            }
            none => {
                *none = Some(false);
                vec![Effect::Client(Command::Outbox)]
            }
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        if action == Action::SyncNow {
            return vec![Effect::Client(Command::SyncNow), Effect::Client(Command::Outbox)];
        }
        let Some(entry) = self.entries.as_ref().and_then(|e| e.get(self.rows.at)) else { return Vec::new() };
        let command = match action {
            Action::Open => return vec![Effect::Push(Box::new(Editor::open(entry.id)))],
            Action::Pause => Command::Pause(entry.entry, entry.state != EntryState::Paused),
            Action::Retry => Command::RetryNow(entry.entry),
            Action::Drop => {
                self.dropping = Some(entry.entry);
                let mut ask = Ask::choice(
                    "drop",
                    format!("Take the {} of {:?} out?", entry.what, entry.title),
                    &[('y', "take it out"), ('n', "keep it")],
                );
                ask.lines = vec!["It is not sent; its text stays here as a draft.".to_owned()];
                return vec![Effect::Ask(Box::new(ask))];
            }
            _ => return Vec::new(),
        };
        vec![Effect::Client(command), Effect::Client(Command::Outbox)]
    }
}

impl Screen for Outbox {
    fn mode(&self) -> Mode {
        Mode::Outbox
    }

    fn title(&self) -> String {
        "outbox".to_owned()
    }

    fn note(&self) -> Option<NoteId> {
        self.entries.as_ref().and_then(|e| e.get(self.rows.at)).map(|e| e.id)
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
            Event::Answer { id: "drop", answer: Answer::Choice(0) } => {
                let dropped = self.dropping.take().map(Command::DropEntry);
                return dropped.into_iter().chain([Command::Outbox]).map(Effect::Client).collect();
            }
            Event::Shown => return vec![Effect::Client(Command::Outbox)],
            Event::News(news) => match &**news {
                News::Outbox(entries) => {
                    self.rows.set_len(entries.len());
                    self.entries = Some(entries.clone());
                    if self.asked.take() == Some(true) {
                        return self.ask();
                    }
                }
                News::Failed(None, _) => self.asked = None,
                News::RowIs(_) | News::Synced(..) | News::SavedHere(..) | News::ConnectionIs(_) => return self.ask(),
                _ => {}
            },
            _ => {}
        }
        Vec::new()
    }

    fn fit(&mut self, area: Rect, _ctx: &Ctx<'_>) {
        self.rows.fit(usize::from(area.height.saturating_sub(3)));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::outbox::draw(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::Retry, Action::Pause, Action::Drop, Action::Open, Action::Back]
    }
}
