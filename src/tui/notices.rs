//! Notices: what the program tells in passing. Each goes away by itself and stays in a log, which is a screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::Mode;
use super::message::{Effect, Event};
use super::rows::{Rows, Step};
use super::screen::{Ctx, Drawn, Screen};
use super::view;
use crate::domain::note::Time;

/// One thing that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub at: Time,
    /// Whether something went wrong.
    pub warning: bool,
    /// What.
    pub text: String,
}

/// How many the log keeps.
const MAX: usize = 300;
/// Milliseconds for which a notice, and a warning, is shown.
const SHOWN_MS: (i64, i64) = (4_000, 9_000);

/// All notices, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    log: Vec<Notice>,
    hidden: bool,
}

impl Notices {
    /// Tells something.
    pub fn tell(&mut self, at: Time, warning: bool, text: String) {
        if self.log.len() == MAX {
            self.log.remove(0);
        }
        self.log.push(Notice { at, warning, text });
        self.hidden = false;
    }

    /// What is shown now, if anything.
    #[must_use]
    pub fn current(&self, now: Time) -> Option<&Notice> {
        let last = self.log.last().filter(|_| !self.hidden)?;
        (now < Self::until(last)).then_some(last)
    }

    /// Takes away what has been shown long enough, so that one frame sees one state.
    pub fn fade(&mut self, now: Time) {
        self.hidden |= self.current(now).is_none();
    }

    /// What is shown, as of the last [`Notices::fade`].
    #[must_use]
    pub fn shown(&self) -> Option<&Notice> {
        self.log.last().filter(|_| !self.hidden)
    }

    /// When what is shown goes away.
    #[must_use]
    pub fn ends(&self, now: Time) -> Option<Time> {
        self.current(now).map(Self::until)
    }

    /// Takes away what is shown.
    pub fn hide(&mut self) {
        self.hidden = true;
    }

    /// The log, oldest first.
    #[must_use]
    pub fn log(&self) -> &[Notice] {
        &self.log
    }

    fn until(notice: &Notice) -> Time {
        notice.at.plus_ms(if notice.warning { SHOWN_MS.1 } else { SHOWN_MS.0 })
    }
}

/// The screen of the log, newest first.
#[derive(Debug)]
pub struct Log {
    /// The notices as they were when it was opened.
    pub notices: Vec<Notice>,
    /// Which one the person is on.
    pub rows: Rows,
}

impl Log {
    /// A screen over the notices told so far.
    #[must_use]
    pub fn new(notices: &Notices) -> Self {
        let notices: Vec<Notice> = notices.log().iter().rev().cloned().collect();
        let rows = Rows { len: notices.len(), ..Rows::default() };
        Self { notices, rows }
    }
}

impl Screen for Log {
    fn mode(&self) -> Mode {
        Mode::Notices
    }

    fn title(&self) -> String {
        "notices".to_owned()
    }

    fn update(&mut self, event: &Event, _ctx: &Ctx<'_>) -> Vec<Effect> {
        if self.rows.step(event) == Step::Back { vec![Effect::Back] } else { Vec::new() }
    }

    fn fit(&mut self, area: Rect, _ctx: &Ctx<'_>) {
        self.rows.fit(usize::from(area.height.saturating_sub(4)));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::notices::draw(self, area, buf, ctx)
    }
}
