//! Help: the key table of the screen it was asked on, printed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Keymap, Mode};
use super::message::{Effect, Event};
use super::rows::{Rows, Step};
use super::screen::{Ctx, Drawn, Screen};
use super::view;

/// The help screen.
#[derive(Debug)]
pub struct Help {
    /// What it helps with.
    pub of: Mode,
    /// Keys, words, name.
    pub lines: Vec<(String, String, Action)>,
    /// Which line the person is on.
    pub rows: Rows,
}

impl Help {
    /// Help for a mode.
    #[must_use]
    pub fn new(keys: &Keymap, of: Mode) -> Self {
        let names = |b: &super::keys::Binding| b.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let lines: Vec<_> = keys.lines(of).into_iter().map(|b| (names(b), b.help.clone(), b.action)).collect();
        let rows = Rows { len: lines.len(), ..Rows::default() };
        Self { of, lines, rows }
    }
}

impl Screen for Help {
    fn mode(&self) -> Mode {
        Mode::Help
    }

    fn title(&self) -> String {
        format!("help: {}", self.of.name())
    }

    fn update(&mut self, event: &Event, _ctx: &Ctx<'_>) -> Vec<Effect> {
        let chosen = self.lines.get(self.rows.at).map(|(_, _, action)| *action);
        match self.rows.step(event) {
            Step::Back => vec![Effect::Back],
            Step::Open => std::iter::once(Effect::Back).chain(chosen.map(Effect::Do)).collect(),
            Step::Moved | Step::Other => Vec::new(),
        }
    }

    fn fit(&mut self, area: Rect, _ctx: &Ctx<'_>) {
        self.rows.fit(usize::from(area.height.saturating_sub(2)));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::help::draw(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::Back, Action::Open]
    }
}
