//! The inbox: every refused save that waits for a person.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Mode};
use super::merge::{Job, Opened, Wanted};
use super::message::{Effect, Event};
use super::rows::{Rows, Step};
use super::screen::{Ctx, Drawn, Screen};
use super::view;
use crate::client::handle::{Command, News, Parked, State};
use crate::domain::note::{NoteId, Time};

/// One conflict as the inbox shows it.
#[derive(Debug)]
pub struct Waiting {
    /// The conflict; none until the client has opened it.
    pub parked: Option<Box<Parked>>,
    /// The title of the note.
    pub title: String,
    /// How many clashes it has, and how many of them are settled by the choices made so far.
    pub clashes: usize,
    /// How many of them are settled.
    pub settled: usize,
    /// When the save was refused, as far as known.
    pub at: Time,
    /// The merge that will tell how much asks, while it is under way.
    pub wanted: Option<Wanted>,
}

/// The state of the inbox.
#[derive(Debug, Default)]
pub struct Inbox {
    /// What waits, by note.
    pub waiting: BTreeMap<NoteId, Waiting>,
    /// The order in which it is shown: oldest first.
    pub order: Vec<NoteId>,
    /// The cursor.
    pub rows: Rows,
    /// Whether the client has told what there is.
    pub told: bool,
}

impl Inbox {
    fn wait(&mut self, id: NoteId, title: &str) -> Option<Effect> {
        if self.waiting.contains_key(&id) {
            return None;
        }
        self.waiting
            .insert(id, Waiting { parked: None, title: title.to_owned(), clashes: 0, settled: 0, at: Time(i64::MAX), wanted: None });
        self.sort();
        Some(Effect::Client(Command::Open(id)))
    }

    /// Knows a conflict, and has it merged to tell how much asks; until then what was known of it before stands.
    fn know(&mut self, parked: &Parked, accept: &[String]) -> Effect {
        let (job, wanted) = Job::note(parked, accept);
        let (clashes, settled) = self.waiting.get(&parked.id).map_or((0, 0), |w| (w.clashes, w.settled));
        let waiting = Waiting {
            title: parked.mine.title.clone(),
            clashes,
            settled,
            at: parked.parked_at,
            parked: Some(Box::new(parked.clone())),
            wanted: Some(wanted),
        };
        self.waiting.insert(parked.id, waiting);
        self.sort();
        Effect::Work(job)
    }

    fn merged(waiting: &mut Waiting, opened: &Opened) {
        let counts = opened.settle.counts();
        (waiting.clashes, waiting.settled, waiting.wanted) = (counts.clashes, counts.settled, None);
    }

    fn sort(&mut self) {
        let mut order: Vec<(Time, NoteId)> = self.waiting.iter().map(|(id, w)| (w.at, *id)).collect();
        order.sort();
        self.order = order.into_iter().map(|(_, id)| id).collect();
        self.rows.set_len(self.order.len());
    }

    fn gone(&mut self, id: NoteId) {
        self.waiting.remove(&id);
        self.sort();
    }

    fn news(&mut self, news: &News, accept: &[String]) -> Vec<Effect> {
        match news {
            News::Rows(rows) => {
                self.told = true;
                let open: Vec<_> = rows.iter().filter(|r| r.state == State::NeedsYou).map(|r| (r.id, r.title.clone())).collect();
                self.waiting.retain(|id, _| open.iter().any(|(o, _)| o == id));
                self.sort();
                return open.iter().filter_map(|(id, title)| self.wait(*id, title)).collect();
            }
            News::RowIs(row) if row.state == State::NeedsYou => return self.wait(row.id, &row.title).into_iter().collect(),
            News::RowIs(row) => self.gone(row.id),
            News::RowGone(id) | News::Settled(id, _) => self.gone(*id),
            News::NeedsYou(parked) => return vec![self.know(parked, accept)],
            News::Opened(detail) => match &detail.parked {
                Some(parked) => return vec![self.know(parked, accept)],
                None => self.gone(detail.id),
            },
            _ => {}
        }
        Vec::new()
    }
}

impl Screen for Inbox {
    fn mode(&self) -> Mode {
        Mode::Inbox
    }

    fn title(&self) -> String {
        "conflicts".to_owned()
    }

    fn note(&self) -> Option<NoteId> {
        self.order.get(self.rows.at).copied()
    }

    fn update(&mut self, event: &Event, ctx: &Ctx<'_>) -> Vec<Effect> {
        match self.rows.step(event) {
            Step::Back => return vec![Effect::Back],
            Step::Open => return self.note().map(|_| Effect::Do(Action::Conflict)).into_iter().collect(),
            Step::Moved | Step::Other => {}
        }
        match event {
            // Choices may have been made since it was last on top.
            Event::Shown => {
                let known = self.order.iter().map(|id| Effect::Client(Command::Open(*id)));
                return [Effect::Client(Command::List)].into_iter().chain(known).collect();
            }
            Event::Merged(ticket, result) => {
                let is = |w: &&mut Waiting| w.wanted.as_ref().is_some_and(|w| w.is(ticket));
                if let Some(waiting) = self.waiting.values_mut().find(is)
                    && let Some(opened) = result.take()
                {
                    Self::merged(waiting, &opened);
                }
            }
            Event::News(news) => return self.news(news, &ctx.settings.accept),
            _ => {}
        }
        Vec::new()
    }

    fn fit(&mut self, area: Rect, _ctx: &Ctx<'_>) {
        self.rows.fit(usize::from(area.height.saturating_sub(1) / 2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::inbox::draw(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::Open, Action::Back, Action::Help]
    }
}
